//! The present slice of a lane. The lane's thread writes the slice, and the monitor reads the
//! slice.
//!
//! A reader must get all fields of the same slice, and the measured thread must never wait. So a
//! sequence lock protects the fields.

use super::seq_lock::SeqLock;
use super::sync::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Relaxed};
use crate::record::{CompactDuration, CurrentSlice, Label, LaneId, ProcessClock, ProcessInstant, Reason, TaskId};

/// The data of an open slice that the monitor reads.
#[derive(Default)]
pub(super) struct OpenSlice {
    lock: SeqLock,
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
        self.lock.write(|| {
            self.task.store(task.get(), Relaxed);
            self.start.store(start.0, Relaxed);
            self.lateness.store(0, Relaxed);
            self.label.store(0, Relaxed);
        });
    }

    /// Ends the slice. The lane is idle afterwards.
    #[inline]
    pub(super) fn end(&self) {
        self.lock.write(|| self.task.store(0, Relaxed));
    }

    /// Sets the times for which the task was queued and unnoticed before this slice.
    #[inline]
    pub(super) fn set_lateness(&self, queued: CompactDuration, unnoticed: CompactDuration) {
        let packed = u64::from(queued.to_bits()) << 32 | u64::from(unnoticed.to_bits());
        self.lock.write(|| self.lateness.store(packed, Relaxed));
    }

    /// Sets the label of the task's present step.
    pub(super) fn set_label(&self, label: Label) {
        self.lock.write(|| self.label.store(label.0, Relaxed));
    }

    /// Notes that a blocking step began at `since`. If `since` is `None`, notes that the blocking
    /// step has ended.
    pub(super) fn set_blocking(&self, since: Option<ProcessInstant>, reason: Reason, label: Label) {
        self.lock.write(|| {
            self.blocking_since.store(since.map_or(0, |since| since.0), Relaxed);
            self.blocked_on.store(reason as u8, Relaxed);
            self.label.store(label.0, Relaxed);
        });
    }

    /// Reads the slice. `lane` becomes a field of the result. Returns `None` if the lane is idle,
    /// or if the lane begins and ends slices faster than they can be read.
    pub(super) fn read(&self, lane: LaneId) -> Option<CurrentSlice<ProcessClock>> {
        let read = || {
            let task = TaskId::new(self.task.load(Relaxed));
            let start = ProcessInstant::new(self.start.load(Relaxed));
            let lateness = self.lateness.load(Relaxed);
            let blocking = self.blocking_since.load(Relaxed);
            let blocked_on = self.blocked_on.load(Relaxed);
            let label = Label(self.label.load(Relaxed));
            task.map(|task| CurrentSlice {
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
            })
        };
        self.lock.read(read).flatten()
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
