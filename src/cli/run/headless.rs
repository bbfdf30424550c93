//! A run without a screen: the event log and, where there is a terminal, a line of progress on standard error, and a report
//! on standard output at the end.

use super::judge::Judge;
use super::outcome;
use crate::cli::status_line::StatusLine;
use crate::figures::Report;
use crate::model::Model;
use crate::record::LogLine;
use crate::report::{Facts, log_message, progress};
use crate::run::{Run, RunState, Source};
use crate::signals::Signals;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// Time between two looks into the rings: well below what fills one.
const DRAIN: Duration = Duration::from_millis(5);
/// Time between two batches.
const BATCH: Duration = Duration::from_millis(50);

/// Takes the run in until it ends, or until a signal ends it, and prints what `tell` makes of it.
pub fn show(
    mut run: Run,
    mut facts: Facts,
    judge: &Judge,
    signals: &Signals,
    tell: impl FnOnce(&Report) -> String,
) -> io::Result<ExitCode> {
    let mut model = Model::new(run.info().clone());
    let mut line = StatusLine::new();
    let mut signalled = None;
    let mut taken_in: Option<Instant> = None;
    facts.left_running = loop {
        let not_yet = taken_in.is_some_and(|at| at.elapsed() < BATCH);
        if !not_yet || run.drain() >= crate::record::Batch::DUE {
            taken_in = Some(Instant::now());
            let batch = run.batch();
            model.apply(&batch);
            say(&mut line, &model, &batch.log);
            if let RunState::Ended { left } = run.state() {
                break left;
            }
        }
        if signalled.is_none() {
            signalled = signals.latest();
            if signalled.is_some() {
                run.stop();
            }
        }
        line.show(|width| progress(&model, width));
        thread::sleep(DRAIN);
    };
    line.clear();
    facts.resources = run.resources();
    let mut report = Report::new(&model, &facts);
    judge.judge(&run, &mut report);
    let told = io::stdout().lock().write_all(tell(&report).as_bytes());
    match signalled {
        // Whoever hung up reads no report either.
        Some(signal) => Ok(signal.exit_code()),
        None => told.map(|()| outcome(&run, &report)),
    }
}

/// Puts lines of the event log where the line of progress was, which comes again below them.
fn say(line: &mut StatusLine, model: &Model, log: &[LogLine]) {
    if log.is_empty() {
        return;
    }
    line.clear();
    let lines: String = log.iter().map(|line| log_message(model, line) + "\n").collect();
    // A run goes on although nobody can read it.
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}
