//! Whether a scenario is as it expects, run as often as one likes, on every executor that its expectations name.

use super::numbers::Number;
use super::table::range;
use super::{Plan, Round, measure};
use crate::expect::{self, Unmeasured};
use crate::figures::Expected;
use crate::scenario::{ExecutorKind, Expectation, LoadError, Overrides};

impl Plan {
    /// Runs `what` as often as `rounds` says, wherever its expectations need it.
    ///
    /// # Errors
    /// When it cannot be loaded, or cannot run there.
    pub fn to_verify(what: &str, overrides: &Overrides, rounds: u32) -> Result<Plan, LoadError> {
        let scenario = overrides.load(what)?;
        let alone = |it: &Expectation| it.executors().next().is_none();
        let own = scenario.expect.is_empty() || scenario.expect.iter().any(alone);
        let mut needed: Vec<ExecutorKind> = own.then_some(scenario.executor.kind).into_iter().collect();
        needed.extend(scenario.expect.iter().flat_map(Expectation::executors));
        Plan::new(what, overrides, Some(&needed), rounds)
    }
}

/// What came of a scenario's expectations.
#[derive(Clone, PartialEq, Debug)]
pub struct Verified {
    /// What was measured is the median of the rounds. Held is what held every time; `why` says how often it did, where there
    /// were several.
    pub expect: Vec<Expected>,
    /// Why runs have no report.
    pub failures: Vec<String>,
}

impl Verified {
    /// What the rounds of `plan` say.
    pub fn new(plan: &Plan, rounds: &[Round]) -> Verified {
        let failed = |(kind, run): &(ExecutorKind, Result<_, String>)| {
            let why = run.as_ref().err()?;
            Some(format!("failed on {}: {why}", kind.word()))
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

    /// Whether every run had a report, and everything held every time.
    pub fn is_good(&self) -> bool {
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
    let nothing = || Unmeasured::NotFound("nothing was measured".to_owned());
    let measured = median.ok_or_else(|| missing.clone().unwrap_or_else(nothing));
    let mut expected = expect::evaluate(expectation, measured);
    expected.held = expected.held.map(|_| held == rounds.len());
    if rounds.len() > 1 {
        let mut pieces = vec![format!("held {held} of {} times", rounds.len())];
        pieces.extend(
            number
                .map(|number| range(&expectation.key, number))
                .filter(|it| !it.is_empty()),
        );
        pieces.extend(missing.map(|(Unmeasured::NotFound(why) | Unmeasured::NotTested(why))| why));
        expected.why = Some(pieces.join(", "));
    }
    expected
}
