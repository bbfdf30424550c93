//! The times of a task and those of its group, which are the sum of its tasks': whatever changes the one changes the other.

use super::state::{SliceTimes, State, Times};
use crate::record::Nanos;

/// The times of a task, and the sum that they are part of.
#[derive(Debug)]
pub(super) struct Sums<'a> {
    /// The task's.
    pub own: &'a mut Times,
    /// Its group's.
    pub all: &'a mut Times,
}

impl Sums<'_> {
    /// Counts `len` more in `state`.
    #[inline]
    pub fn add(&mut self, state: State, len: Nanos) {
        self.own.add(state, len);
        self.all.add(state, len);
    }

    /// Counts that, too.
    #[inline]
    pub fn spend(&mut self, spent: &SliceTimes) {
        self.own.spend(spent);
        self.all.spend(spent);
    }

    /// Counts all of that, too.
    pub fn put(&mut self, times: Times) {
        *self.own += times;
        *self.all += times;
    }

    /// Counts none of that any more.
    pub fn take(&mut self, times: Times) {
        *self.own -= times;
        *self.all -= times;
    }

    /// So much of what ran turns out to have been blocking.
    pub fn block(&mut self, amount: Nanos) {
        for times in [&mut *self.own, &mut *self.all] {
            times.running = times.running - amount;
            times.blocking += amount;
        }
    }
}
