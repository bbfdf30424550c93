//! `tasklab compare`: runs a scenario on several executors, one after the other, and compares the
//! results.

use super::overrides::{RunArgs, executor_parser};
use super::status_line::StatusLine;
use super::strict::StrictArg;
use super::{FAILED, may_use_colour, page_width, print, print_load_error};
use crate::compare::{self, Comparison, Plan, RunProgress};
use crate::record::RunInstant;
use crate::scenario::ExecutorKind;
use crate::signals::Signals;
use crate::text;
use std::io;
use std::process::ExitCode;

/// Run a scenario on several executors, and compare the results
///
/// Each run is a process of its own, and only one run is active at a time. The best number in each
/// row of the table is bold. If the output cannot show bold text, a * marks the best number. The
/// command also checks the expectations of the scenario, including ratios between executors.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A scenario file, or the name of a built-in scenario (`tasklab list`)
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    /// Run the scenario on these executors. By default, use all executors that support its steps
    /// and that the scenario does not exclude
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = executor_parser())]
    executors: Option<Vec<ExecutorKind>>,

    /// Run N rounds, each with one run on every executor, and show medians and ranges
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,

    /// Print the comparison as one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    strict: StrictArg,

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
    let rounds = compare::rounds(&plan, &signals, &mut |run| {
        line.show(|width| progress(run, width));
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
    print::to_stdout(&output, &signals)?;
    Ok(if comparison.has_failures() {
        ExitCode::from(FAILED)
    } else {
        args.strict.exit_code(&comparison.expect)
    })
}

/// Describes the current run in at most `width` columns: `tokio  round 2 of 3  00:07.4 / 20 s`.
pub(super) fn progress(run: &RunProgress, width: usize) -> String {
    let mut parts = vec![format!("{:14}", run.executor.into_str())];
    if run.rounds > 1 {
        parts.push(format!("round {} of {}", run.round, run.rounds));
    }
    let planned = run
        .of
        .map(|planned| format!(" / {}", text::round_duration(planned.into())));
    parts.push(format!(
        "{}{}",
        text::clock(RunInstant::ZERO + run.elapsed.into()),
        planned.unwrap_or_default()
    ));
    text::fit(&parts.join("  "), width).into_owned()
}
