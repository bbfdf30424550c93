//! A run on the live screen.

use super::judge::Judge;
use super::{exit_code, gave_up};
use crate::cli::strict::StrictArg;
use crate::cli::{FAILED, page_width, print};
use crate::figures::Report;
use crate::model::Model;
use crate::record::Calibration;
use crate::report::{Facts, verdicts};
use crate::run::{Interference, Run, RunState, Source};
use crate::signals::Signals;
use crate::text;
use crate::tui::{self, Exit, Options};
use std::io;
use std::process::ExitCode;

/// Shows the run until the user quits, and then prints which parts of the run could not be stopped.
///
/// Also prints the deadlocks of the run. A run with a deadlock has failed. If the run reached its
/// end, also checks the expectations of the scenario, as in a run without a screen.
pub(super) fn show(
    mut run: Run,
    mut facts: Facts,
    judge: &Judge,
    signals: &Signals,
    strict: StrictArg,
) -> io::Result<ExitCode> {
    let mut model = Model::new(run.info().clone());
    let rate = text::count(facts.calibration.units_per_ms as u64);
    log_calibration(&facts.calibration, &rate);
    let options = Options {
        calibration: Some(format!("{rate} units/ms")),
        program: std::env::current_exe().ok(),
        ..Options::from_env()
    };
    let exit = tui::run(&mut run, &mut model, &options, signals)?;
    let left = match run.state() {
        RunState::Ended { left } => left,
        RunState::Running | RunState::Waiting | RunState::Stopping => Some(gave_up(&model)),
    };
    if let Some(left) = left {
        print::to_stderr(&format!("{}\n", text::clean(&left)));
    }
    if let Exit::Signal(signal) = exit {
        return Ok(signal.exit_code());
    }
    if !model.deadlocks().is_empty() {
        for deadlock in model.deadlocks() {
            print::to_stderr(&format!("{}\n", text::clean(&deadlock.sentence)));
        }
        return Ok(ExitCode::from(FAILED));
    }
    if run.interference() == Some(Interference::CutShort) {
        // A run that the user quits early has not failed. But if all workers of the run had died,
        // the run had failed before the user quit.
        return Ok(if run.all_workers_died() {
            ExitCode::from(FAILED)
        } else {
            ExitCode::SUCCESS
        });
    }
    facts.usage = run.usage();
    let mut report = Report::new(&model, &facts);
    judge.judge(&run, &mut report);
    print::to_stdout(&verdicts(&report.expect, page_width()), signals)?;
    Ok(exit_code(&run, &report, strict))
}

/// Logs the calibrated speed of `cpu` steps, as a warning if the calibration is imprecise.
fn log_calibration(calibration: &Calibration, rate: &str) {
    if calibration.spread > Calibration::ROUGH {
        let spread = calibration.spread * 100.0;
        tracing::warn!(
            "imprecise calibration on a busy machine: {rate} units of cpu work per ms, spread {spread:.0} %"
        );
    } else {
        tracing::info!("calibrated: {rate} units of cpu work per ms");
    }
}
