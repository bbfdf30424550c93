//! `tasklab run`: one scenario, on the live screen or without.

use super::complain;
use crate::cli::overrides::OverrideArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use tracing::level_filters::LevelFilter;

/// Run a scenario and watch it
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A scenario file, or the name of a built-in scenario (`tasklab list`)
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    #[command(flatten)]
    pub overrides: OverrideArgs,

    /// Run without a screen, and end with a table; the default when standard output is no terminal
    #[arg(long)]
    pub headless: bool,

    /// Run without a screen, and print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Serve tokio-console too, on this address
    ///
    /// A real tokio-console can attach to the same run. It costs far more than tasklab's own records, and so is off unless
    /// asked for.
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:6669")]
    pub console: Option<SocketAddr>,

    /// What the event log keeps
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = level())]
    pub log: LevelFilter,
}

fn level() -> impl TypedValueParser<Value = LevelFilter> {
    PossibleValuesParser::new(["off", "error", "warn", "info", "debug", "trace"]).map(|word| {
        word.parse::<LevelFilter>()
            .expect("the possible values are the names of the levels")
    })
}

pub fn main(args: &Args) -> io::Result<ExitCode> {
    let scenario = match args.overrides.overrides().load(&args.scenario) {
        Ok(scenario) => scenario,
        Err(error) => return complain(&error),
    };
    Err(io::Error::other(format!(
        "\"{}\" is valid, but this build cannot run it",
        scenario.title
    )))
}
