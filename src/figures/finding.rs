//! The figures of findings.

use schemars::JsonSchema;
use serde::Serialize;

/// Why tasks waited or failed, because of whom, and what would help.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "finding")]
pub struct Finding {
    /// The rule, such as `blocked-worker`. An expectation names findings by their rule:
    /// `findings.blocked-worker.cost_ns` is the sum over all findings of this rule, and 0 if there
    /// is none. `findings.any` is the number of all findings.
    pub rule: &'static str,
    /// The name of the group, resource or task that is to blame.
    pub culprit: String,
    /// The names of the groups that suffered, those that waited longest first.
    pub victims: Vec<String>,
    /// The sum of the victims' waits that the culprit caused, in nanoseconds of task-time. 0 for a
    /// rule without time.
    pub cost_ns: u64,
    /// How often the culprit did it.
    pub count: u64,
    /// The time from the start of the run to the start of the worst case.
    pub at_ns: u64,
    /// One sentence about what happened, with figures.
    pub sentence: String,
    /// One sentence about what would help.
    pub remedy: String,
}
