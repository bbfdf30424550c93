//! `tasklab guardian`: the process that restores the terminal when tasklab is killed. Only the live
//! screen starts the subcommand; users do not.

use crate::tui::guardian;
use std::io;
use std::process::ExitCode;

/// Restore the terminal when the tasklab process that started this process is killed
#[derive(clap::Args, Debug)]
pub(super) struct Args {}

pub(super) fn main() -> io::Result<ExitCode> {
    guardian::watch().map(|()| ExitCode::SUCCESS)
}
