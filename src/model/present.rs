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
    /// `None` if the task has not ended.
    pub ended: Option<Ending>,
}

/// When and how a task ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub at: RunInstant,
    pub outcome: Outcome,
    /// The last parts of the wait before the end.
    pub last: Lateness,
}

/// The number of tasks in each state after their last slices, for a set of tasks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PresentCounts {
    /// The number of waiting tasks, by reason.
    waiting: [u64; Reason::VARIANTS.len()],
    /// The number of ended tasks, by outcome.
    ended: [u64; Outcome::VARIANTS.len()],
    /// The number of tasks with an overlay, by state, see `Task::live`.
    pub live: TaskCounts,
}

impl PresentCounts {
    #[inline]
    fn of(&mut self, task: &PresentState) -> &mut u64 {
        match task.ended {
            None => &mut self.waiting[task.wait.reason as usize],
            Some(ending) => &mut self.ended[ending.outcome as usize],
        }
    }

    #[inline]
    pub(super) fn add(&mut self, task: &PresentState) {
        *self.of(task) += 1;
    }

    #[inline]
    pub(super) fn remove(&mut self, task: &PresentState) {
        *self.of(task) -= 1;
    }

    pub(super) fn counts(&self) -> TaskCounts {
        let mut counts = self.live;
        for &reason in Reason::VARIANTS {
            *counts.get_mut(State::between_slices(reason)) += self.waiting[reason as usize] as usize;
        }
        for &outcome in Outcome::VARIANTS {
            *counts.get_mut(State::Ended(outcome)) += self.ended[outcome as usize] as usize;
        }
        counts
    }
}

/// The counts and times of a group's tasks after their last slices.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PresentTotals {
    pub counts: PresentCounts,
    /// The sum of the instants at which the waits of the waiting tasks began, in nanoseconds, by
    /// reason.
    since: [u128; Reason::VARIANTS.len()],
    /// The times of the ended tasks. For each task, the time from the end of its last slice to the
    /// end of the task.
    ended_times: StateTimes,
    /// The times of the tasks with an overlay, see `Task::live`.
    pub live: StateTimes,
}

impl PresentTotals {
    #[inline]
    pub(super) fn add(&mut self, task: &PresentState) {
        self.counts.add(task);
        match task.ended {
            None => self.since[task.wait.reason as usize] += u128::from(task.wait.since.0),
            Some(ending) => self.ended_times += task.wait.times(ending.at, ending.last),
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, task: &PresentState) {
        self.counts.remove(task);
        match task.ended {
            None => self.since[task.wait.reason as usize] -= u128::from(task.wait.since.0),
            Some(ending) => self.ended_times -= task.wait.times(ending.at, ending.last),
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
            let (count, since) = (self.counts.waiting[reason as usize], self.since[reason as usize]);
            let sum = (u128::from(count) * u128::from(now.0)).saturating_sub(since);
            times.add(
                State::between_slices(reason),
                Nanos(u64::try_from(sum).unwrap_or(u64::MAX)),
            );
        }
        times
    }
}
