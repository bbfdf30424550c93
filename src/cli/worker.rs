//! `tasklab worker`: a worker process of the executor `processes`. This executor starts the
//! subcommand. Users do not start the subcommand.

use crate::executor::processes::worker;
use std::io;
use std::process::ExitCode;

/// Run tasks for another tasklab process, which sends commands through standard input
#[derive(clap::Args, Debug)]
pub(super) struct Args {}

pub(super) fn main() -> io::Result<ExitCode> {
    worker::work().map(|()| ExitCode::SUCCESS)
}
