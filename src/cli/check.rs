//! `tasklab check`: finds all mistakes in scenarios without running them.

use super::{INVALID, print_load_error};
use crate::cli::overrides::OverrideArgs;
use crate::scenario::{Scenario, Start, show_duration};
use crate::text;
use std::io::{self, Write};
use std::process::ExitCode;

/// Check scenarios without running them
///
/// Prints one line for each valid scenario, and all mistakes of each invalid scenario.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario files, or names of built-in scenarios
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    #[command(flatten)]
    overrides: OverrideArgs,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    let overrides = args.overrides.overrides();
    let mut code = ExitCode::SUCCESS;
    for file in &args.files {
        match overrides.load(file) {
            Ok(scenario) => {
                let line = format!("{file}: ok: {}", summary(&scenario));
                writeln!(io::stdout(), "{}", text::clean(&line))?;
            }
            Err(error) => {
                print_load_error(&error)?;
                code = ExitCode::from(INVALID);
            }
        }
    }
    Ok(code)
}

/// Describes a valid scenario: `Mixed load: 4 groups, 45 tasks, 4 cues; tokio with 2 workers for
/// 30s`.
fn summary(scenario: &Scenario) -> String {
    // The count does not include called tasks, because the number of called tasks is known only
    // during the run.
    let arriving = scenario.tasks.iter().filter(|task| task.start != Start::Called);
    let count: Option<u64> = arriving.map(|task| task.count.map(u64::from)).sum();
    let tasks = count.map_or("an unlimited number of tasks".to_owned(), |count| {
        counted(count, "task")
    });
    let executor = scenario.executor.kind.into_str();
    let workers = scenario
        .executor
        .workers
        .map_or(String::new(), |n| format!(" with {}", counted(n as u64, "worker")));
    let duration = scenario
        .duration
        .map_or("until all tasks have ended".to_owned(), |duration| {
            format!("for {}", show_duration(duration))
        });
    format!(
        "{}: {}, {tasks}, {}; {executor}{workers} {duration}",
        scenario.title,
        counted(scenario.tasks.len() as u64, "group"),
        counted(scenario.cues.len() as u64, "cue"),
    )
}

/// A count with its noun in the singular or the plural: `1 task`, `2 tasks`.
fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
