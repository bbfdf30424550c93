//! `tasklab list`: the scenarios that come with tasklab.

use crate::scenario::builtin::BUILTIN;
use std::io::{self, Write};
use std::process::ExitCode;

/// List the built-in scenarios
#[derive(clap::Args, Debug)]
pub struct Args {}

pub fn main(_: &Args) -> io::Result<ExitCode> {
    let width = BUILTIN.iter().map(|builtin| builtin.name.len()).max().unwrap_or(0);
    let mut out = io::stdout().lock();
    for builtin in BUILTIN {
        writeln!(out, "{:width$}  {}", builtin.name, builtin.scenario().about)?;
    }
    Ok(ExitCode::SUCCESS)
}
