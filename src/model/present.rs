//! What tasks do after their last slices: the totals for a group or for the whole model.
//!
//! Every view asks how many tasks are in each state now, and for how long. With 100,000 tasks,
//! visiting each task would cost too much per frame. So each change of a task updates the totals,
//! and a query does not visit the tasks. The total waiting time up to now follows from two numbers,
//! the number of waits and the sum of the instants at which they began: `count * now - since`.

use super::state::{State, StateTimes, TaskCounts};
use super::wait_state::{Lateness, WaitState};
use crate::record::{Nanos, Outcome, Reason, RunInstant};
use strum::VariantArray;

/// What a task does after its last slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct PresentState {
    /// What the task waits for, and since when.
    pub wait: WaitState,
    /// When and how the task ended.
    pub ended: Option<(RunInstant, Outcome)>,
    /// The last parts of the wait before the end.
    pub last: Lateness,
}

/// Totals for a set of tasks after their last slices: the number of tasks that wait for each
/// reason, and the number of ended tasks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PresentTotals {
    /// The number of waiting tasks, by reason.
    count: [u64; Reason::VARIANTS.len()],
    /// The sum of the instants at which these waits began, in nanoseconds, by reason.
    since: [u128; Reason::VARIANTS.len()],
    /// The number of ended tasks, by outcome.
    ended: [u64; Outcome::VARIANTS.len()],
    /// The times of the ended tasks. For each task, the time from the end of its last slice to the
    /// end of the task.
    ended_times: StateTimes,
    /// The times of the tasks with an overlay, see `Task::live`.
    pub live: StateTimes,
    /// The number of tasks with an overlay, by state.
    pub live_counts: TaskCounts,
}

impl PresentTotals {
    #[inline]
    pub(super) fn add(&mut self, task: &PresentState) {
        let reason = task.wait.reason as usize;
        match task.ended {
            None => {
                self.count[reason] += 1;
                self.since[reason] += u128::from(task.wait.since.0);
            }
            Some((end, outcome)) => {
                self.ended[outcome as usize] += 1;
                self.ended_times += task.wait.times(end, task.last);
            }
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, task: &PresentState) {
        let reason = task.wait.reason as usize;
        match task.ended {
            None => {
                self.count[reason] -= 1;
                self.since[reason] -= u128::from(task.wait.since.0);
            }
            Some((end, outcome)) => {
                self.ended[outcome as usize] -= 1;
                self.ended_times -= task.wait.times(end, task.last);
            }
        }
    }

    /// Replaces the contribution of a task after the task has changed.
    #[inline]
    pub(super) fn replace(&mut self, before: &PresentState, after: &PresentState) {
        self.remove(before);
        self.add(after);
    }

    /// The time in each state since the tasks' last slices, up to `now`.
    pub(super) fn times(&self, now: RunInstant) -> StateTimes {
        let mut times = self.live;
        times += self.ended_times;
        for &reason in Reason::VARIANTS {
            let (count, since) = (self.count[reason as usize], self.since[reason as usize]);
            let sum = (u128::from(count) * u128::from(now.0)).saturating_sub(since);
            times.add(
                State::between_slices(reason),
                Nanos(u64::try_from(sum).unwrap_or(u64::MAX)),
            );
        }
        times
    }

    pub(super) fn counts(&self) -> TaskCounts {
        let mut counts = self.live_counts;
        for &reason in Reason::VARIANTS {
            *counts.get_mut(State::between_slices(reason)) += self.count[reason as usize] as usize;
        }
        for &outcome in Outcome::VARIANTS {
            *counts.get_mut(State::Ended(outcome)) += self.ended[outcome as usize] as usize;
        }
        counts
    }
}
