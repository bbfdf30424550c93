//! What several runs say of expectations.

use super::numbers::median;
use super::{Plan, Round};
use crate::expect::{self, Unmeasured};
use crate::figures::Expected;
use crate::scenario::{ExecutorKind, Expectation};
use serde_json::Value;

/// Checks what the scenario expects against what was run: comparisons within each round, the others in the runs on its own
/// executor. What is measured is the median over the rounds.
pub fn check(plan: &Plan, rounds: &[Round]) -> Vec<Expected> {
    let elsewhere = expect::why_not_applicable(&plan.what, &plan.scenario, &plan.overrides);
    let one = |expectation: &Expectation| {
        let measured = rounds.iter().map(|round| measure(expectation, plan.own(), round));
        let (numbers, missing): (Vec<_>, Vec<_>) = measured.partition(Result::is_ok);
        let numbers: Vec<f64> = numbers.into_iter().flatten().collect();
        let measured = match (median(numbers), missing.into_iter().find_map(Result::err)) {
            (Some(number), _) => Ok(number),
            (None, Some(why)) => Err(why),
            (None, None) => Err(Unmeasured::NotTested("nothing was run".to_owned())),
        };
        let mut expected = expect::evaluate(expectation, measured);
        if let (Some(_), Some(why)) = (expected.held, &elsewhere) {
            expect::mark_not_tested(&mut expected, why);
        }
        expected
    };
    plan.scenario.expect.iter().map(one).collect()
}

/// What one round says of an expectation; `own` is the scenario's executor.
///
/// # Errors
/// When it says nothing: the executor was not run, its run failed, or has no such number.
pub fn measure(expectation: &Expectation, own: ExecutorKind, round: &Round) -> Result<f64, Unmeasured> {
    expect::measure(&expectation.measure, |executor| report(round, executor.unwrap_or(own)))
}

fn report(round: &Round, kind: ExecutorKind) -> Result<&Value, Unmeasured> {
    match round.iter().find(|(run, _)| *run == kind) {
        Some((_, Ok(report))) => Ok(report),
        Some((_, Err(why))) => Err(Unmeasured::NotFound(format!(
            "the run on {} failed: {why}",
            kind.word()
        ))),
        None => Err(Unmeasured::NotTested(format!("it was not run on {}", kind.word()))),
    }
}
