//! The counters of a lane's thread, and how the thread hands over its ring when it ends.
//!
//! The thread writes, and the monitor only reads. Two orders of operations matter:
//!
//! - The thread pushes its last record, then sets `closed` (release). The monitor reads `closed`
//!   (acquire), then drains the ring. So if the monitor has read `closed` as true and has then
//!   drained the ring, the ring stays empty.
//! - The thread pushes the record of a job, then counts the job (release). The monitor reads the
//!   count (acquire), then drains the ring. So the monitor never reads a count that is greater than
//!   the number of records of jobs.

use super::sync::{Acquire, AtomicBool, AtomicU64, Relaxed, Release};
use crate::record::{LostTime, Nanos};

/// The counters of one lane.
#[derive(Default)]
pub(super) struct LaneTally {
    /// The number of slices that were jobs and not polls.
    jobs: AtomicU64,
    lost_slices: AtomicU64,
    lost_others: AtomicU64,
    /// The time of the lost slices, in nanoseconds.
    lost_running: AtomicU64,
    lost_blocking: AtomicU64,
    /// Whether the thread has ended. Then the thread pushes no further record into its ring.
    closed: AtomicBool,
}

/// The result of [`LaneTally::read`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    pub jobs: u64,
    pub closed: bool,
}

/// What one thread has lost because its ring was full.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct LostTotals {
    pub slices: u64,
    pub others: u64,
    pub time: LostTime,
}

impl LaneTally {
    /// Counts a job that has ended. The record of the job has been pushed or counted as lost.
    #[inline]
    pub(super) fn count_job(&self) {
        self.jobs.store(self.jobs.load(Relaxed) + 1, Release);
    }

    /// Counts a slice that was lost because the ring was full.
    #[inline]
    pub(super) fn count_lost_slice(&self) {
        increment(&self.lost_slices);
    }

    /// Adds the time of a lost slice.
    #[inline]
    pub(super) fn add_lost_time(&self, time: LostTime) {
        add(&self.lost_running, time.running.0);
        add(&self.lost_blocking, time.blocking.0);
    }

    /// Counts a lost record that is not a slice. The record was lost because the ring was full.
    #[inline]
    pub(super) fn count_lost_other(&self) {
        increment(&self.lost_others);
    }

    /// Marks the ring as closed. The thread ends and has pushed its last record.
    pub(super) fn close(&self) {
        self.closed.store(true, Release);
    }

    /// Reads the tally. Must be called before the ring is drained.
    pub(super) fn read(&self) -> Tally {
        Tally {
            closed: self.closed.load(Acquire),
            jobs: self.jobs.load(Acquire),
        }
    }

    /// What was lost so far.
    pub(super) fn lost(&self) -> LostTotals {
        LostTotals {
            slices: self.lost_slices.load(Relaxed),
            others: self.lost_others.load(Relaxed),
            time: LostTime {
                running: Nanos(self.lost_running.load(Relaxed)),
                blocking: Nanos(self.lost_blocking.load(Relaxed)),
            },
        }
    }
}

#[inline]
fn increment(counter: &AtomicU64) {
    add(counter, 1);
}

/// Adds to a counter that only the calling thread writes. A load and a store cost less than a
/// read-modify-write.
#[inline]
fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}
