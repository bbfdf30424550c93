//! The sums of a task: the time in each state up to the end of its last slice. The sums are exact
//! even if rings lose records.
//!
//! Only the thread that ends a slice of the task writes the sums. A runtime synchronises each poll
//! of a task with the next one, so the writes need no read-modify-write. The monitor reads the sums
//! only if the task has lost a record since the last read: see [`LossNote`]. A sequence lock
//! makes sure that a reader gets the sums up to one instant.
//!
//! The thread pushes the record of a slice first, and then adds the slice to the sums. The monitor
//! reads the sums, and then drains the rings. So the monitor has all records of the slices that the
//! sums contain, except the records that are lost.

use super::seq_lock::SeqLock;
use super::sync::{Acquire, AtomicU8, AtomicU32, AtomicU64, Relaxed, Release};
use crate::record::{HOGGING_POLL, Label, Nanos, ProcessClock, ProcessInstant, Reason, TaskId, TaskSums, WaitParts};
use std::array;

/// A slice that has ended, with the wait before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndedSlice {
    pub start: ProcessInstant,
    pub end: ProcessInstant,
    /// The part of the slice in which the thread slept in the OS.
    pub blocking: Nanos,
    /// The last parts of the wait before the slice.
    pub queued: Nanos,
    pub unnoticed: Nanos,
    /// What the task waits for after the slice.
    pub reason: Reason,
    pub label: Label,
    /// Whether the record of the slice was lost.
    pub is_lost: bool,
    /// Whether the lane is a worker of an async runtime.
    pub on_worker: bool,
}

impl EndedSlice {
    /// The same slice and the wait before it, both cut at the end of the run.
    fn until(self, run_end: ProcessInstant) -> EndedSlice {
        let after_end = self.start - run_end;
        EndedSlice {
            start: self.start.min(run_end),
            end: self.end.min(run_end),
            queued: self.queued - after_end,
            unnoticed: self.unnoticed - (after_end - self.queued),
            // A slice that began after the end is not part of the run.
            is_lost: self.is_lost && self.start < run_end,
            ..self
        }
    }
}

/// The sums of one task. The words that each poll changes come first.
#[repr(C)]
#[derive(Default)]
pub(super) struct ExactSums {
    lock: SeqLock,
    /// What the task waits for: a [`Label`] in the upper half, a [`Reason`] in the lowest byte. The
    /// bit [`ON_WORKER`] says whether the task has held a worker of an async runtime.
    wait: AtomicU32,
    /// The end of the last slice, or the spawn.
    until: AtomicU64,
    running: AtomicU64,
    queued: AtomicU64,
    unnoticed: AtomicU64,
    blocking: AtomicU64,
    /// The part of `running` in slices of at least [`HOGGING_POLL`].
    hogging: AtomicU64,
    /// The number of slices whose records were lost.
    lost: AtomicU64,
    suspended_on: [AtomicU64; Reason::Yield as usize],
}

const ON_WORKER: u32 = 1 << 8;

impl ExactSums {
    /// Begins the sums of a task that was spawned at `at`, and is queued since then.
    pub(super) fn begin(&self, at: ProcessInstant) {
        self.lock.write(|| {
            self.until.store(at.0, Relaxed);
            self.wait.store(Reason::Yield as u32, Relaxed);
        });
    }

    /// Adds a slice and the wait before it. Nothing after `run_end` is added.
    #[inline]
    pub(super) fn add(&self, slice: EndedSlice, run_end: ProcessInstant) {
        let since = ProcessInstant::new(self.until.load(Relaxed));
        let slice = if slice.end <= run_end {
            slice
        } else {
            slice.until(run_end)
        };
        if slice.end <= since && !slice.is_lost {
            return;
        }
        let before = self.wait.load(Relaxed);
        let reason = Reason::from_bits(before as u8);
        // The clocks of two cores may differ by a few nanoseconds.
        let start = slice.start.max(since);
        let wait = WaitParts::divide(reason, start - since, slice.queued, slice.unnoticed);
        let blocking = slice.blocking.min(slice.end - start);
        self.lock.write(|| {
            add(&self.running, (slice.end - start) - blocking);
            add(&self.queued, wait.queued);
            if wait.suspended + wait.unnoticed > Nanos::ZERO {
                add(&self.unnoticed, wait.unnoticed);
                add(&self.suspended_on[reason as usize], wait.suspended);
            }
            if blocking > Nanos::ZERO {
                add(&self.blocking, blocking);
            }
            if slice.end - slice.start >= HOGGING_POLL {
                add(&self.hogging, (slice.end - start) - blocking);
            }
            if slice.is_lost {
                add(&self.lost, Nanos(1));
            }
            self.until.store(slice.end.max(since).0, Relaxed);
            let next = u32::from(slice.label.0) << 16 | slice.reason as u32;
            let on_worker = if slice.on_worker { ON_WORKER } else { before & ON_WORKER };
            self.wait.store(next | on_worker, Relaxed);
        });
    }

    /// The total lateness of the task before the slices that have ended, and the end of the last
    /// slice. Only the thread that may run the task now can call this method.
    pub(super) fn lateness(&self) -> (Nanos, ProcessInstant) {
        let lateness = self.queued.load(Relaxed) + self.unnoticed.load(Relaxed);
        (Nanos(lateness), ProcessInstant::new(self.until.load(Relaxed)))
    }

    /// Reads the sums. `task` becomes a field of the result. Returns `None` if slices end faster
    /// than the sums can be read.
    pub(super) fn read(&self, task: TaskId) -> Option<TaskSums<ProcessClock>> {
        let nanos = |word: &AtomicU64| Nanos(word.load(Relaxed));
        self.lock.read(|| {
            let wait = self.wait.load(Relaxed);
            TaskSums {
                until: ProcessInstant::new(self.until.load(Relaxed)),
                task,
                lost: self.lost.load(Relaxed),
                running: nanos(&self.running),
                hogging: nanos(&self.hogging),
                blocking: nanos(&self.blocking),
                queued: nanos(&self.queued),
                unnoticed: nanos(&self.unnoticed),
                suspended_on: array::from_fn(|reason| nanos(&self.suspended_on[reason])),
                on_worker: wait & ON_WORKER > 0,
                reason: Reason::from_bits(wait as u8),
                label: Label((wait >> 16) as u16),
            }
        })
    }
}

/// A note that the records of slices of a task were lost.
///
/// The thread that ends a lost slice first adds the slice to the sums, and then leaves the note
/// (release). The monitor first takes the note (acquire), and then reads the sums. So these sums
/// contain the lost slice, and the next lost slice leaves a new note. While a task loses no further
/// record, its sums need not be read again: the records contain everything that follows.
#[derive(Default)]
pub(super) struct LossNote(AtomicU8);

impl LossNote {
    /// No record was lost.
    const NONE: u8 = 0;
    /// The sums have been read since the last loss.
    const READ: u8 = 1;
    /// A record was lost since the sums were read.
    const NEW: u8 = 2;

    /// Notes a loss. The lost slice has been added to the sums. A store would do, but the models in
    /// `tests/loom` only know the order of two changes if the later one reads the earlier one.
    pub(super) fn note(&self) {
        self.0.swap(LossNote::NEW, Release);
    }

    /// Whether any record was lost, also before the last read of the sums.
    pub(super) fn is_any(&self) -> bool {
        self.0.load(Relaxed) != LossNote::NONE
    }

    /// Whether a record was lost since the last read of the sums.
    pub(super) fn is_new(&self) -> bool {
        self.0.load(Relaxed) == LossNote::NEW
    }

    /// Reads the sums if a record was lost since the last read. Only the monitor calls this method.
    /// If the sums cannot be read now, the note stays.
    pub(super) fn read_new(&self, sums: &ExactSums, task: TaskId) -> Option<TaskSums<ProcessClock>> {
        if !self.is_new() {
            return None;
        }
        // A store could replace a newer note, whose lost slice the sums do not show yet.
        self.0.swap(LossNote::READ, Acquire);
        let read = sums.read(task);
        if read.is_none() {
            self.note();
        }
        read
    }
}

/// Adds to a word that only the calling thread writes. A load and a store cost less than a
/// read-modify-write.
#[inline]
fn add(word: &AtomicU64, more: Nanos) {
    word.store(word.load(Relaxed).wrapping_add(more.0), Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ByReason;

    const NEVER: ProcessInstant = ProcessInstant::MAX;

    fn at(nanos: u64) -> ProcessInstant {
        ProcessInstant::new(nanos)
    }

    fn slice(start: u64, end: u64, reason: Reason) -> EndedSlice {
        EndedSlice {
            start: at(start),
            end: at(end),
            blocking: Nanos::ZERO,
            queued: Nanos::ZERO,
            unnoticed: Nanos::ZERO,
            reason,
            label: Label(7),
            is_lost: false,
            on_worker: true,
        }
    }

    fn begun() -> ExactSums {
        let sums = ExactSums::default();
        sums.begin(at(10));
        sums
    }

    fn read(sums: &ExactSums) -> TaskSums<ProcessClock> {
        sums.read(TaskId(std::num::NonZeroU32::MIN)).expect("no thread writes")
    }

    fn total(sums: &TaskSums<ProcessClock>) -> Nanos {
        sums.running + sums.blocking + sums.queued + sums.unnoticed + sums.suspended_on.into_iter().sum()
    }

    #[test]
    fn the_sums_add_up_to_the_life_of_the_task() {
        let sums = begun();
        sums.add(slice(15, 25, Reason::Timer), NEVER);
        sums.add(
            EndedSlice {
                blocking: Nanos(6),
                queued: Nanos(4),
                unnoticed: Nanos(3),
                is_lost: true,
                ..slice(45, 55, Reason::Yield)
            },
            NEVER,
        );
        sums.add(slice(60, 61, Reason::Http), NEVER);
        let sums = read(&sums);
        let mut suspended_on = ByReason::default();
        suspended_on[Reason::Timer as usize] = Nanos(13);
        let expected = TaskSums {
            until: at(61),
            task: sums.task,
            lost: 1,
            running: Nanos(10 + 4 + 1),
            hogging: Nanos::ZERO,
            blocking: Nanos(6),
            queued: Nanos(5 + 4 + 5),
            unnoticed: Nanos(3),
            suspended_on,
            on_worker: true,
            reason: Reason::Http,
            label: Label(7),
        };
        assert_eq!(sums, expected);
        assert_eq!(total(&sums), at(61) - at(10));
    }

    #[test]
    fn the_sums_end_with_the_run() {
        let waited = EndedSlice {
            queued: Nanos(10),
            unnoticed: Nanos(15),
            is_lost: true,
            ..slice(50, 60, Reason::Timer)
        };
        let expected = [
            (55, 15, 10, 5, 1),
            (50, 15, 10, 0, 0),
            (45, 15, 5, 0, 0),
            (35, 10, 0, 0, 0),
        ];
        for (end, unnoticed, queued, running, lost) in expected {
            let sums = begun();
            sums.add(slice(10, 20, Reason::Timer), at(end));
            for slice in [waited, slice(70, 80, Reason::Timer)] {
                sums.add(slice, at(end));
            }
            let sums = read(&sums);
            assert_eq!((sums.until, total(&sums)), (at(end), at(end) - at(10)));
            assert_eq!(
                (sums.unnoticed.0, sums.queued.0, sums.running.0 - 10, sums.lost),
                (unnoticed, queued, running, lost),
                "the run ends at {end}"
            );
        }
    }

    #[test]
    fn slices_that_overlap_do_not_count_twice() {
        let sums = begun();
        sums.add(slice(12, 30, Reason::Timer), NEVER);
        sums.add(slice(28, 40, Reason::Timer), NEVER);
        sums.add(slice(31, 39, Reason::Timer), NEVER);
        let sums = read(&sums);
        assert_eq!((sums.running, total(&sums)), (Nanos(28), Nanos(30)));
    }
}
