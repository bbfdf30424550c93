//! `tasklab completions`: prints a script with which a shell completes `tasklab` commands.

use std::io::{self, Write};
use std::process::ExitCode;

/// Print a completion script for a shell
///
/// Example for bash: tasklab completions bash > ~/.local/share/bash-completion/completions/tasklab
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The shell that will use the script
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    // If the generator wrote to a closed standard output, it would panic. So it writes to memory
    // first.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::public_definition(), "tasklab", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
