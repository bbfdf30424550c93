//! `tasklab schema`: the JSON Schema of the scenario language.

use crate::scenario;
use std::io::{self, Write};
use std::process::ExitCode;

/// Print the JSON Schema of the scenario language
///
/// Editors that know TOML complete and check scenarios with it: save it, and begin a scenario with the line
/// `#:schema PATH`.
#[derive(clap::Args, Debug)]
pub struct Args {}

pub fn main(_: &Args) -> io::Result<ExitCode> {
    io::stdout().lock().write_all(scenario::schema().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
