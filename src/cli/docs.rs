//! `tasklab docs`: rewrites the generated files in the source tree. This subcommand is for
//! developers.

use super::FAILED;
use crate::docs::{self, Page};
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the generated pages of the documentation, and the JSON Schemas
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Write nothing, and fail if a file is out of date
    #[arg(long)]
    check: bool,

    /// The root directory of the source tree
    #[arg(value_name = "DIR", default_value = ".")]
    root: PathBuf,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    let mut outdated = Vec::new();
    for Page { path, text } in docs::pages(super::public_definition()) {
        let file = args.root.join(path);
        if fs::read_to_string(&file).is_ok_and(|current| current == text) {
            continue;
        }
        outdated.push(path);
        if !args.check {
            let folder = file.parent().unwrap_or(&args.root);
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&file, text))
                .map_err(|error| io::Error::other(format!("cannot write {}: {error}", file.display())))?;
        }
    }
    let mut out = io::stdout().lock();
    for path in &outdated {
        let verb = if args.check { "out of date" } else { "written" };
        writeln!(out, "{verb}: {path}")?;
    }
    if args.check && !outdated.is_empty() {
        writeln!(
            io::stderr(),
            "error: generated files are out of date: run `cargo run -- docs`"
        )?;
        return Ok(ExitCode::from(FAILED));
    }
    Ok(ExitCode::SUCCESS)
}
