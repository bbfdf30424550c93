//! A run on the live screen.

use crate::model::Model;
use crate::report::Facts;
use crate::run::{Run, RunState, Source};
use crate::tui::{self, Exit, Options};
use std::io::{self, Write};
use std::process::ExitCode;

/// Shows the run until the presenter leaves, and says what could not be stopped.
pub fn show(mut run: Run, facts: &Facts) -> io::Result<ExitCode> {
    let mut model = Model::new(run.info().clone());
    let options = Options {
        calibration: Some(format!("{:.0} k units/ms", facts.calibration.units_per_ms / 1e3)),
        ..Options::from_env()
    };
    let exit = tui::run(&mut run, &mut model, &options)?;
    if let RunState::Ended { left: Some(left) } = run.state() {
        // After a hang-up there is nobody to tell.
        let _ = writeln!(io::stderr(), "{left}");
    }
    Ok(match exit {
        Exit::Quit => ExitCode::SUCCESS,
        Exit::Signal(signal) => signal.exit_code(),
    })
}
