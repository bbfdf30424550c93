//! The sums of a task, which do not depend on the records that arrive.
//!
//! A thread that records a slice also adds the slice to the sums of the slice's task. So the sums
//! contain the slices whose records are lost because a ring is full.

use super::{Clock, Instant, Label, Nanos, Reason, RunClock, TaskId};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// On a worker of an async runtime, a slice of this length is hogging: other tasks wait meanwhile.
///
/// Alice Ryhl recommends at most 10 to 100 µs between two awaits (*Async: What is blocking?*,
/// 2020). The limit here is far above this, so that only polls that delay other tasks noticeably
/// are hogging.
pub const HOGGING_POLL: Nanos = Nanos::from_millis(10);

/// A duration for each reason, in the order of [`Reason::VARIANTS`]. [`Reason::Yield`] is absent,
/// because a task that yields is queued at once.
pub type ByReason = [Nanos; Reason::Yield as usize];

const _: () = assert!(
    Reason::Yield as usize + 1 == Reason::VARIANTS.len(),
    "the other reasons come first"
);

/// The time in each state of a task, from its spawn to the end of a slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct TaskSums<C = RunClock> {
    /// The end of the slice. The sums contain this slice and all slices before it.
    pub until: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// The number of the task's slices whose records were lost.
    pub lost: u64,
    /// The time in which the task held a lane and computed.
    pub running: Nanos,
    /// The part of `running` in slices of at least [`HOGGING_POLL`].
    #[serde(default)]
    pub hogging: Nanos,
    /// The time in which the task held a lane and its thread slept in the OS.
    #[serde(default)]
    pub blocking: Nanos,
    /// The time in which the task was woken and waited for a lane.
    #[serde(default)]
    pub queued: Nanos,
    /// The time in which the task was ready, but not woken.
    #[serde(default)]
    pub unnoticed: Nanos,
    /// The time in which the task waited for something that was not ready.
    #[serde(default, with = "by_reason")]
    pub suspended_on: ByReason,
    /// Whether the task has held a worker of an async runtime.
    #[serde(default)]
    pub on_worker: bool,
    /// The kind of event that the task waits for after the slice.
    #[serde(default)]
    pub reason: Reason,
    /// The name of the step in which the task waits after the slice.
    #[serde(default)]
    pub label: Label,
}

impl<C> TaskSums<C> {
    /// The same sums with their instant on another clock.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> TaskSums<D> {
        TaskSums {
            until: map(self.until),
            task: self.task,
            lost: self.lost,
            running: self.running,
            hogging: self.hogging,
            blocking: self.blocking,
            queued: self.queued,
            unnoticed: self.unnoticed,
            suspended_on: self.suspended_on,
            on_worker: self.on_worker,
            reason: self.reason,
            label: self.label,
        }
    }
}

/// The lost slices of a task without sums: a library spawned the task. After each slice, such a
/// task waits for an unknown reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LostSlices<C = RunClock> {
    /// The task.
    pub task: TaskId,
    /// The start of the first of these slices.
    pub start: Instant<C>,
    /// The end of the last of these slices.
    pub until: Instant<C>,
    /// The number of these slices.
    pub slices: u64,
    /// The time in which the task held a lane and computed.
    pub running: Nanos,
    /// The part of `running` in slices of at least [`HOGGING_POLL`].
    pub hogging: Nanos,
    /// The time in which the task held a lane and its thread slept in the OS.
    pub blocking: Nanos,
    /// Whether one of the lanes is a worker of an async runtime.
    pub on_worker: bool,
}

impl<C: Clock> LostSlices<C> {
    /// Adds more lost slices of the same task.
    pub(crate) fn add(&mut self, more: LostSlices<C>) {
        self.start = self.start.min(more.start);
        self.until = self.until.max(more.until);
        self.slices += more.slices;
        self.running += more.running;
        self.hogging += more.hogging;
        self.blocking += more.blocking;
        self.on_worker |= more.on_worker;
    }

    /// The same slices with their instants on another clock.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> LostSlices<D> {
        LostSlices {
            task: self.task,
            start: map(self.start),
            until: map(self.until),
            slices: self.slices,
            running: self.running,
            hogging: self.hogging,
            blocking: self.blocking,
            on_worker: self.on_worker,
        }
    }
}

/// The parts of the wait before a slice, in the order of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitParts {
    /// The time in which the task waited for something that was not ready.
    pub suspended: Nanos,
    /// The time in which the task was ready, but not woken.
    pub unnoticed: Nanos,
    /// The time in which the task was woken and waited for a lane.
    pub queued: Nanos,
}

impl WaitParts {
    /// Divides a wait. After the previous slice, the task waited for `reason`. The parts add up to
    /// `wait`, even if the slice reports more time queued and unnoticed.
    ///
    /// A task that yielded is queued during the whole wait. A task that has not run yet also has
    /// the reason [`Yield`](Reason::Yield).
    #[inline]
    pub fn divide(reason: Reason, wait: Nanos, queued: Nanos, unnoticed: Nanos) -> WaitParts {
        let queued = match reason {
            Reason::Yield => wait,
            _ => queued.min(wait),
        };
        let unnoticed = unnoticed.min(wait - queued);
        WaitParts {
            suspended: wait - queued - unnoticed,
            unnoticed,
            queued,
        }
    }
}

/// A map from the names of the reasons to their durations. Reasons without a duration are absent.
mod by_reason {
    use super::{ByReason, Nanos, Reason};
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::BTreeMap;
    use strum::VariantArray;

    pub(super) fn serialize<S: Serializer>(times: &ByReason, serializer: S) -> Result<S::Ok, S::Error> {
        let times = Reason::VARIANTS.iter().zip(times);
        serializer.collect_map(times.filter(|(_, time)| **time > Nanos::ZERO))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ByReason, D::Error> {
        let mut times = ByReason::default();
        for (reason, time) in BTreeMap::<Reason, Nanos>::deserialize(deserializer)? {
            if let Some(sum) = times.get_mut(reason as usize) {
                *sum = time;
            }
        }
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RunInstant;

    #[test]
    fn sums_are_written_with_the_reasons_that_occurred() {
        let mut sums = TaskSums {
            until: RunInstant::new(9),
            task: TaskId(std::num::NonZeroU32::MIN),
            lost: 2,
            running: Nanos(3),
            hogging: Nanos::ZERO,
            blocking: Nanos::ZERO,
            queued: Nanos(1),
            unnoticed: Nanos::ZERO,
            suspended_on: ByReason::default(),
            on_worker: true,
            reason: Reason::Timer,
            label: Label(4),
        };
        sums.suspended_on[Reason::Http as usize] = Nanos(5);
        let json = serde_json::to_value(sums).expect("sums are valid JSON");
        assert_eq!(json["suspended_on"], serde_json::json!({"http": 5}));
        assert_eq!(serde_json::from_value::<TaskSums>(json).ok(), Some(sums));
    }

    #[test]
    fn the_parts_of_a_wait_never_exceed_it() {
        let divide = |reason, wait, queued, unnoticed| {
            let parts = WaitParts::divide(reason, Nanos(wait), Nanos(queued), Nanos(unnoticed));
            [parts.suspended.0, parts.unnoticed.0, parts.queued.0]
        };
        assert_eq!(divide(Reason::Timer, 10, 3, 2), [5, 2, 3]);
        assert_eq!(divide(Reason::Timer, 10, 3, 20), [0, 7, 3]);
        assert_eq!(divide(Reason::Timer, 10, 30, 20), [0, 0, 10]);
        assert_eq!(divide(Reason::Yield, 10, 3, 2), [0, 0, 10]);
    }
}
