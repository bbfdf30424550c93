//! A run without a screen. The event log goes to standard error. If standard error is a terminal, a
//! progress line appears there too. At the end, the report goes to standard output.

use super::judge::Judge;
use super::{exit_code, gave_up};
use crate::cli::print;
use crate::cli::status_line::StatusLine;
use crate::cli::strict::StrictArg;
use crate::figures::Report;
use crate::model::Model;
use crate::record::LogLine;
use crate::report::{Facts, log_message, progress};
use crate::run::{DeadlockLog, Run, RunState, Source};
use crate::signals::Signals;
use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// The time between two drains of the rings. This time is too short for a ring to fill up.
const DRAIN_INTERVAL: Duration = Duration::from_millis(5);
/// The time between two batches.
const BATCH_INTERVAL: Duration = Duration::from_millis(50);
/// How long the run may take to stop after a signal. The whole program must end within three
/// seconds after a signal.
const SIGNAL_TIMEOUT: Duration = Duration::from_millis(1500);

/// Follows the run until its end, and prints the report. A signal ends the run early. A run without
/// a duration also ends when none of its tasks can ever continue. `format`
/// turns the report into text.
pub(super) fn show(
    mut run: Run,
    mut facts: Facts,
    judge: &Judge,
    signals: &Signals,
    strict: StrictArg,
    format: impl FnOnce(&Report) -> String,
) -> io::Result<ExitCode> {
    let mut model = Model::new(run.info().clone());
    let mut line = StatusLine::new();
    let mut deadlocks = DeadlockLog::default();
    let mut signalled: Option<Instant> = None;
    let mut last_batch: Option<Instant> = None;
    facts.left_running = loop {
        let too_early = last_batch.is_some_and(|at| at.elapsed() < BATCH_INTERVAL);
        if !too_early || run.drain() >= crate::record::Batch::DUE {
            last_batch = Some(Instant::now());
            let batch = run.batch();
            model.apply(&batch);
            deadlocks.log_new(&model);
            print_log(&mut line, &model, &batch.log);
            if model.is_hopeless() && model.info().duration.is_none() {
                run.end_without_progress();
            }
            if let RunState::Ended { left } = run.state() {
                break left;
            }
        }
        match signalled {
            None if signals.latest().is_some() => {
                signalled = Some(Instant::now());
                run.stop();
            }
            Some(at) if at.elapsed() > SIGNAL_TIMEOUT => break Some(gave_up(&model)),
            _ => {}
        }
        line.show(|width| progress(&model, width));
        thread::sleep(DRAIN_INTERVAL);
    };
    drop(line);
    facts.usage = run.usage();
    let mut report = Report::new(&model, &facts);
    judge.judge(&run, &mut report);
    let written = print::to_stdout(&format(&report), signals);
    match signals.latest() {
        // After SIGHUP the terminal is gone, so a write error does not matter.
        Some(signal) => Ok(signal.exit_code()),
        None => written.map(|()| exit_code(&run, &report, strict)),
    }
}

/// Prints lines of the event log.
fn print_log(line: &mut StatusLine, model: &Model, log: &[LogLine]) {
    if log.is_empty() {
        return;
    }
    let messages: Vec<_> = log.iter().map(|line| log_message(model, line) + "\n").collect();
    line.print(messages.iter().map(String::as_str));
}
