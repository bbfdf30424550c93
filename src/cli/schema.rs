//! `tasklab schema`: prints the JSON Schemas of scenarios, reports and comparisons.

use crate::{compare, report, scenario};
use std::io::{self, Write};
use std::process::ExitCode;

/// Print the JSON Schema of the scenario language
///
/// An editor with TOML support can complete and check scenario files with this schema. Save the
/// schema to a file, and begin a scenario file with the line `#:schema PATH`.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Instead, print the JSON Schema of the report that `tasklab run --json` prints
    #[arg(long)]
    report: bool,

    /// Instead, print the JSON Schema of the comparison that `tasklab compare --json` prints
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
