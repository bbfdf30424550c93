//! Evaluates expectations over several runs.

use super::numbers::median;
use super::{Plan, Round};
use crate::expect::{self, Unmeasured};
use crate::figures::Expected;
use crate::scenario::{ExecutorKind, Expectation};
use serde_json::Value;

/// Evaluates the scenario's expectations. A ratio between executors is computed within each round.
/// All other expectations are measured in the runs on the scenario's own executor. The result is
/// the median over the rounds.
pub fn check(plan: &Plan, rounds: &[Round]) -> Vec<Expected> {
    let not_applicable = expect::why_not_applicable(&plan.what, &plan.scenario, &plan.overrides);
    let evaluate = |expectation: &Expectation| {
        let measured = rounds.iter().map(|round| measure(expectation, plan.own(), round));
        let (values, missing): (Vec<_>, Vec<_>) = measured.partition(Result::is_ok);
        let values: Vec<f64> = values.into_iter().flatten().collect();
        let measured = match (median(values), missing.into_iter().find_map(Result::err)) {
            (Some(value), _) => Ok(value),
            (None, Some(why)) => Err(why),
            (None, None) => Err(Unmeasured::NotTested("there was no run".to_owned())),
        };
        let mut expected = expect::evaluate(expectation, measured);
        if let (Some(_), Some(why)) = (expected.held, &not_applicable) {
            expect::mark_not_tested(&mut expected, why);
        }
        expected
    };
    plan.scenario.expect.iter().map(evaluate).collect()
}

/// The value of an expectation in one round. `own` is the scenario's executor.
///
/// # Errors
/// Returns the reason if there is no value: the scenario was not run on the executor, the run
/// failed, or its report does not contain the figure.
pub fn measure(expectation: &Expectation, own: ExecutorKind, round: &Round) -> Result<f64, Unmeasured> {
    expect::measure(&expectation.measure, |executor| report(round, executor.unwrap_or(own)))
}

fn report(round: &Round, kind: ExecutorKind) -> Result<&Value, Unmeasured> {
    match round.iter().find(|(run, _)| *run == kind) {
        Some((_, Ok(report))) => Ok(report),
        Some((_, Err(why))) => Err(Unmeasured::NotFound(format!(
            "the run on {} failed: {why}",
            kind.into_str()
        ))),
        None => Err(Unmeasured::NotTested(format!(
            "the scenario was not run on {}",
            kind.into_str()
        ))),
    }
}
