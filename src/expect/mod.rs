//! Checks whether a run, or a comparison of runs, met the expectations of its scenario.
//!
//! ```text
//!   [expect] ──► Expectation ─┐
//!                             ├─► check ──► Expected   the report's `expect`, the table, exit status 3
//!   the report, as JSON ──────┘
//! ```
//!
//! An expectation names a number by its path in the JSON report. So every number of the report can
//! be checked. An expectation fails if the report does not contain its number. For example, no task
//! of the group was spawned, or the divisor of a ratio is zero. An expectation that was not tested
//! has neither held nor failed. For example, the run was cut short, or another executor was used.

mod lookup;

use crate::figures::Expected;
use crate::scenario::{Bound, ExecutorKind, Expectation, Measure, Overrides, ReportPath, Scenario};
use serde_json::Value;

pub use lookup::find_number;

/// The reason why an expectation has no measured value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unmeasured {
    /// The expectation was tested, but the report does not contain the number. The text is the
    /// reason.
    NotFound(String),
    /// The expectation was not tested. The text is the reason.
    NotTested(String),
}

/// Whether the expectations of a scenario apply to a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Applicability {
    /// The expectations apply.
    Applies,
    /// The expectations do not apply. The text is the reason. The report still contains the
    /// measured values.
    DoesNotApply(String),
    /// The run was cut short, so nothing is measured.
    CutShort,
}

/// Checks expectations against the report of one run. Expectations that compare executors are
/// marked as not tested.
pub fn check_run(expectations: &[Expectation], report: &Value, applicability: &Applicability) -> Vec<Expected> {
    let report_of = |executor: Option<ExecutorKind>| match (applicability, executor) {
        (Applicability::CutShort, _) => Err(Unmeasured::NotTested("the run was cut short".to_owned())),
        (_, None) => Ok(report),
        (_, Some(_)) => Err(Unmeasured::NotTested(
            "this expectation compares executors: only `tasklab compare` and `tasklab verify` can check it".to_owned(),
        )),
    };
    expectations
        .iter()
        .map(|expectation| {
            let mut expected = evaluate(expectation, measure(&expectation.measure, report_of));
            if let (Applicability::DoesNotApply(why), Some(_)) = (applicability, expected.held) {
                mark_not_tested(&mut expected, why);
            }
            expected
        })
        .collect()
}

/// Marks an expectation as not tested. `why` is the reason. The measured value does not change.
pub fn mark_not_tested(expected: &mut Expected, why: &str) {
    expected.held = None;
    expected.why = Some(why.to_owned());
}

/// Why the expectations of the scenario `what` do not apply to a run with these overrides; `None`
/// if they apply.
///
/// The expectations in a scenario's file are written for the executor and the number of workers
/// that the file sets. The expectations may be wrong for other executors.
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
        return Some("the scenario was written for another executor".to_owned());
    };
    let (own, used) = (own.executor, scenario.executor);
    let same = own.kind == used.kind && own.threads() == used.threads();
    (!same).then(|| match own.threads() {
        0 => format!("the scenario was written for {}", own.kind.into_str()),
        1 => format!("the scenario was written for {} with 1 worker", own.kind.into_str()),
        n => format!("the scenario was written for {} with {n} workers", own.kind.into_str()),
    })
}

/// Whether any expectation has failed.
pub fn any_failed(expected: &[Expected]) -> bool {
    expected.iter().any(|expected| expected.held == Some(false))
}

/// Measures a value. `report` returns the report of an executor, or for `None` the report of the
/// run on the scenario's own executor.
///
/// # Errors
/// Returns the reason if there is no value: there is no report, the report does not contain the
/// number, or the divisor is zero.
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
            "cannot divide by {}, which is 0",
            per.keys.join(".")
        ))),
        divisor => Ok(value / divisor),
    }
}

/// Compares a measured value with the bound of the expectation.
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
    /// The executors that the expectation compares. There are none if the expectation is about a
    /// single run.
    pub fn executors(&self) -> impl Iterator<Item = ExecutorKind> + '_ {
        let paths = [Some(&self.measure.value), self.measure.per.as_ref()];
        paths.into_iter().flatten().filter_map(|path| path.executor)
    }
}

#[cfg(test)]
mod tests;
