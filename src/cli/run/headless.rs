//! A run without a screen. Standard error gets the event log and, if it is a terminal, a progress
//! line; standard output gets the report at the end.

use super::exit_code;
use super::judge::Judge;
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

/// Time between two drains of the rings, well below the time in which a ring can fill up.
const DRAIN_INTERVAL: Duration = Duration::from_millis(5);
/// Time between two batches.
const BATCH_INTERVAL: Duration = Duration::from_millis(50);

/// Follows the run until it ends or a signal ends it, and prints its report in the given format.
pub(super) fn show(
    mut run: Run,
    mut facts: Facts,
    judge: &Judge,
    signals: &Signals,
    format: impl FnOnce(&Report) -> String,
) -> io::Result<ExitCode> {
    let mut model = Model::new(run.info().clone());
    let mut line = StatusLine::new();
    let mut signal = None;
    let mut last_batch: Option<Instant> = None;
    facts.left_running = loop {
        let too_early = last_batch.is_some_and(|at| at.elapsed() < BATCH_INTERVAL);
        if !too_early || run.drain() >= crate::record::Batch::DUE {
            last_batch = Some(Instant::now());
            let batch = run.batch();
            model.apply(&batch);
            print_log(&mut line, &model, &batch.log);
            if let RunState::Ended { left } = run.state() {
                break left;
            }
        }
        if signal.is_none() {
            signal = signals.latest();
            if signal.is_some() {
                run.stop();
            }
        }
        line.show(|width| progress(&model, width));
        thread::sleep(DRAIN_INTERVAL);
    };
    line.clear();
    facts.resources = run.resources();
    let mut report = Report::new(&model, &facts);
    judge.judge(&run, &mut report);
    let written = io::stdout().lock().write_all(format(&report).as_bytes());
    match signal {
        // A failed write does not matter: after a hang-up nobody reads the report.
        Some(signal) => Ok(signal.exit_code()),
        None => written.map(|()| exit_code(&run, &report)),
    }
}

/// Prints lines of the event log in place of the progress line, which appears again below them.
fn print_log(line: &mut StatusLine, model: &Model, log: &[LogLine]) {
    if log.is_empty() {
        return;
    }
    line.clear();
    let lines: String = log.iter().map(|line| log_message(model, line) + "\n").collect();
    // The run goes on even if nobody can read its log.
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}
