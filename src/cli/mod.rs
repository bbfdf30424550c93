//! The command line: one file per subcommand, and the exit codes.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | success |
//! | 1 | the run failed, or could not start |
//! | 2 | the command line or a scenario is wrong |
//! | 3 | the run did not meet the expectations of its scenario |
//! | 129, 130, 143 | SIGHUP, SIGINT (Ctrl-C without a screen) or SIGTERM ended the run: 128 plus the signal's number |
//!
//! To add a subcommand, write a file with a struct `Args` and a function `main`. The doc comments
//! of `Args` become the help texts. In this file, add `mod NAME;`, a variant of `Command`, and a
//! `match` arm in [`main`].

mod check;
mod compare;
mod completions;
mod docs;
mod guardian;
mod list;
mod man;
mod overrides;
mod print;
mod run;
mod schema;
mod status_line;
mod strict;
mod verify;
mod worker;

use crate::scenario::LoadError;
use crate::{text, tui};
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// The run failed, or could not start.
const FAILED: u8 = 1;
/// The command line or a scenario is wrong. clap exits with the same code.
const INVALID: u8 = 2;
/// The run did not meet the expectations of its scenario.
const UNEXPECTED: u8 = 3;

/// A laboratory and an oscilloscope for task scheduling: runs CPU-bound and I/O-bound tasks for
/// real and shows every poll, live.
#[derive(Parser, Debug)]
#[command(
    name = "tasklab",
    version,
    after_help = "Exit status: 0 (success), 1 (the run failed), 2 (the command line or a scenario is wrong), \
                  3 (the run did not meet the expectations of its scenario), \
                  129, 130 or 143 (SIGHUP, SIGINT or SIGTERM ended the run)."
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
    Completions(completions::Args),
    Man(man::Args),
    #[command(hide = true)]
    Docs(docs::Args),
    #[command(hide = true)]
    Worker(worker::Args),
    #[command(hide = true, name = tui::guardian::SUBCOMMAND)]
    Guardian(guardian::Args),
}

/// Runs the program with the command-line arguments of this process.
pub fn main() -> ExitCode {
    let args = run::console::insert_default_address(std::env::args_os());
    let result = match parse(args).command {
        Command::Run(args) => run::main(&args),
        Command::Compare(args) => compare::main(&args),
        Command::Verify(args) => verify::main(&args),
        Command::List(args) => list::main(&args),
        Command::Check(args) => check::main(&args),
        Command::Schema(args) => schema::main(&args),
        Command::Completions(args) => completions::main(&args),
        Command::Man(args) => man::main(&args),
        Command::Docs(args) => docs::main(&args),
        Command::Worker(worker::Args {}) => worker::main(),
        Command::Guardian(guardian::Args {}) => guardian::main(),
    };
    match result {
        Ok(code) => code,
        // The program that reads the output has closed the pipe, as in `tasklab list | head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // If standard error is closed too, the exit status still reports the failure.
            print::to_stderr(&format!("error: {}\n", text::clean(&error.to_string())));
            ExitCode::from(FAILED)
        }
    }
}

/// Reads the command line. Ends the process if the command line is wrong or asks for help.
fn parse(args: Vec<OsString>) -> Cli {
    Cli::try_parse_from(&args).unwrap_or_else(|error| {
        // The messages of clap quote the arguments unchanged, so the arguments are cleaned before
        // clap fails.
        let clean = |arg: &OsString| text::clean(&arg.to_string_lossy()).into_owned();
        match Cli::try_parse_from(args.iter().map(clean)) {
            Err(error) => error.exit(),
            Ok(_) => error.exit(),
        }
    })
}

/// The definition of the command line without hidden subcommands. Generated files use this
/// definition.
fn public_definition() -> clap::Command {
    let all = Cli::command();
    let visible = all.get_subcommands().filter(|subcommand| !subcommand.is_hide_set());
    clap::Command::new("tasklab")
        .version(env!("CARGO_PKG_VERSION"))
        .about(all.get_about().cloned().unwrap_or_default())
        .after_help(all.get_after_help().cloned().unwrap_or_default())
        .subcommand_required(true)
        .subcommands(visible.cloned())
}

/// Prints why a scenario could not be loaded.
fn print_load_error(error: &LoadError) -> io::Result<ExitCode> {
    let stderr = io::stderr();
    let colour = may_use_colour(&stderr);
    stderr.lock().write_all(error.render(colour).as_bytes())?;
    Ok(ExitCode::from(INVALID))
}

/// Whether escape sequences may be written to this stream.
fn may_use_colour(stream: &impl IsTerminal) -> bool {
    // https://no-color.org: any value except the empty string turns colours off.
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The width of a table on standard output: the width of the terminal, or 80 columns if standard
/// output is not a terminal.
fn page_width() -> usize {
    if io::stdout().is_terminal() {
        terminal_width()
    } else {
        80
    }
}

/// The width of the terminal, or 80 columns if there is no terminal or the width is unknown.
fn terminal_width() -> usize {
    match crossterm::terminal::size() {
        Ok((columns @ 1.., _)) => columns.into(),
        _ => 80,
    }
}
