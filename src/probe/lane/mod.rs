//! The lane of the calling thread: a thread-local recorder that turns begins and ends into records.
//!
//! ```text
//!   begin(task) ─► [take_wake] ─► [set_wait] [blocking …] ─► end
//!       │               │             │                       │
//!       └ clock         └ stamps      └ reason, label         └ clock, one push into the ring
//! ```
//!
//! A thread becomes a lane at its first slice, which allocates its ring. From then on nothing here
//! allocates, locks or waits. On a thread that is no lane, every function does its work without
//! recording it.

mod recorder;

use super::registry::Registry;
use super::wake_stamps::WakeStamps;
use crate::record::{Label, LaneKind, ProcessClock, ProcessInstant, Reason, Record, TaskId};
use recorder::Recorder;
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    static LANE: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Runs `f` on the calling thread's lane, if it is one. A dying thread has no thread-locals any
/// more and is no lane.
#[inline]
fn with<R>(f: impl FnOnce(&mut Recorder) -> R) -> Option<R> {
    LANE.try_with(|lane| lane.borrow_mut().as_mut().map(f)).ok().flatten()
}

/// What a thread does as a lane.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// It runs an async worker, whose number this function gives.
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
/// `block_in_place` makes blocking threads of workers and workers of blocking threads. Such a
/// thread leaves its lane for another one.
pub(super) fn enter(registry: &Arc<Registry>, role: Role) {
    // A dying thread cannot become a lane.
    let _ = LANE.try_with(|lane| {
        let mut lane = lane.borrow_mut();
        if lane.as_ref().is_some_and(|lane| lane.matches(registry, role)) {
            return;
        }
        // The old lane ends first, so that its identity can be used again.
        drop(lane.take());
        let new = match role {
            Role::Worker(number) => registry.new_lane(LaneKind::Worker, Some(number())),
            Role::Jobs(kind) => registry.new_lane(kind, None),
        };
        *lane = new.map(|(ring, shared)| Recorder::new(registry.clone(), role, ring, shared));
    });
}

/// Makes the calling thread a lane of this kind for jobs before its first job, so that it is shown
/// while it is idle.
pub fn enter_for_jobs(registry: &Arc<Registry>, kind: LaneKind) {
    enter(registry, Role::Jobs(kind));
}

/// The calling thread is no lane any more.
pub(super) fn leave() {
    // A dying thread has left already.
    let _ = LANE.try_with(|lane| lane.borrow_mut().take());
}

/// A slice begins: `task` holds this lane from now on.
#[inline]
pub(super) fn begin(registry: &Arc<Registry>, task: TaskId, role: Role) {
    let at = super::now();
    let begun = with(|lane| {
        let matches = lane.matches(registry, role);
        if matches {
            lane.begin(at, task);
        }
        matches
    });
    if begun != Some(true) {
        enter(registry, role);
        if with(|lane| lane.begin(at, task)).is_none() {
            registry.count_unrecorded_slice(!role.polls());
        }
    }
}

/// The open slice ends now.
#[inline]
pub(super) fn end() {
    let at = super::now();
    with(|lane| lane.end(at));
}

/// The open slice was a job, and has ended. To be called after [`end`], so that there are never
/// more jobs than records of jobs.
pub(super) fn count_job() {
    with(|lane| lane.count_job());
}

/// The open slice takes the wake-up stamps of its task.
#[inline]
pub(super) fn take_wake(stamps: &WakeStamps) {
    with(|lane| lane.take_wake(stamps));
}

/// The task that holds the calling thread's lane.
#[inline]
pub(super) fn current_task() -> Option<TaskId> {
    with(|lane| lane.current_task()).flatten()
}

/// Writes a record into this thread's ring, or through the registry if the thread is no lane of
/// this run. `false`: the ring was full, and the record is counted as lost.
pub(super) fn write(registry: &Registry, record: Record<ProcessClock>) -> bool {
    let written = with(|lane| lane.belongs_to(registry).then(|| lane.push(record)));
    written.flatten().unwrap_or_else(|| {
        registry.record_off_lane(record);
        true
    })
}

/// If the open slice ends now, it ends because its task waits for this. The last call before the
/// end of the slice counts.
#[inline]
pub fn set_wait(reason: Reason, label: Label) {
    with(|lane| lane.set_wait(reason, label));
}

/// The open slice is in this step now; shown while the slice lasts.
pub fn set_step(label: Label) {
    with(|lane| lane.set_step(label));
}

/// Runs `body`, in which the calling thread sleeps in the operating system while it holds its lane.
/// Recorded as a blocking step, also if `body` panics.
pub fn blocking<R>(label: Label, body: impl FnOnce() -> R) -> R {
    struct Blocking(ProcessInstant, Label);
    impl Drop for Blocking {
        fn drop(&mut self) {
            let now = super::now();
            with(|lane| lane.end_blocking(self.0, now, self.1));
        }
    }
    let start = super::now();
    with(|lane| lane.begin_blocking(start, label));
    let _end = Blocking(start, label);
    body()
}
