//! `tasklab man`: prints the manual page, or writes all manual pages.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Print the manual page in roff format
///
/// To read the page: tasklab man | man -l -
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Instead, write one page for tasklab and one for each subcommand into this directory
    ///
    /// The directory must exist. The pages are named tasklab.1, tasklab-run.1 and so on.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    // Without this call, the subcommand `help` would also get a page.
    let definition = super::public_definition().disable_help_subcommand(true);
    match &args.dir {
        Some(dir) => clap_mangen::generate_to(definition, dir)
            .map_err(|error| io::Error::other(format!("cannot write manual pages into {}: {error}", dir.display())))?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(definition).render(&mut page)?;
            io::stdout().lock().write_all(&page)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
