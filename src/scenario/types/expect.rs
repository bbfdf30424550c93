//! Expectations: conditions that the numbers of the report must meet.

use super::ExecutorKind;

/// A condition that a number must meet at the end of a run or of a comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// The key, as written in the file.
    pub key: String,
    /// The bound, as written in the file.
    pub written: String,
    /// The number that is compared with the bound.
    pub measure: Measure,
    /// The bound for the number.
    pub bound: Bound,
}

/// A number of the report, or the ratio of two numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measure {
    /// The number, or the dividend of the ratio.
    pub value: ReportPath,
    /// The divisor of the ratio. `None`: the measure is not a ratio.
    pub per: Option<ReportPath>,
}

/// The path to a number in the report. The parts of the path are keys of objects, and names of
/// groups or lanes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportPath {
    /// In the report of a comparison: the executor whose run gives the number. `None`: the report
    /// is about one run.
    pub executor: Option<ExecutorKind>,
    /// The keys, the outermost first: `groups`, `api`, `delay_ns`, `p99`.
    pub keys: Vec<String>,
}

/// A bound on a number. Durations are in nanoseconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Bound {
    /// The number is below this value.
    Less(f64),
    /// The number is not above this value.
    AtMost(f64),
    /// The number is above this value.
    More(f64),
    /// The number is not below this value.
    AtLeast(f64),
    /// The number is equal to this value.
    Equal(f64),
    /// The number is between these two values, or equal to one of them.
    Between(f64, f64),
}
