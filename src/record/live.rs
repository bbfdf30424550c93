//! What has not ended at one instant: open slices, and tasks that should run.

use super::{CompactDuration, Instant, Label, LaneId, RunClock, TaskId};
use serde::{Deserialize, Serialize};

/// A slice that has not ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct CurrentSlice<C = RunClock> {
    /// The lane.
    pub lane: LaneId,
    /// The task that holds the lane.
    pub task: TaskId,
    /// When it began.
    pub start: Instant<C>,
    /// From the wake-up to `start`.
    #[serde(default)]
    pub queued: CompactDuration,
    /// From being ready to the wake-up.
    #[serde(default)]
    pub unnoticed: CompactDuration,
    /// Since when its thread is in a blocking step, if it is in one.
    #[serde(default)]
    pub blocking_since: Option<Instant<C>>,
    /// Since when what the task does should have been over, if it should: nothing could cancel it.
    /// Never in the future.
    #[serde(default)]
    pub overdue_since: Option<Instant<C>>,
    /// The step that it is in, where known.
    #[serde(default)]
    pub label: Label,
}

/// A task that holds no lane and should run: it is woken, or ready and not woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Waiting<C = RunClock> {
    /// The task.
    pub task: TaskId,
    /// When what it waits for became ready, where that is known. Never in the future.
    #[serde(default)]
    pub ready: Option<Instant<C>>,
    /// When it was woken. `None`: it is unnoticed.
    #[serde(default)]
    pub woken: Option<Instant<C>>,
}

/// What has not ended at one instant. Each replaces the one before.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Live<C = RunClock> {
    /// The open slices. Idle lanes are absent.
    #[serde(default)]
    pub lanes: Vec<CurrentSlice<C>>,
    /// The tasks that are queued or unnoticed. Suspended tasks are absent.
    ///
    /// With more than about ten thousand tasks, the list may be up to a quarter of a second older
    /// than the batch. It may then name tasks that have run since, or a task twice, the newest
    /// entry first. The records tell what is true.
    #[serde(default)]
    pub waiting: Vec<Waiting<C>>,
}

impl<C> CurrentSlice<C> {
    fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> CurrentSlice<D> {
        CurrentSlice {
            lane: self.lane,
            task: self.task,
            start: map(self.start),
            queued: self.queued,
            unnoticed: self.unnoticed,
            blocking_since: self.blocking_since.map(&map),
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
    /// The same with its instants on another clock.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Live<D> {
        Live {
            lanes: self
                .lanes
                .into_iter()
                .map(|current| current.map_instants(&map))
                .collect(),
            waiting: self
                .waiting
                .into_iter()
                .map(|waiting| waiting.map_instants(&map))
                .collect(),
        }
    }
}
