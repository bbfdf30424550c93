//! When a task was woken and by which task, and when it was ready: stamped by wakers, taken at the
//! start of a slice.
//!
//! A slice takes the stamps once, and the first wake-up since the slice before counts. All accesses
//! are relaxed and none is a read-modify-write: an exchange would cost every poll as much as a
//! clock read, and would only make the gaps below narrower. A runtime synchronises the wake-up that
//! leads to a poll with that poll, so the poll sees that wake-up's stamps. Only wake-ups at the
//! same instant can interfere with each other:
//!
//! - Two wakers that both find no stamp both write one. `woken_by` may then name one of them and
//!   `woken_at` be the other's instant. Both have woken the task. The two instants differ by at most
//!   the time from one waker's check to its stamp: a clock read, unless the waker is preempted.
//! - A waker that stamps between the loads and stores of [`WakeStamps::take`] may replace
//!   `woken_by` of the wake-up that is being taken. If it finds `woken_at` still set, it leaves no
//!   stamp at all; the task then runs once more with an unknown delay, which is recorded as zero.

use super::sync::{AtomicU32, AtomicU64, Relaxed};
use crate::record::{CompactDuration, ProcessInstant, TaskId};

/// The stamps of one task. Zero means that there is no stamp.
#[derive(Default)]
pub(super) struct WakeStamps {
    /// When it was first woken since its last slice began.
    woken_at: AtomicU64,
    /// When what it waits for is ready.
    ready_at: AtomicU64,
    /// The task that woke it. No stamp: something else did, such as a driver.
    woken_by: AtomicU32,
}

/// What a slice takes from the stamps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wake {
    /// From the wake-up to the start of the slice; zero if there is no stamp.
    pub queued: CompactDuration,
    /// From being ready to the wake-up; zero if readiness is not known.
    pub unnoticed: CompactDuration,
    /// The task that woke it, if a task did.
    pub by: Option<TaskId>,
}

impl WakeStamps {
    /// Whether the task has been woken since its last slice began.
    #[inline]
    pub(super) fn is_woken(&self) -> bool {
        self.woken_at.load(Relaxed) != 0
    }

    /// A wake-up. Only the first since the last slice is to be stamped: see
    /// [`is_woken`](WakeStamps::is_woken).
    #[inline]
    pub(super) fn wake(&self, at: ProcessInstant, by: Option<TaskId>) {
        self.woken_by.store(by.map_or(0, TaskId::get), Relaxed);
        self.woken_at.store(at.0, Relaxed);
    }

    /// The task is queued since `at`, whatever has woken it.
    #[inline]
    pub(super) fn set_woken_at(&self, at: ProcessInstant) {
        self.woken_at.store(at.0, Relaxed);
    }

    /// When the task was woken, if it was.
    pub(super) fn woken_at(&self) -> Option<ProcessInstant> {
        stamp(&self.woken_at)
    }

    /// What the task waits for is, or will be, ready at this instant. `None`: that is not known.
    pub(super) fn set_ready(&self, at: Option<ProcessInstant>) {
        self.ready_at.store(at.unwrap_or(ProcessInstant::ZERO).0, Relaxed);
    }

    /// When what it waits for is ready, where that is known.
    pub(super) fn ready_at(&self) -> Option<ProcessInstant> {
        stamp(&self.ready_at)
    }

    /// Takes the wake-up at the start of a slice.
    #[inline]
    pub(super) fn take(&self, start: ProcessInstant) -> Wake {
        let (woken, by) = match self.woken_at.load(Relaxed) {
            0 => (start, None),
            woken => {
                self.woken_at.store(0, Relaxed);
                (ProcessInstant::new(woken), TaskId::new(self.woken_by.load(Relaxed)))
            }
        };
        let ready = match self.ready_at.load(Relaxed) {
            0 => woken,
            ready => ProcessInstant::new(ready),
        };
        Wake {
            queued: CompactDuration::new(start - woken),
            unnoticed: CompactDuration::new(woken - ready),
            by,
        }
    }
}

fn stamp(stamp: &AtomicU64) -> Option<ProcessInstant> {
    let at = stamp.load(Relaxed);
    (at != 0).then_some(ProcessInstant::new(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Nanos;

    #[test]
    fn a_slice_takes_the_wake_up_once_and_keeps_readiness() {
        let stamps = WakeStamps::default();
        let by = TaskId::new(7);
        stamps.set_ready(Some(ProcessInstant::new(10)));
        stamps.wake(ProcessInstant::new(30), by);
        let wake = stamps.take(ProcessInstant::new(100));
        assert_eq!(
            (wake.queued.get(), wake.unnoticed.get(), wake.by),
            (Nanos(70), Nanos(20), by)
        );
        assert!(!stamps.is_woken());
        let unknown = stamps.take(ProcessInstant::new(200));
        assert_eq!(
            (unknown.queued.get(), unknown.unnoticed.get(), unknown.by),
            (Nanos(0), Nanos(190), None)
        );
    }
}
