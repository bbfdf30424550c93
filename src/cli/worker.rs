//! `tasklab worker`: one of the processes that the executor `processes` starts. Not for people.

use crate::executor::processes::worker;
use std::io;
use std::process::ExitCode;

/// Run tasks for another tasklab, which speaks on standard input
#[derive(clap::Args, Debug)]
pub struct Args {}

pub fn main() -> io::Result<ExitCode> {
    worker::work().map(|()| ExitCode::SUCCESS)
}
