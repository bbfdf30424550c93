//! What must hold at the end.

use super::ExecutorKind;

/// What must hold at the end of a run, or of a comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// The key as it is written.
    pub key: String,
    /// The bound as it is written.
    pub written: String,
    /// What is measured.
    pub measure: Measure,
    /// The bound that must hold.
    pub bound: Bound,
}

/// A number of the report, or the ratio of two.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measure {
    /// The number.
    pub value: ReportPath,
    /// The number by which it is divided.
    pub per: Option<ReportPath>,
}

/// Where a number stands in the report: keys of objects, names of groups and lanes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportPath {
    /// In which run of a comparison; `None`: in the run itself.
    pub executor: Option<ExecutorKind>,
    /// From the outside to the inside: `groups`, `api`, `delay_ns`, `p99`.
    pub keys: Vec<String>,
}

/// A bound on a number. Lengths of time are in nanoseconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Bound {
    /// Below.
    Less(f64),
    /// Not above.
    AtMost(f64),
    /// Above.
    More(f64),
    /// Not below.
    AtLeast(f64),
    /// The same.
    Equal(f64),
    /// Not outside.
    Between(f64, f64),
}
