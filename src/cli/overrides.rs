//! The options that say something else than the scenario, for all subcommands that load one.

use crate::scenario::{self, ExecutorKind, Overrides};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::time::Duration;

/// Where `--help` shows them.
const HEADING: &str = "Instead of what the scenario says";

#[derive(Args, Debug)]
pub struct OverrideArgs {
    /// Run the tasks on this executor
    #[arg(long, help_heading = HEADING, value_name = "KIND", value_parser = executor())]
    executor: Option<ExecutorKind>,

    /// Run the tasks on so many threads, 1–1024
    #[arg(long, help_heading = HEADING, value_name = "N")]
    workers: Option<u64>,

    /// Stop after this long: 500ms, 20s, 2m; at most 24h
    #[arg(long, help_heading = HEADING, value_name = "TIME", value_parser = scenario::duration)]
    duration: Option<Duration>,

    /// Derive every random draw from this number
    #[arg(long, help_heading = HEADING, value_name = "N")]
    seed: Option<u64>,
}

impl OverrideArgs {
    pub fn overrides(&self) -> Overrides {
        Overrides {
            executor: self.executor,
            workers: self.workers,
            duration: self.duration,
            seed: self.seed,
        }
    }
}

fn executor() -> impl TypedValueParser<Value = ExecutorKind> {
    PossibleValuesParser::new(ExecutorKind::ALL.map(ExecutorKind::word)).map(|word| {
        let kind = ExecutorKind::ALL.into_iter().find(|kind| kind.word() == word);
        kind.expect("the possible values are the words of the kinds")
    })
}
