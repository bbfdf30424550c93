//! The command line: one file per subcommand, and the exit codes.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | the run failed, or could not begin |
//! | 2 | the command line or a scenario is wrong |
//! | 3 | the run was not as its scenario expects |
//! | 129, 130, 143 | SIGHUP, SIGINT (Ctrl-C without a screen) or SIGTERM ended the run: 128 and the signal's number |

mod check;
mod compare;
mod list;
mod overrides;
mod run;
mod schema;
mod status_line;
mod verify;
mod worker;

use crate::scenario::LoadError;
use clap::{Parser, Subcommand};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// The run failed, or could not begin.
const FAILED: u8 = 1;
/// The command line or a scenario is wrong. clap uses the same number.
const WRONG: u8 = 2;
/// The run was not as its scenario expects.
const UNEXPECTED: u8 = 3;

/// A laboratory and an oscilloscope for task scheduling: runs CPU-bound and I/O-bound tasks for real and shows every poll,
/// live.
#[derive(Parser, Debug)]
#[command(
    version,
    after_help = "Exit status: 0 done, 1 the run failed, 2 the command line or a scenario is wrong, 3 the run \
                  was not as its scenario expects, 129, 130 or 143 \
                  SIGHUP, SIGINT or SIGTERM ended the run."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Run(run::Args),
    Compare(compare::Args),
    Verify(verify::Args),
    List(list::Args),
    Check(check::Args),
    Schema(schema::Args),
    #[command(hide = true)]
    Worker(worker::Args),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let done = match Cli::parse_from(run::console::fill_in(std::env::args_os())).command {
        Command::Run(args) => run::main(&args),
        Command::Compare(args) => compare::main(&args),
        Command::Verify(args) => verify::main(&args),
        Command::List(args) => list::main(&args),
        Command::Check(args) => check::main(&args),
        Command::Schema(args) => schema::main(&args),
        Command::Worker(worker::Args {}) => worker::main(),
    };
    match done {
        Ok(code) => code,
        // Whoever read the output has seen enough: `tasklab list | head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error is the last resort; if it is gone too, the exit status remains.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(FAILED)
        }
    }
}

/// Says why a scenario was not loaded.
fn complain(error: &LoadError) -> io::Result<ExitCode> {
    let stderr = io::stderr();
    let colour = colourful(&stderr);
    stderr.lock().write_all(error.render(colour).as_bytes())?;
    Ok(ExitCode::from(WRONG))
}

/// Whether escape sequences may be written there.
fn colourful(to: &impl IsTerminal) -> bool {
    // https://no-color.org: set to anything but nothing.
    to.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Columns of a table on standard output: the terminal's, and 80 in a file, whatever terminal it is written from.
fn page_width() -> usize {
    if io::stdout().is_terminal() {
        terminal_width()
    } else {
        80
    }
}

/// Columns of the terminal, or 80 where there is none or it does not know.
fn terminal_width() -> usize {
    match crossterm::terminal::size() {
        Ok((columns @ 1.., _)) => columns.into(),
        _ => 80,
    }
}
