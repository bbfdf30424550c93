//! The figures of useful and wasted work.

use schemars::JsonSchema;
use serde::Serialize;

/// What the work of a group's tasks was for. Work is the time in which tasks held a thread, so
/// `useful_ns + wasted_ns + open_ns` is `running_ns + hogging_ns + blocking_ns + sleeping_ns`. The
/// end of a repetition decides about its work. Work of a task that does not repeat, such as
/// offloaded work, is decided by the end of the task.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "work")]
pub struct Work {
    /// The work of repetitions that did all their steps, and that were not orphaned.
    pub useful_ns: u64,
    /// The work of all other repetitions and tasks that ended: the sum of the next six figures.
    pub wasted_ns: u64,
    /// The work of orphaned tasks: the task that waited for the result had gone.
    pub orphaned_ns: u64,
    /// The work of repetitions that timed out.
    pub timed_out_ns: u64,
    /// The work of repetitions and tasks that were cancelled, but not by the end of the run.
    pub cancelled_ns: u64,
    /// The work of repetitions in which a step failed.
    pub failed_ns: u64,
    /// The work of repetitions in which a step panicked.
    pub panicked_ns: u64,
    /// The work of tasks whose process died.
    pub lost_ns: u64,
    /// The work of repetitions and tasks that had not ended when the run ended. For tasks of a
    /// library, all their work, because tokio does not report how they end.
    pub open_ns: u64,
    /// The numbers of repetitions.
    pub repetitions: Fates,
}

/// The repetitions of a group by what their work was for. Repetitions that the end of the run cut
/// short are not counted, unless they had exceeded their timeout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "fates")]
pub struct Fates {
    /// The number of repetitions that did all their steps, and that were not orphaned.
    pub useful: u64,
    /// The number of all other repetitions: the sum of the next six figures.
    pub wasted: u64,
    /// The number of repetitions of orphaned tasks.
    pub orphaned: u64,
    /// The number of repetitions that timed out.
    pub timed_out: u64,
    /// The number of repetitions that were cancelled.
    pub cancelled: u64,
    /// The number of repetitions in which a step failed.
    pub failed: u64,
    /// The number of repetitions in which a step panicked.
    pub panicked: u64,
    /// The number of repetitions of tasks whose process died.
    pub lost: u64,
}
