//! The times of a task and those of its group, which are the sum of its tasks': whatever changes the one changes the other.

use super::state::{SliceTimes, State, StateTimes};
use crate::record::Nanos;

/// The times of a task, and the sum that they are part of.
#[derive(Debug)]
pub(super) struct TimeSums<'a> {
    /// The task's.
    pub task: &'a mut StateTimes,
    /// Its group's.
    pub group: &'a mut StateTimes,
}

impl TimeSums<'_> {
    /// Counts `len` more in `state`.
    #[inline]
    pub fn add(&mut self, state: State, len: Nanos) {
        self.task.add(state, len);
        self.group.add(state, len);
    }

    /// Counts that, too.
    #[inline]
    pub fn add_slice(&mut self, slice: &SliceTimes) {
        self.task.add_slice(slice);
        self.group.add_slice(slice);
    }

    /// Counts all of that, too.
    pub fn add_all(&mut self, times: StateTimes) {
        *self.task += times;
        *self.group += times;
    }

    /// Counts none of that any more.
    pub fn subtract_all(&mut self, times: StateTimes) {
        *self.task -= times;
        *self.group -= times;
    }

    /// So much of what ran turns out to have been blocking.
    pub fn block(&mut self, amount: Nanos) {
        for times in [&mut *self.task, &mut *self.group] {
            times.running = times.running - amount;
            times.blocking += amount;
        }
    }
}
