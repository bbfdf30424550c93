//! The recorder of one lane: a thread-local that turns begins and ends into records.
//!
//! ```text
//!   begin(task) ─► [woken] ─► [waiting] [blocking …] ─► end
//!       │             │            │                     │
//!       └ clock       └ stamps     └ reason, label       └ clock, one push into the ring
//! ```
//!
//! A thread becomes a lane at its first slice, which allocates its ring; from then on nothing here allocates, locks or waits.
//! On a thread that is no lane every function does its work without recording it.

use super::registry::Registry;
use super::task::{TaskHandle, TaskSlot};
use crate::record::{
    CompactDuration, CurrentSlice, Label, LaneId, LaneKind, Outcome, ProcessClock, ProcessInstant, Reason, Record,
    Repetition, Slice, Step, TaskId,
};
use rtrb::Producer;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};

thread_local! {
    static LANE: RefCell<Option<Lane>> = const { RefCell::new(None) };
}

struct Lane {
    registry: Arc<Registry>,
    /// Its thread polls; a lane for jobs otherwise.
    polls: bool,
    ring: Producer<Record<ProcessClock>>,
    shared: Arc<LaneShared>,
    /// The slice that is open, if `task` is set.
    open: Open,
}

struct Open {
    task: Option<TaskId>,
    start: ProcessInstant,
    queued: CompactDuration,
    unnoticed: CompactDuration,
    woken_by: Option<TaskId>,
    label: Label,
    reason: Reason,
}

impl Open {
    const NOTHING: Open = Open {
        task: None,
        start: ProcessInstant::ZERO,
        queued: CompactDuration::ZERO,
        unnoticed: CompactDuration::ZERO,
        woken_by: None,
        label: Label::NONE,
        reason: Reason::Unknown,
    };
}

/// One more, by the only thread that writes this counter.
#[inline]
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

impl Lane {
    /// Whether there was room for it, or it needs none.
    #[inline]
    fn push(&mut self, record: Record<ProcessClock>) -> bool {
        let fits = self.ring.push(record).is_ok();
        if !fits {
            // What happens to a task once in its life is told in any case: so rarely somebody may wait for a lock.
            if matches!(record, Record::Spawned(_) | Record::Orphaned(_) | Record::Ended(_)) {
                self.registry.outside(record);
                return true;
            }
            let lost = match record {
                Record::Slice(_) => &self.shared.lost_slices,
                _ => &self.shared.lost_others,
            };
            count(lost);
        }
        fits
    }

    /// Whether it is a lane of this registry and for this role.
    #[inline]
    fn fits(&self, registry: &Arc<Registry>, role: Role) -> bool {
        Arc::ptr_eq(&self.registry, registry) && self.polls == role.polls()
    }

    #[inline]
    fn begin(&mut self, at: ProcessInstant, task: TaskId) {
        self.open = Open {
            task: Some(task),
            start: at,
            ..Open::NOTHING
        };
        self.shared.publish(|s| {
            s.task.store(task.get(), Ordering::Relaxed);
            s.start.store(at.0, Ordering::Relaxed);
            s.late.store(0, Ordering::Relaxed);
            s.label.store(0, Ordering::Relaxed);
        });
    }

    #[inline]
    fn end(&mut self, at: ProcessInstant) {
        let open = std::mem::replace(&mut self.open, Open::NOTHING);
        let Some(task) = open.task else { return };
        self.push(Record::Slice(Slice {
            start: open.start,
            task,
            len: CompactDuration::new(at - open.start),
            queued: open.queued,
            unnoticed: open.unnoticed,
            woken_by: open.woken_by,
            label: open.label,
            suspended_on: open.reason,
        }));
        self.shared.publish(|s| s.task.store(0, Ordering::Relaxed));
    }

    #[inline]
    fn woken(&mut self, slot: &TaskSlot) {
        let (queued, unnoticed, by) = slot.take_wake(self.open.start);
        self.open.queued = queued;
        self.open.unnoticed = unnoticed;
        self.open.woken_by = by;
        let late = self.open.start - (queued.get() + unnoticed.get());
        if late != self.open.start {
            self.shared.publish(|s| {
                s.late.store(
                    u64::from(queued.to_bits()) << 32 | u64::from(unnoticed.to_bits()),
                    Ordering::Relaxed,
                );
            });
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.end(super::now());
        self.shared.gone.store(true, Ordering::Release);
    }
}

/// What the monitor may see of a lane between two records.
pub(super) struct LaneShared {
    /// Odd while the owner writes.
    version: AtomicU32,
    /// Zero: idle.
    task: AtomicU32,
    start: AtomicU64,
    /// `queued` in the upper half, `unnoticed` in the lower.
    late: AtomicU64,
    /// Zero: its thread is not in a blocking step.
    blocking_since: AtomicU64,
    label: AtomicU16,
    /// Slices that were jobs and no polls.
    pub(super) jobs: AtomicU64,
    pub(super) lost_slices: AtomicU64,
    pub(super) lost_others: AtomicU64,
    /// The thread is over, and its ring holds all there will be.
    pub(super) gone: AtomicBool,
    /// The kernel's name for the thread.
    pub(super) tid: i32,
}

impl LaneShared {
    /// For the calling thread.
    pub(super) fn new() -> LaneShared {
        LaneShared {
            version: AtomicU32::new(0),
            task: AtomicU32::new(0),
            start: AtomicU64::new(0),
            late: AtomicU64::new(0),
            blocking_since: AtomicU64::new(0),
            label: AtomicU16::new(0),
            jobs: AtomicU64::new(0),
            lost_slices: AtomicU64::new(0),
            lost_others: AtomicU64::new(0),
            gone: AtomicBool::new(false),
            tid: rustix::thread::gettid().as_raw_nonzero().get(),
        }
    }

    /// Writes several fields so that a reader sees all of them or none (a sequence lock: the writer never waits).
    #[inline]
    fn publish(&self, write: impl FnOnce(&LaneShared)) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        write(self);
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    /// The slice that is open, or nothing if the lane is idle (or changes slices faster than one can look).
    pub(super) fn current(&self, lane: LaneId) -> Option<CurrentSlice<ProcessClock>> {
        for _ in 0..16 {
            let before = self.version.load(Ordering::Acquire);
            let task = TaskId::new(self.task.load(Ordering::Relaxed));
            let start = ProcessInstant::new(self.start.load(Ordering::Relaxed));
            let late = self.late.load(Ordering::Relaxed);
            let blocking = self.blocking_since.load(Ordering::Relaxed);
            let label = Label(self.label.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == before {
                return task.map(|task| CurrentSlice {
                    lane,
                    task,
                    start,
                    queued: CompactDuration::from_bits((late >> 32) as u32),
                    unnoticed: CompactDuration::from_bits(late as u32),
                    blocking_since: (blocking != 0).then_some(ProcessInstant::new(blocking)),
                    // The task knows, not the lane.
                    overdue_since: None,
                    label,
                });
            }
            std::hint::spin_loop();
        }
        None
    }
}

/// Runs `f` on the calling thread's lane, if it is one. Thread-locals are gone while a thread dies: then it is none.
#[inline]
fn with<R>(f: impl FnOnce(&mut Lane) -> R) -> Option<R> {
    LANE.try_with(|lane| lane.borrow_mut().as_mut().map(f)).ok().flatten()
}

/// What a thread does as a lane.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// It runs this async worker.
    Worker(fn() -> usize),
    /// It runs jobs, on a thread of this kind.
    Jobs(LaneKind),
}

impl Role {
    fn polls(self) -> bool {
        matches!(self, Role::Worker(_))
    }
}

/// Makes the calling thread a lane of `registry` for this role, unless it is one already.
///
/// `block_in_place` makes workers of blocking threads and the other way round; such a thread leaves its lane for another.
pub(super) fn enter(registry: &Arc<Registry>, role: Role) {
    // A dying thread has no thread-locals any more and cannot become a lane.
    let _ = LANE.try_with(|lane| {
        let mut lane = lane.borrow_mut();
        if lane.as_ref().is_some_and(|lane| lane.fits(registry, role)) {
            return;
        }
        // The lane before ends first, so that its place can be taken.
        drop(lane.take());
        let new = match role {
            Role::Worker(number) => registry.new_lane(LaneKind::Worker, Some(number())),
            Role::Jobs(kind) => registry.new_lane(kind, None),
        };
        *lane = new.map(|(ring, shared)| Lane {
            registry: registry.clone(),
            polls: role.polls(),
            ring,
            shared,
            open: Open::NOTHING,
        });
    });
}

/// Makes the calling thread a lane of this kind for [`job`]s before it has one, so that it is seen idle.
pub fn ready_for_jobs(registry: &Arc<Registry>, kind: LaneKind) {
    enter(registry, Role::Jobs(kind));
}

/// The calling thread is no lane any more.
pub(super) fn leave() {
    // Gone already, if the thread dies.
    let _ = LANE.try_with(|lane| lane.borrow_mut().take());
}

/// A slice begins: `task` holds this lane from now on.
#[inline]
pub(super) fn begin(registry: &Arc<Registry>, task: TaskId, role: Role) {
    let at = super::now();
    let begun = with(|lane| {
        let fits = lane.fits(registry, role);
        if fits {
            lane.begin(at, task);
        }
        fits
    });
    if begun != Some(true) {
        enter(registry, role);
        if with(|lane| lane.begin(at, task)).is_none() {
            registry.unseen(!role.polls());
        }
    }
}

/// The open slice ends now.
#[inline]
pub(super) fn end() {
    let at = super::now();
    with(|lane| lane.end(at));
}

/// The task of the open slice takes its wake-up stamps.
#[inline]
pub(super) fn woken(slot: &TaskSlot) {
    with(|lane| lane.woken(slot));
}

/// The task that holds the calling thread's lane.
#[inline]
pub(super) fn current_task() -> Option<TaskId> {
    with(|lane| lane.open.task).flatten()
}

/// Writes a record into this thread's ring, or takes the way round if the thread is no lane. Tells whether the record is kept.
pub(super) fn write(registry: &Registry, record: Record<ProcessClock>) -> bool {
    let written = with(|lane| {
        // A lane of another run's is none of this one's.
        let ours = std::ptr::eq(&raw const *lane.registry, registry);
        ours.then(|| lane.push(record))
    });
    written.flatten().unwrap_or_else(|| {
        registry.outside(record);
        true
    })
}

/// If the present slice ends now, it is because its task waits for this. The last word before the slice's end counts.
#[inline]
pub fn waiting(reason: Reason, label: Label) {
    with(|lane| {
        lane.open.reason = reason;
        lane.open.label = label;
    });
}

/// Runs `body`, in which the calling thread sleeps in the operating system while it holds its lane.
pub fn blocking<R>(label: Label, body: impl FnOnce() -> R) -> R {
    /// Also ends the step if the body panics.
    struct Blocking(ProcessInstant, Label);
    impl Drop for Blocking {
        fn drop(&mut self) {
            let now = super::now();
            with(|lane| {
                lane.shared.publish(|s| {
                    s.blocking_since.store(0, Ordering::Relaxed);
                    s.label.store(0, Ordering::Relaxed);
                });
                if let Some(task) = lane.open.task {
                    lane.push(Record::Step(Step {
                        start: self.0,
                        task,
                        len: CompactDuration::new(now - self.0),
                        label: self.1,
                        blocking: true,
                    }));
                }
            });
        }
    }
    let start = super::now();
    with(|lane| {
        lane.shared.publish(|s| {
            s.blocking_since.store(start.0, Ordering::Relaxed);
            s.label.store(label.0, Ordering::Relaxed);
        });
    });
    let _end = Blocking(start, label);
    body()
}

/// The present slice is in this step now; shown while it lasts.
pub fn entering(label: Label) {
    with(|lane| {
        lane.shared.publish(|s| s.label.store(label.0, Ordering::Relaxed));
    });
}

/// A step of this task that began at `start` ends now. It may have spanned many slices.
pub fn step(task: &TaskHandle, label: Label, start: ProcessInstant) {
    let record = Step {
        start,
        task: task.id(),
        len: CompactDuration::new(super::now() - start),
        label,
        blocking: false,
    };
    write(task.slot().registry(), Record::Step(record));
}

/// A repetition of this task that began at `start` ends now. It counts also if there is no room for its record.
pub fn repetition(task: &TaskHandle, start: ProcessInstant, outcome: Outcome) {
    let record = Repetition {
        start,
        task: task.id(),
        len: CompactDuration::new(super::now() - start),
        outcome,
    };
    let slot = task.slot();
    if !write(slot.registry(), Record::Repetition(record)) {
        slot.registry().repetition_lost(slot.group(), outcome);
    }
}

/// Runs one job of `task` on the calling thread as one slice, however the job ends.
///
/// The job was ready to run since `queued_since`; when it is over, its task waits for `then`. A thread that has not said what it
/// is ([`ready_for_jobs`]) is one of a blocking pool.
pub fn job<R>(task: &TaskHandle, queued_since: ProcessInstant, then: Reason, body: impl FnOnce() -> R) -> R {
    /// Also ends the slice if the job panics.
    struct Job;
    impl Drop for Job {
        fn drop(&mut self) {
            end();
            // After its record, so that there are never more jobs than records of them.
            with(|lane| count(&lane.shared.jobs));
        }
    }
    task.slot().woken_at(queued_since);
    begin(task.slot().registry(), task.id(), Role::Jobs(LaneKind::Blocking));
    woken(task.slot());
    waiting(then, Label::NONE);
    let _end = Job;
    body()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_never_sees_half_a_slice() {
        let shared = Arc::new(LaneShared::new());
        let writer = shared.clone();
        let thread = std::thread::spawn(move || {
            for n in 1..200_000u32 {
                writer.publish(|s| {
                    s.task.store(n, Ordering::Relaxed);
                    s.start.store(u64::from(n), Ordering::Relaxed);
                });
            }
        });
        let mut seen = 0;
        while !thread.is_finished() || seen == 0 {
            if let Some(current) = shared.current(LaneId(0)) {
                assert_eq!(u64::from(current.task.get()), current.start.0);
                seen += 1;
            }
        }
        thread.join().unwrap();
    }
}
