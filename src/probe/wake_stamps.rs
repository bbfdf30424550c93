//! The stamps of a task: when it was woken, which task woke it, and when it was ready. Wakers write
//! the stamps, and a slice takes them when it starts.
//!
//! A slice takes the stamps once. The stamps describe the first wake-up since the previous slice.
//! All accesses are relaxed loads and stores. An atomic exchange would cost every poll as much as a
//! clock read. The exchange would make the two races below rarer, but would not remove them. A
//! runtime synchronises a poll with the wake-up that led to it, so the poll sees the stamps of that
//! wake-up. Only concurrent wake-ups can interfere with each other:
//!
//! - If two wakers find no stamp, both wakers write a stamp. Then `woken_by` may name the first
//!   waker although `woken_at` is the instant of the second waker. Both wakers have woken the task.
//!   The two instants differ by at most the time between a waker's check and its stamp. This is the
//!   time of a clock read, unless the waker is preempted.
//! - If a waker writes its stamp between the loads and stores of [`WakeStamps::take`], it may
//!   replace `woken_by` of the wake-up that is being taken. If the waker finds that `woken_at` is
//!   still set, it writes no stamp. The task then runs once more with an unknown delay, which is
//!   recorded as zero.

use super::sync::{AtomicU32, AtomicU64, Relaxed};
use crate::record::{CompactDuration, ProcessInstant, TaskId};

/// The stamps of one task. Zero means that there is no stamp.
#[derive(Default)]
pub(super) struct WakeStamps {
    /// The instant of the first wake-up since the task's last slice began.
    woken_at: AtomicU64,
    /// The ready time of the event for which the task waits, in the past or in the future.
    ready_at: AtomicU64,
    /// Whether `ready_at` is a tick of the runtime's timer. Not zero means yes.
    is_timer: AtomicU32,
    /// The task that woke this task. There is no stamp if something else woke it, such as a driver.
    woken_by: AtomicU32,
}

/// The result of [`WakeStamps::take`] and [`WakeStamps::read`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wake {
    /// The time from the wake-up to the end of the wait, or zero if there is no stamp.
    pub queued: CompactDuration,
    /// How long the task was ready before the wake-up, or zero if this time is not known.
    pub unnoticed: CompactDuration,
    /// The task that woke this task, if the waker is a task.
    pub by: Option<TaskId>,
}

impl WakeStamps {
    /// Whether the task has been woken since its last slice began.
    #[inline]
    pub(super) fn is_woken(&self) -> bool {
        self.woken_at.load(Relaxed) != 0
    }

    /// Stamps a wake-up. The caller must stamp only the first wake-up since the last slice: see
    /// [`is_woken`](WakeStamps::is_woken).
    #[inline]
    pub(super) fn wake(&self, at: ProcessInstant, by: Option<TaskId>) {
        self.woken_by.store(by.map_or(0, TaskId::get), Relaxed);
        self.woken_at.store(at.0, Relaxed);
    }

    /// Sets the instant since which the task is queued, and leaves the waker unchanged.
    #[inline]
    pub(super) fn set_woken_at(&self, at: ProcessInstant) {
        self.woken_at.store(at.0, Relaxed);
    }

    /// When the task was woken. `None` if it was not woken.
    pub(super) fn woken_at(&self) -> Option<ProcessInstant> {
        stamp(&self.woken_at)
    }

    /// Sets the ready time of the event for which the task waits. This time can be in the past or
    /// in the future. `None` means that this time is not known.
    pub(super) fn set_ready(&self, at: Option<ProcessInstant>) {
        self.is_timer.store(0, Relaxed);
        self.ready_at.store(at.unwrap_or(ProcessInstant::ZERO).0, Relaxed);
    }

    /// Sets the instant at which the task is or will be ready, unless it is ready earlier.
    /// `is_timer` says whether this instant is the tick of a timer.
    pub(super) fn set_ready_by(&self, at: ProcessInstant, is_timer: bool) {
        let earlier = |ready| (ready == 0 || at.0 < ready).then_some(at.0);
        // An error means that the stamp is already earlier.
        if self.ready_at.fetch_update(Relaxed, Relaxed, earlier).is_ok() {
            self.is_timer.store(is_timer.into(), Relaxed);
        }
    }

    /// Sets the tick of the timer for which the task waits. The timer can fire at this tick.
    pub(super) fn set_timer(&self, tick: ProcessInstant) {
        self.is_timer.store(1, Relaxed);
        self.ready_at.store(tick.0, Relaxed);
    }

    /// The tick at which the task's timer can fire. `None` if the task does not wait for a timer.
    pub(super) fn timer(&self) -> Option<ProcessInstant> {
        self.ready_at().filter(|_| self.is_timer.load(Relaxed) != 0)
    }

    /// The ready time of the event for which the task waits, if this time is known.
    pub(super) fn ready_at(&self) -> Option<ProcessInstant> {
        stamp(&self.ready_at)
    }

    /// Takes the wake-up at the start of a slice.
    #[inline]
    pub(super) fn take(&self, start: ProcessInstant) -> Wake {
        let woken = self.woken_at.load(Relaxed);
        let wake = self.until(woken, start);
        if woken != 0 {
            self.woken_at.store(0, Relaxed);
        }
        wake
    }

    /// The wake-up of a wait that ends at `end` without a slice.
    pub(super) fn read(&self, end: ProcessInstant) -> Wake {
        self.until(self.woken_at.load(Relaxed), end)
    }

    /// The wake-up with the stamp `woken`, for a wait that ends at `end`.
    #[inline]
    fn until(&self, woken: u64, end: ProcessInstant) -> Wake {
        let (woken, by) = match woken {
            0 => (end, None),
            woken => (ProcessInstant::new(woken), TaskId::new(self.woken_by.load(Relaxed))),
        };
        let ready = match self.ready_at.load(Relaxed) {
            0 => woken,
            ready => ProcessInstant::new(ready),
        };
        Wake {
            queued: CompactDuration::new(end - woken),
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
    fn taking_the_wake_up_clears_it_but_keeps_the_instant_of_readiness() {
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
