//! A run without a screen: a line of progress where there is a terminal, and a report at the end.

use crate::model::Model;
use crate::report::{Facts, Report, progress};
use crate::run::{Run, RunState, Source};
use crate::signals::Signals;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// Time between two looks into the rings: well below what fills one.
const DRAIN: Duration = Duration::from_millis(5);
/// Time between two batches.
const BATCH: Duration = Duration::from_millis(50);
/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_millis(250);

/// Takes the run in until it ends, or until a signal ends it, and prints what `tell` makes of it.
pub fn show(mut run: Run, mut facts: Facts, tell: impl FnOnce(&Report) -> String) -> io::Result<ExitCode> {
    let signals = Signals::listen()?;
    let mut model = Model::new(run.info().clone());
    let mut line = Line::new();
    let mut signalled = None;
    let mut taken_in: Option<Instant> = None;
    facts.left = loop {
        if taken_in.is_some_and(|at| at.elapsed() < BATCH) {
            run.drain();
        } else {
            taken_in = Some(Instant::now());
            model.apply(&run.batch());
            if let RunState::Ended { left } = run.state() {
                break left;
            }
        }
        if signalled.is_none() {
            signalled = signals.seen();
            if signalled.is_some() {
                run.stop();
            }
        }
        line.show(&model)?;
        thread::sleep(DRAIN);
    };
    line.clear()?;
    io::stdout()
        .lock()
        .write_all(tell(&Report::new(&model, &facts)).as_bytes())?;
    Ok(signalled.map_or(ExitCode::SUCCESS, |signal| signal.exit_code()))
}

/// The line of progress on standard error, if that is a terminal.
struct Line {
    width: Option<usize>,
    shown: Option<Instant>,
}

impl Line {
    fn new() -> Line {
        let terminal = io::stderr().is_terminal();
        Line {
            width: terminal.then(super::terminal_width),
            shown: None,
        }
    }

    fn show(&mut self, model: &Model) -> io::Result<()> {
        let Some(width) = self.width else { return Ok(()) };
        if self.shown.is_some_and(|at| at.elapsed() < PROGRESS) {
            return Ok(());
        }
        self.shown = Some(Instant::now());
        // One column stays free: a terminal that wraps would not take the line back.
        write!(io::stderr(), "\r{}\x1b[K", progress(model, width.saturating_sub(1)))
    }

    fn clear(&self) -> io::Result<()> {
        match self.shown {
            Some(_) => write!(io::stderr(), "\r\x1b[K"),
            None => Ok(()),
        }
    }
}
