//! The state at one instant: open slices, and tasks that should run but hold no lane.

use super::{CompactDuration, Instant, Label, LaneId, Reason, RunClock, TaskId};
use serde::{Deserialize, Serialize};

/// A slice that has not ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct CurrentSlice<C = RunClock> {
    /// The lane.
    pub lane: LaneId,
    /// The task that holds the lane.
    pub task: TaskId,
    /// When the slice began.
    pub start: Instant<C>,
    /// The time from the wake-up to `start`.
    #[serde(default)]
    pub queued: CompactDuration,
    /// How long the task was ready before the wake-up.
    #[serde(default)]
    pub unnoticed: CompactDuration,
    /// When the present blocking step began. `None` if the thread is not in a blocking step.
    #[serde(default)]
    pub blocking_since: Option<Instant<C>>,
    /// What the thread sleeps for. Meaningful only in a blocking step.
    #[serde(default)]
    pub blocked_on: Reason,
    /// The time limit that the task has exceeded. Nothing could cancel the steps of the task.
    /// `None` if the task is not overdue. This instant is never in the future.
    #[serde(default)]
    pub overdue_since: Option<Instant<C>>,
    /// The task's present step, if it is known.
    #[serde(default)]
    pub label: Label,
}

/// A task that should run but holds no lane. The task has been woken, or it is ready and has not
/// been woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Waiting<C = RunClock> {
    /// The task.
    pub task: TaskId,
    /// When the event for which the task waits became ready. `None` if this instant is not known.
    /// This instant is never in the future.
    #[serde(default)]
    pub ready: Option<Instant<C>>,
    /// When the task was woken. `None` if the task is unnoticed.
    #[serde(default)]
    pub woken: Option<Instant<C>>,
}

/// The open slices and the waiting tasks at one instant. Each `Live` replaces the previous one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Live<C = RunClock> {
    /// The open slices. Idle lanes are absent.
    #[serde(default)]
    pub lanes: Vec<CurrentSlice<C>>,
    /// The branches that these tasks poll now, as slices inside the open slices. A branch that
    /// polls other branches precedes these branches in the list.
    #[serde(default)]
    pub branches: Vec<CurrentSlice<C>>,
    /// The tasks that are queued or unnoticed. Suspended tasks are absent.
    ///
    /// If the run has more than about ten thousand tasks, this list may be up to a quarter of a
    /// second older than the batch. The list may then contain tasks that have already run. The list
    /// may also contain a task twice. Then the newer entry comes first. If the list and the records
    /// disagree, the records are right.
    #[serde(default)]
    pub waiting: Vec<Waiting<C>>,
}

impl<C> CurrentSlice<C> {
    /// A slice that began at `start`. The task did not wait for the lane, does not block, and its
    /// step is not known.
    pub fn new(lane: LaneId, task: TaskId, start: Instant<C>) -> CurrentSlice<C> {
        CurrentSlice {
            lane,
            task,
            start,
            queued: CompactDuration::ZERO,
            unnoticed: CompactDuration::ZERO,
            blocking_since: None,
            blocked_on: Reason::Unknown,
            overdue_since: None,
            label: Label::NONE,
        }
    }

    fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> CurrentSlice<D> {
        CurrentSlice {
            lane: self.lane,
            task: self.task,
            start: map(self.start),
            queued: self.queued,
            unnoticed: self.unnoticed,
            blocking_since: self.blocking_since.map(&map),
            blocked_on: self.blocked_on,
            overdue_since: self.overdue_since.map(&map),
            label: self.label,
        }
    }
}

impl<C> Waiting<C> {
    fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Waiting<D> {
        Waiting {
            task: self.task,
            ready: self.ready.map(&map),
            woken: self.woken.map(&map),
        }
    }
}

impl<C> Live<C> {
    /// The same value with all instants converted to another clock.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Live<D> {
        let slices =
            |slices: Vec<CurrentSlice<C>>| slices.into_iter().map(|current| current.map_instants(&map)).collect();
        Live {
            lanes: slices(self.lanes),
            branches: slices(self.branches),
            waiting: self
                .waiting
                .into_iter()
                .map(|waiting| waiting.map_instants(&map))
                .collect(),
        }
    }
}
