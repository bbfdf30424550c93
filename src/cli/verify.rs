//! `tasklab verify`: whether lessons show what they are to show, on this machine, today.

use super::overrides::PlanArgs;
use super::status_line::StatusLine;
use super::{FAILED, UNEXPECTED, compare::progress, complain, page_width};
use crate::compare::{self, Plan, Verified};
use crate::report::verdicts;
use crate::scenario::builtin::LESSONS;
use crate::signals::Signals;
use crate::text;
use std::io::{self, Write};
use std::process::ExitCode;

/// Run lessons without a screen, and say whether they are as expected
///
/// Runs every lesson that comes with tasklab, or the scenarios named, in order, each run in a process of its own. Where a
/// scenario compares executors, it is run on each of these.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Scenario files, or names of built-in scenarios; by default all lessons
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,

    /// Run each so often, and say how often each expectation held
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    times: u32,

    #[command(flatten)]
    plan: PlanArgs,
}

pub fn main(args: &Args) -> io::Result<ExitCode> {
    let overrides = args.plan.overrides();
    let names = match args.scenarios.is_empty() {
        true => LESSONS.iter().map(|lesson| lesson.name.to_owned()).collect(),
        false => args.scenarios.clone(),
    };
    let mut plans = Vec::new();
    for name in &names {
        match Plan::to_verify(name, &overrides, args.times) {
            Ok(plan) => plans.push(plan),
            Err(error) => return complain(&error),
        }
    }
    let signals = Signals::listen()?;
    let (mut bad, mut failures) = (Vec::new(), false);
    for (number, plan) in (1..).zip(&plans) {
        let mut line = StatusLine::new();
        let place = format!("{number} of {}", plans.len());
        let rounds = compare::rounds(plan, &signals, &mut |standing| {
            line.show(|width| {
                text::fit(&format!("{place}  {}  {}", plan.what, progress(standing, width)), width).into()
            });
        })?;
        drop(line);
        let verified = match rounds {
            Ok(rounds) => Verified::new(plan, &rounds),
            Err(signal) => return Ok(signal.exit_code()),
        };
        io::stdout().lock().write_all(section(plan, &verified).as_bytes())?;
        failures |= !verified.failures.is_empty();
        if !verified.succeeded() {
            bad.push(plan.what.as_str());
        }
    }
    writeln!(io::stdout(), "{}", text::clean(&summary(plans.len(), &bad)))?;
    Ok(match bad.is_empty() {
        true => ExitCode::SUCCESS,
        false if failures => ExitCode::from(FAILED),
        false => ExitCode::from(UNEXPECTED),
    })
}

/// What came of one scenario, and an empty line.
fn section(plan: &Plan, verified: &Verified) -> String {
    let mark = if verified.succeeded() { '✓' } else { '✗' };
    let name = format!("{mark} {}  {}", plan.what, plan.scenario.title);
    let mut out = format!("{}\n{}", text::clean(&name), verdicts(&verified.expect, page_width()));
    if plan.scenario.expect.is_empty() {
        out.push_str("it expects nothing\n");
    }
    for why in &verified.failures {
        out.push_str(&text::clean(why));
        out.push('\n');
    }
    out + "\n"
}

fn summary(all: usize, bad: &[&str]) -> String {
    let scenarios = match all {
        1 => "1 scenario".to_owned(),
        n => format!("{n} scenarios"),
    };
    match bad {
        [] => format!("{scenarios}, all as expected"),
        bad => format!("{scenarios}, {} not as expected: {}", bad.len(), bad.join(", ")),
    }
}
