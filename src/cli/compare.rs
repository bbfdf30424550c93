//! `tasklab compare`: the same scenario on several executors, one after the other.

use super::overrides::{RunArgs, executor_parser};
use super::status_line::StatusLine;
use super::{FAILED, UNEXPECTED, may_use_colour, page_width, print_load_error};
use crate::compare::{self, Comparison, Plan, RunProgress};
use crate::expect;
use crate::record::RunInstant;
use crate::scenario::ExecutorKind;
use crate::signals::Signals;
use crate::text;
use std::io::{self, Write};
use std::process::ExitCode;

/// Run a scenario on several executors, and compare the results
///
/// The runs follow one another, each in its own process. In each row of the table the best number
/// is bold, or marked with a * where bold is not available. The expectations of the scenario are
/// checked, including ratios between executors.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A scenario file, or the name of a built-in scenario (`tasklab list`)
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    /// Run it on these executors; by default on all that the scenario allows and that support its
    /// steps
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = executor_parser())]
    executors: Option<Vec<ExecutorKind>>,

    /// Run it N times on each executor, in turns, and show medians and ranges
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    overrides: RunArgs,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    let overrides = args.overrides.overrides();
    let plan = match Plan::new(&args.scenario, &overrides, args.executors.as_deref(), args.repeat) {
        Ok(plan) => plan,
        Err(error) => return print_load_error(&error),
    };
    let signals = Signals::listen()?;
    let mut line = StatusLine::new();
    let rounds = compare::rounds(&plan, &signals, &mut |standing| {
        line.show(|width| progress(standing, width));
    })?;
    drop(line);
    let rounds = match rounds {
        Ok(rounds) => rounds,
        Err(signal) => return Ok(signal.exit_code()),
    };
    let comparison = Comparison::new(&plan, &rounds);
    let output = if args.json {
        comparison.to_json()
    } else {
        comparison.table(page_width(), may_use_colour(&io::stdout()))
    };
    io::stdout().lock().write_all(output.as_bytes())?;
    Ok(if comparison.has_failures() {
        ExitCode::from(FAILED)
    } else if expect::any_failed(&comparison.expect) {
        ExitCode::from(UNEXPECTED)
    } else {
        ExitCode::SUCCESS
    })
}

/// The current run, in at most `width` columns: `tokio  round 2 of 3  00:07.4 / 20 s`.
pub(super) fn progress(standing: &RunProgress, width: usize) -> String {
    let mut parts = vec![format!("{:14}", standing.executor.into_str())];
    if standing.rounds > 1 {
        parts.push(format!("round {} of {}", standing.round, standing.rounds));
    }
    let planned = standing
        .of
        .map(|planned| format!(" / {}", text::round_duration(planned.into())));
    parts.push(format!(
        "{}{}",
        text::clock(RunInstant::ZERO + standing.elapsed.into()),
        planned.unwrap_or_default()
    ));
    text::fit(&parts.join("  "), width).into_owned()
}
