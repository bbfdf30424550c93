//! `tasklab check`: what is wrong with scenarios, all of it, without running them.

use super::{WRONG, complain};
use crate::cli::overrides::OverrideArgs;
use crate::scenario::{Scenario, Start, show_duration};
use std::io::{self, Write};
use std::process::ExitCode;

/// Check scenarios without running them
///
/// Prints one line for each good scenario, and every mistake of each bad one.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Scenario files, or names of built-in scenarios
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    #[command(flatten)]
    overrides: OverrideArgs,
}

pub fn main(args: &Args) -> io::Result<ExitCode> {
    let overrides = args.overrides.overrides();
    let mut code = ExitCode::SUCCESS;
    for file in &args.files {
        match overrides.load(file) {
            Ok(scenario) => writeln!(io::stdout(), "{file}: ok: {}", summary(&scenario))?,
            Err(error) => {
                complain(&error)?;
                code = ExitCode::from(WRONG);
            }
        }
    }
    Ok(code)
}

/// `Mixed load: 4 groups, 45 tasks, 4 cues; tokio with 2 workers for 30s`
fn summary(scenario: &Scenario) -> String {
    // Tasks that are called are not counted: how many there will be, only the run tells.
    let arriving = scenario.tasks.iter().filter(|task| task.start != Start::Called);
    let counts: Option<u64> = arriving.map(|task| task.count.map(u64::from)).sum();
    let tasks = counts.map_or("tasks without end".to_owned(), |count| many(count, "task"));
    let executor = scenario.executor.kind.word();
    let workers = scenario
        .executor
        .workers
        .map_or(String::new(), |n| format!(" with {}", many(n as u64, "worker")));
    let length = scenario
        .duration
        .map_or("until all tasks have ended".to_owned(), |length| {
            format!("for {}", show_duration(length))
        });
    format!(
        "{}: {}, {tasks}, {}; {executor}{workers} {length}",
        scenario.title,
        many(scenario.tasks.len() as u64, "group"),
        many(scenario.cues.len() as u64, "cue"),
    )
}

fn many(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
