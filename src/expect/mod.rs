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

use crate::report::Expected;
use crate::scenario::{Bound, ExecutorKind, Expectation, Measure};
use serde_json::Value;

pub use lookup::number;

/// Why there is no measured value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// It was put to the test, and there is no such number.
    Number(String),
    /// It was not put to the test.
    Test(String),
}

/// Whether a run is judged by what was expected of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judged {
    /// It is.
    Yes,
    /// It is not, for this reason; what was measured is told all the same.
    No(String),
    /// It did not reach its end, and so has no numbers worth measuring.
    CutShort,
}

/// Checks what can be checked in one run.
pub fn check_run(expectations: &[Expectation], report: &Value, judged: &Judged) -> Vec<Expected> {
    let one = |executor: Option<ExecutorKind>| match (judged, executor) {
        (Judged::CutShort, _) => Err("the run was cut short".to_owned()),
        (_, None) => Ok(report),
        (_, Some(_)) => {
            Err("only `tasklab compare` and `tasklab verify` can check it: it compares executors".to_owned())
        }
    };
    expectations
        .iter()
        .map(|expectation| {
            let mut expected = judge(expectation, measure(&expectation.measure, one));
            if let (Judged::No(why), Some(_)) = (judged, expected.held) {
                expected.held = None;
                expected.why = Some(why.clone());
            }
            expected
        })
        .collect()
}

/// Whether one has failed.
pub fn failed(expected: &[Expected]) -> bool {
    expected.iter().any(|it| it.held == Some(false))
}

/// Measures, in the reports that `report` has: of a comparison's executor, or of the run itself (`None`); or the reason why
/// there is none.
///
/// # Errors
/// When there is no such number.
pub fn measure<'a>(
    measure: &Measure,
    report: impl Fn(Option<ExecutorKind>) -> Result<&'a Value, String>,
) -> Result<f64, Missing> {
    let find = |path: &crate::scenario::ReportPath| {
        let report = report(path.executor).map_err(Missing::Test)?;
        number(report, &path.keys).map_err(Missing::Number)
    };
    let value = find(&measure.value)?;
    let Some(per) = &measure.per else {
        return Ok(value);
    };
    match find(per)? {
        0.0 => Err(Missing::Number(format!(
            "{} is 0, and nothing is divided by that",
            per.keys.join(".")
        ))),
        divisor => Ok(value / divisor),
    }
}

/// Holds what was measured against what is wanted.
pub fn judge(expectation: &Expectation, measured: Result<f64, Missing>) -> Expected {
    let (measured, held, why) = match measured {
        Ok(number) => (Some(number), Some(holds(expectation.bound, number)), None),
        Err(Missing::Number(why)) => (None, Some(false), Some(why)),
        Err(Missing::Test(why)) => (None, None, Some(why)),
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
pub fn holds(bound: Bound, number: f64) -> bool {
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
