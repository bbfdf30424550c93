//! `tasklab schema`: the JSON Schemas of scenarios, reports and comparisons.

use crate::{compare, report, scenario};
use std::io::{self, Write};
use std::process::ExitCode;

/// Print the JSON Schema of the scenario language
///
/// Editors with TOML support complete and check scenarios with it. Save the schema to a file, and
/// begin a scenario with the line `#:schema PATH`.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Print the JSON Schema of the report instead, the object that `tasklab run --json` prints
    #[arg(long)]
    report: bool,

    /// Print the JSON Schema of a comparison instead, the object that `tasklab compare --json`
    /// prints
    #[arg(long, conflicts_with = "report")]
    compare: bool,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    let schema = if args.report {
        report::schema()
    } else if args.compare {
        compare::schema()
    } else {
        scenario::schema()
    };
    io::stdout().lock().write_all(schema.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
