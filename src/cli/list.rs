//! `tasklab list`: lists the built-in lessons and scenarios.

use super::overrides::LangArg;
use crate::scenario::builtin::{BUILTIN, Builtin, LESSONS};
use std::io::{self, Write};
use std::process::ExitCode;

/// List the built-in lessons and scenarios
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    lang: LangArg,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    let lang = args.lang.lang();
    let name_width = |list: &[Builtin]| list.iter().map(|builtin| builtin.name.len()).max().unwrap_or(0);
    let mut out = io::stdout().lock();
    let width = name_width(LESSONS);
    for lesson in LESSONS {
        writeln!(out, "{:width$}  {}", lesson.name, lesson.scenario_in(lang).title)?;
    }
    if !LESSONS.is_empty() {
        writeln!(out)?;
    }
    let width = name_width(BUILTIN);
    for builtin in BUILTIN {
        writeln!(out, "{:width$}  {}", builtin.name, builtin.scenario_in(lang).about)?;
    }
    Ok(ExitCode::SUCCESS)
}
