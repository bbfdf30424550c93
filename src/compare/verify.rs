//! Verifies a scenario's expectations in several rounds, on all executors that the expectations
//! name.

use super::numbers::Number;
use super::table::range;
use super::{Plan, Round, measure};
use crate::expect::{self, Unmeasured};
use crate::figures::Expected;
use crate::scenario::{ExecutorKind, Expectation, LoadError, Overrides};

impl Plan {
    /// Creates a plan that runs the scenario `what` for `rounds` rounds, on the executors that its
    /// expectations need.
    ///
    /// # Errors
    /// Returns an error if the scenario cannot be loaded, or if it cannot run on one of these
    /// executors.
    pub fn to_verify(what: &str, overrides: &Overrides, rounds: u32) -> Result<Plan, LoadError> {
        let scenario = overrides.load(what)?;
        let alone = |it: &Expectation| it.executors().next().is_none();
        let own = scenario.expect.is_empty() || scenario.expect.iter().any(alone);
        let mut needed: Vec<ExecutorKind> = own.then_some(scenario.executor.kind).into_iter().collect();
        needed.extend(scenario.expect.iter().flat_map(Expectation::executors));
        Plan::new(what, overrides, Some(&needed), rounds)
    }
}

/// The result of a verification.
#[derive(Clone, PartialEq, Debug)]
pub struct Verified {
    /// The result of each expectation. The measured value is the median over the rounds. `held` is
    /// true if the expectation held in every round. If there are several rounds, `why` contains the
    /// number of rounds in which the expectation held.
    pub expect: Vec<Expected>,
    /// For each failed run, a sentence with the reason.
    pub failures: Vec<String>,
}

impl Verified {
    /// Evaluates the rounds of `plan`.
    pub fn new(plan: &Plan, rounds: &[Round]) -> Verified {
        let failed = |(kind, run): &(ExecutorKind, Result<_, String>)| {
            let why = run.as_ref().err()?;
            Some(format!("a run on {} failed: {why}", kind.into_str()))
        };
        Verified {
            expect: plan
                .scenario
                .expect
                .iter()
                .map(|it| tally(it, plan.own(), rounds))
                .collect(),
            failures: rounds.iter().flatten().filter_map(failed).collect(),
        }
    }

    /// Whether every run has a report and every expectation held in every round.
    pub fn succeeded(&self) -> bool {
        self.failures.is_empty() && !expect::any_failed(&self.expect)
    }
}

fn tally(expectation: &Expectation, own: ExecutorKind, rounds: &[Round]) -> Expected {
    let (mut held, mut numbers, mut missing) = (0, Vec::new(), None);
    for round in rounds {
        match measure(expectation, own, round) {
            Ok(number) => {
                held += usize::from(expect::is_within(expectation.bound, number));
                numbers.push(number);
            }
            Err(why) => missing = Some(why),
        }
    }
    let number = Number::of(numbers);
    let median = number.map(|number| number.median);
    let nothing = || Unmeasured::NotFound("no value was measured".to_owned());
    let measured = median.ok_or_else(|| missing.clone().unwrap_or_else(nothing));
    let mut expected = expect::evaluate(expectation, measured);
    expected.held = expected.held.map(|_| held == rounds.len());
    if rounds.len() > 1 {
        let mut pieces = vec![format!("held in {held} of {} rounds", rounds.len())];
        pieces.extend(
            number
                .map(|number| range(&expectation.key, number))
                .filter(|it| !it.is_empty()),
        );
        pieces.extend(missing.map(|(Unmeasured::NotFound(why) | Unmeasured::NotTested(why))| why));
        expected.why = Some(pieces.join("; "));
    }
    expected
}
