//! `tasklab verify`: checks that each lesson proves its point on this machine.

use super::overrides::PlanArgs;
use super::status_line::StatusLine;
use super::{FAILED, UNEXPECTED, compare::progress, page_width, print, print_load_error};
use crate::compare::{self, Plan, Verified};
use crate::report::verdicts;
use crate::scenario::builtin::LESSONS;
use crate::signals::Signals;
use crate::text;
use std::io;
use std::process::ExitCode;

/// Run lessons without a screen, and check their expectations
///
/// Runs every built-in lesson, or the given scenarios, one after the other. Each run is a process
/// of its own. A scenario with expectations that compare executors runs on each of these executors.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario files, or names of built-in scenarios; by default all lessons
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,

    /// Run each scenario N times, and count how often each expectation held
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    times: u32,

    #[command(flatten)]
    plan: PlanArgs,
}

pub(super) fn main(args: &Args) -> io::Result<ExitCode> {
    let overrides = args.plan.overrides();
    let names = match args.scenarios.is_empty() {
        true => LESSONS.iter().map(|lesson| lesson.name.to_owned()).collect(),
        false => args.scenarios.clone(),
    };
    let mut plans = Vec::new();
    for name in &names {
        match Plan::to_verify(name, &overrides, args.times) {
            Ok(plan) => plans.push(plan),
            Err(error) => return print_load_error(&error),
        }
    }
    let signals = Signals::listen()?;
    let (mut unexpected, mut has_failures) = (Vec::new(), false);
    for (number, plan) in (1..).zip(&plans) {
        let mut line = StatusLine::new();
        let position = format!("{number} of {}", plans.len());
        let rounds = compare::rounds(plan, &signals, &mut |run| {
            line.show(|width| {
                let progress = progress(run, width);
                text::fit(&format!("{position}  {}  {progress}", plan.what), width).into()
            });
        })?;
        drop(line);
        let verified = match rounds {
            Ok(rounds) => Verified::new(plan, &rounds),
            Err(signal) => return Ok(signal.exit_code()),
        };
        print::to_stdout(&section(plan, &verified), &signals)?;
        has_failures |= !verified.failures.is_empty();
        if !verified.succeeded() {
            unexpected.push(plan.what.as_str());
        }
    }
    let summary = summary(plans.len(), &unexpected);
    print::to_stdout(&format!("{}\n", text::clean(&summary)), &signals)?;
    Ok(match unexpected.is_empty() {
        true => ExitCode::SUCCESS,
        false if has_failures => ExitCode::from(FAILED),
        false => ExitCode::from(UNEXPECTED),
    })
}

/// The result of one scenario, followed by an empty line.
fn section(plan: &Plan, verified: &Verified) -> String {
    let mark = if verified.succeeded() { '✓' } else { '✗' };
    let headline = format!("{mark} {}  {}", plan.what, plan.scenario.title);
    let table = verdicts(&verified.expect, page_width());
    let mut out = format!("{}\n{table}", text::clean(&headline));
    if plan.scenario.expect.is_empty() {
        out.push_str("this scenario has no expectations\n");
    }
    for why in &verified.failures {
        out.push_str(&text::clean(why));
        out.push('\n');
    }
    out + "\n"
}

fn summary(count: usize, unexpected: &[&str]) -> String {
    let scenarios = match count {
        1 => "1 scenario".to_owned(),
        n => format!("{n} scenarios"),
    };
    match unexpected {
        [] => format!("{scenarios}, all as expected"),
        names => format!("{scenarios}, {} not as expected: {}", names.len(), names.join(", ")),
    }
}
