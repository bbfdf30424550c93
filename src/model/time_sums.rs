//! The times of a task together with the times of its group. The group's times are the sum of its
//! tasks' times, so each change applies to both.

use super::state::{SliceTimes, State, StateTimes};
use crate::record::Nanos;

/// The times of a task, and the sum that contains them.
#[derive(Debug)]
pub(super) struct TimeSums<'a> {
    /// The times of the task.
    pub task: &'a mut StateTimes,
    /// The times of the task's group. If the group is not known, the times of all tasks without a
    /// known group.
    pub group: &'a mut StateTimes,
}

impl TimeSums<'_> {
    /// Adds `len` to the time in `state`.
    #[inline]
    pub(super) fn add(&mut self, state: State, len: Nanos) {
        self.task.add(state, len);
        self.group.add(state, len);
    }

    /// Adds the times of a slice and of the gap before it.
    #[inline]
    pub(super) fn add_slice(&mut self, slice: &SliceTimes) {
        self.task.add_slice(slice);
        self.group.add_slice(slice);
    }

    /// Adds `times`.
    pub(super) fn add_all(&mut self, times: StateTimes) {
        *self.task += times;
        *self.group += times;
    }

    /// Replaces the times of the task.
    pub(super) fn set_all(&mut self, times: StateTimes) {
        *self.group -= *self.task;
        *self.group += times;
        *self.task = times;
    }

    /// Subtracts `times`.
    pub(super) fn subtract_all(&mut self, times: StateTimes) {
        *self.task -= times;
        *self.group -= times;
    }

    /// Moves `amount` from computing to blocking. `is_long`: the slice is long enough to be
    /// hogging.
    pub(super) fn block(&mut self, amount: Nanos, is_long: bool) {
        self.task.block(amount, is_long);
        self.group.block(amount, is_long);
    }
}
