//! `tasklab list`: the scenarios that come with tasklab.

use super::overrides::LangArg;
use crate::scenario::builtin::{BUILTIN, Builtin, LESSONS};
use std::io::{self, Write};
use std::process::ExitCode;

/// List the built-in scenarios
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    lang: LangArg,
}

pub fn main(args: &Args) -> io::Result<ExitCode> {
    let lang = args.lang.lang();
    let width = |of: &[Builtin]| of.iter().map(|builtin| builtin.name.len()).max().unwrap_or(0);
    let mut out = io::stdout().lock();
    let names = width(LESSONS);
    for lesson in LESSONS {
        writeln!(out, "{:names$}  {}", lesson.name, lesson.scenario_in(lang).title)?;
    }
    if !LESSONS.is_empty() {
        writeln!(out)?;
    }
    let names = width(BUILTIN);
    for builtin in BUILTIN {
        writeln!(out, "{:names$}  {}", builtin.name, builtin.scenario_in(lang).about)?;
    }
    Ok(ExitCode::SUCCESS)
}
