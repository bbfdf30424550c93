//! What a lane's thread counts beside its ring, and how the ring is handed over when the thread
//! ends.
//!
//! Only the thread itself writes; the monitor reads. The two orders that matter:
//!
//! - The thread pushes its last record, then sets `closed` (release). The monitor reads `closed`
//!   (acquire), then drains the ring. So a ring that is seen closed and then drained holds nothing
//!   more.
//! - The thread pushes the record of a job, then counts the job (release). The monitor reads the
//!   count (acquire), then drains the ring. So the monitor never knows of more jobs than records of
//!   jobs.

use super::sync::{Acquire, AtomicBool, AtomicU64, Relaxed, Release};

/// The counters of one lane.
#[derive(Default)]
pub(super) struct LaneTally {
    /// Slices that were jobs and not polls.
    jobs: AtomicU64,
    lost_slices: AtomicU64,
    lost_others: AtomicU64,
    /// The thread has ended, and its ring holds all that it will ever hold.
    closed: AtomicBool,
}

/// What [`LaneTally::read`] has read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    pub jobs: u64,
    pub closed: bool,
}

impl LaneTally {
    /// A job has ended, and its record has been pushed or counted as lost.
    #[inline]
    pub(super) fn count_job(&self) {
        self.jobs.store(self.jobs.load(Relaxed) + 1, Release);
    }

    /// A slice found the ring full.
    #[inline]
    pub(super) fn count_lost_slice(&self) {
        increment(&self.lost_slices);
    }

    /// Another record than a slice found the ring full.
    #[inline]
    pub(super) fn count_lost_other(&self) {
        increment(&self.lost_others);
    }

    /// The thread ends and has pushed its last record.
    pub(super) fn close(&self) {
        self.closed.store(true, Release);
    }

    /// To be called before the ring is drained.
    pub(super) fn read(&self) -> Tally {
        Tally {
            closed: self.closed.load(Acquire),
            jobs: self.jobs.load(Acquire),
        }
    }

    /// Slices and other records lost so far.
    pub(super) fn lost(&self) -> (u64, u64) {
        (self.lost_slices.load(Relaxed), self.lost_others.load(Relaxed))
    }
}

/// Adds one to a counter that only the calling thread writes. A load and a store cost less than a
/// read-modify-write.
#[inline]
fn increment(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}
