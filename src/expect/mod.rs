//! Whether a run, or a comparison of runs, was as its scenario expects.
//!
//! ```text
//!   [expect] ──► Expectation ─┐
//!                             ├─► check ──► Expected   the report's `expect`, the table, exit status 3
//!   the report, as JSON ──────┘
//! ```
//!
//! What is measured is looked up in the report as scripts get it, by the same keys; so an expectation can name whatever the
//! report tells. A number that is not there has not held: the group never came to be, nothing was counted, the divisor is zero.
//! An expectation that was not put to the test (the run was cut short, or went elsewhere) has neither held nor failed.

mod lookup;

use crate::figures::Expected;
use crate::scenario::{Bound, ExecutorKind, Expectation, Measure, Overrides, ReportPath, Scenario};
use serde_json::Value;

pub use lookup::find_number;

/// Why there is no measured value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unmeasured {
    /// It was put to the test, and there is no such number.
    NotFound(String),
    /// It was not put to the test.
    NotTested(String),
}

/// Whether a run is applicability by what was expected of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Applicability {
    /// It is.
    Applies,
    /// It is not, for this reason; what was measured is told all the same.
    DoesNotApply(String),
    /// It did not reach its end, and so has no numbers worth measuring.
    CutShort,
}

/// Checks what can be checked in one run.
pub fn check_run(expectations: &[Expectation], report: &Value, applicability: &Applicability) -> Vec<Expected> {
    let one = |executor: Option<ExecutorKind>| match (applicability, executor) {
        (Applicability::CutShort, _) => Err(Unmeasured::NotTested("the run was cut short".to_owned())),
        (_, None) => Ok(report),
        (_, Some(_)) => Err(Unmeasured::NotTested(
            "only `tasklab compare` and `tasklab verify` can check it: it compares executors".to_owned(),
        )),
    };
    expectations
        .iter()
        .map(|expectation| {
            let mut expected = evaluate(expectation, measure(&expectation.measure, one));
            if let (Applicability::DoesNotApply(why), Some(_)) = (applicability, expected.held) {
                mark_not_tested(&mut expected, why);
            }
            expected
        })
        .collect()
}

/// Takes back whether it held, for this reason. What was measured stays.
pub fn mark_not_tested(expected: &mut Expected, why: &str) {
    expected.held = None;
    expected.why = Some(why.to_owned());
}

/// Why a run of the scenario `what`, loaded with these overrides, is not applicability by what it expects, if so.
///
/// Expectations are about the executor and the number of workers that the file says; what they would have been elsewhere, nobody
/// has said.
pub fn why_not_applicable(what: &str, scenario: &Scenario, overrides: &Overrides) -> Option<String> {
    if scenario.expect.is_empty() || (overrides.executor.is_none() && overrides.workers.is_none()) {
        return None;
    }
    let own = Overrides {
        executor: None,
        workers: None,
        ..*overrides
    };
    let Ok(own) = own.load(what) else {
        return Some("written for another executor".to_owned());
    };
    let (own, here) = (own.executor, scenario.executor);
    let same = own.kind == here.kind && own.threads() == here.threads();
    (!same).then(|| match own.threads() {
        0 => format!("written for {}", own.kind.word()),
        1 => format!("written for {} with 1 worker", own.kind.word()),
        n => format!("written for {} with {n} workers", own.kind.word()),
    })
}

/// Whether one has failed.
pub fn any_failed(expected: &[Expected]) -> bool {
    expected.iter().any(|it| it.held == Some(false))
}

/// Measures, in the reports that `report` has: of a comparison's executor, or of the run itself (`None`).
///
/// # Errors
/// When there is no such number.
pub fn measure<'a>(
    measure: &Measure,
    report: impl Fn(Option<ExecutorKind>) -> Result<&'a Value, Unmeasured>,
) -> Result<f64, Unmeasured> {
    let find = |path: &ReportPath| {
        let report = report(path.executor)?;
        find_number(report, &path.keys).map_err(Unmeasured::NotFound)
    };
    let value = find(&measure.value)?;
    let Some(per) = &measure.per else {
        return Ok(value);
    };
    match find(per)? {
        0.0 => Err(Unmeasured::NotFound(format!(
            "{} is 0, and nothing is divided by that",
            per.keys.join(".")
        ))),
        divisor => Ok(value / divisor),
    }
}

/// Holds what was measured against what is wanted.
pub fn evaluate(expectation: &Expectation, measured: Result<f64, Unmeasured>) -> Expected {
    let (measured, held, why) = match measured {
        Ok(number) => (Some(number), Some(is_within(expectation.bound, number)), None),
        Err(Unmeasured::NotFound(why)) => (None, Some(false), Some(why)),
        Err(Unmeasured::NotTested(why)) => (None, None, Some(why)),
    };
    Expected {
        key: expectation.key.clone(),
        wanted: expectation.written.clone(),
        measured,
        held,
        why,
    }
}

/// Whether a number is within a bound.
pub fn is_within(bound: Bound, number: f64) -> bool {
    match bound {
        Bound::Less(limit) => number < limit,
        Bound::AtMost(limit) => number <= limit,
        Bound::More(limit) => number > limit,
        Bound::AtLeast(limit) => number >= limit,
        Bound::Equal(limit) => number == limit,
        Bound::Between(min, max) => (min..=max).contains(&number),
    }
}

impl Expectation {
    /// The executors that it compares; none: it is about one run.
    pub fn executors(&self) -> impl Iterator<Item = ExecutorKind> + '_ {
        let paths = [Some(&self.measure.value), self.measure.per.as_ref()];
        paths.into_iter().flatten().filter_map(|path| path.executor)
    }
}

#[cfg(test)]
mod tests;
