//! The present slice of a lane. The lane's thread writes the slice, and the monitor reads the
//! slice.
//!
//! A reader must get all fields of the same slice, and the measured thread must never wait. So this
//! is a sequence lock: the writer makes `version` odd, writes the fields, and makes `version` even
//! again. If a reader finds an odd or a changed version, it tries again.

use super::sync::{Acquire, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Relaxed, Release, fence, spin_loop};
use crate::record::{CompactDuration, CurrentSlice, Label, LaneId, ProcessClock, ProcessInstant, Reason, TaskId};

/// The maximum number of times that a reader tries to read the slice.
const ATTEMPTS: usize = 16;

/// The data of an open slice that the monitor reads.
#[derive(Default)]
pub(super) struct OpenSlice {
    /// Odd while the lane's thread writes.
    version: AtomicU32,
    /// The id of the task, or zero if the lane is idle.
    task: AtomicU32,
    start: AtomicU64,
    /// Two [`CompactDuration`]s: `queued` in the upper half, `unnoticed` in the lower.
    lateness: AtomicU64,
    /// When the blocking step began, or zero if the thread is not in a blocking step.
    blocking_since: AtomicU64,
    /// A [`Reason`].
    blocked_on: AtomicU8,
    label: AtomicU16,
}

impl OpenSlice {
    /// Begins a slice of `task` at `start`.
    #[inline]
    pub(super) fn begin(&self, task: TaskId, start: ProcessInstant) {
        self.publish(|slice| {
            slice.task.store(task.get(), Relaxed);
            slice.start.store(start.0, Relaxed);
            slice.lateness.store(0, Relaxed);
            slice.label.store(0, Relaxed);
        });
    }

    /// Ends the slice. The lane is idle afterwards.
    #[inline]
    pub(super) fn end(&self) {
        self.publish(|slice| slice.task.store(0, Relaxed));
    }

    /// Sets the times for which the task was queued and unnoticed before this slice.
    #[inline]
    pub(super) fn set_lateness(&self, queued: CompactDuration, unnoticed: CompactDuration) {
        let packed = u64::from(queued.to_bits()) << 32 | u64::from(unnoticed.to_bits());
        self.publish(|slice| slice.lateness.store(packed, Relaxed));
    }

    /// Sets the label of the task's present step.
    pub(super) fn set_label(&self, label: Label) {
        self.publish(|slice| slice.label.store(label.0, Relaxed));
    }

    /// Notes that a blocking step began at `since`. If `since` is `None`, notes that the blocking
    /// step has ended.
    pub(super) fn set_blocking(&self, since: Option<ProcessInstant>, reason: Reason, label: Label) {
        self.publish(|slice| {
            slice.blocking_since.store(since.map_or(0, |since| since.0), Relaxed);
            slice.blocked_on.store(reason as u8, Relaxed);
            slice.label.store(label.0, Relaxed);
        });
    }

    /// Writes several fields so that a reader sees all of the changes or none.
    #[inline]
    fn publish(&self, write: impl FnOnce(&OpenSlice)) {
        let version = self.version.load(Relaxed);
        self.version.store(version.wrapping_add(1), Relaxed);
        fence(Release);
        write(self);
        self.version.store(version.wrapping_add(2), Release);
    }

    /// Reads the slice. `lane` becomes a field of the result. Returns `None` if the lane is idle,
    /// or if the lane begins and ends slices faster than they can be read.
    pub(super) fn read(&self, lane: LaneId) -> Option<CurrentSlice<ProcessClock>> {
        for _ in 0..ATTEMPTS {
            let before = self.version.load(Acquire);
            let task = TaskId::new(self.task.load(Relaxed));
            let start = ProcessInstant::new(self.start.load(Relaxed));
            let lateness = self.lateness.load(Relaxed);
            let blocking = self.blocking_since.load(Relaxed);
            let blocked_on = self.blocked_on.load(Relaxed);
            let label = Label(self.label.load(Relaxed));
            fence(Acquire);
            if before.is_multiple_of(2) && self.version.load(Relaxed) == before {
                return task.map(|task| CurrentSlice {
                    lane,
                    task,
                    start,
                    queued: CompactDuration::from_bits((lateness >> 32) as u32),
                    unnoticed: CompactDuration::from_bits(lateness as u32),
                    blocking_since: (blocking != 0).then_some(ProcessInstant::new(blocking)),
                    blocked_on: Reason::from_bits(blocked_on),
                    // This limit is only in the task's slot: see `TaskScanner::mark_overdue`.
                    overdue_since: None,
                    label,
                });
            }
            spin_loop();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_reader_never_sees_half_a_slice() {
        let slice = Arc::new(OpenSlice::default());
        let writer = slice.clone();
        let thread = std::thread::spawn(move || {
            for n in 1..200_000 {
                writer.begin(TaskId::new(n).expect("not zero"), ProcessInstant::new(n.into()));
            }
        });
        let mut seen = 0;
        while !thread.is_finished() || seen == 0 {
            if let Some(current) = slice.read(LaneId(0)) {
                assert_eq!(u64::from(current.task.get()), current.start.0);
                seen += 1;
            }
        }
        thread.join().expect("the writer does not panic");
    }
}
