//! The lane of the calling thread: a thread-local recorder that records slices and blocking steps.
//!
//! ```text
//!   begin(task) ─► [take_wake] ─► [set_wait] [blocking …] ─► end
//!       │               │             │                       │
//!       └ clock         └ stamps      └ reason, label         └ clock, one push into the ring,
//!                                                               sums of the task
//! ```
//!
//! A task that polls its own branches calls `begin_branch` and `end_branch` around each of
//! these polls. The slice of the branch lies inside the task's slice.
//!
//! A thread becomes a lane at its first slice, which allocates its ring. After that, no function of
//! this module allocates memory, takes a lock, or waits. On a thread that is not a lane, every
//! function works but records nothing.

mod recorder;

use super::registry::{RegisteredTask, Registry};
use super::wake_stamps::WakeStamps;
use crate::record::{Label, LaneKind, Nanos, ProcessClock, ProcessInstant, Reason, Record, TaskId};
use recorder::Recorder;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

thread_local! {
    static LANE: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Runs `f` on the calling thread's lane, if the thread is a lane. A thread that is ending may have
/// lost its thread-local values. Then the thread is not a lane any more.
#[inline]
fn with<R>(f: impl FnOnce(&mut Recorder) -> R) -> Option<R> {
    LANE.try_with(|lane| lane.borrow_mut().as_mut().map(f)).ok().flatten()
}

/// What a thread does while it is a lane.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// The thread runs an async worker. The function returns the number of the worker.
    Worker(fn() -> usize),
    /// The thread runs jobs. The value is the kind of the thread.
    Jobs(LaneKind),
}

impl Role {
    fn polls(self) -> bool {
        matches!(self, Role::Worker(_))
    }
}

/// Makes the calling thread a lane of `registry` for this role, unless it is already such a lane.
///
/// `block_in_place` can turn a worker into a blocking thread, and a blocking thread into a worker.
/// Such a thread gives up its lane and becomes a new lane.
pub(super) fn enter(registry: &Arc<Registry>, role: Role) {
    // A thread that is ending cannot become a lane.
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

/// Makes the calling thread a lane of this kind for jobs. If a thread calls this function before
/// its first job, the screen already shows the idle thread.
pub fn enter_for_jobs(registry: &Arc<Registry>, kind: LaneKind) {
    enter(registry, Role::Jobs(kind));
}

/// Makes the calling thread leave its lane.
pub(super) fn leave() {
    // If the thread is ending, it has already left its lane.
    let _ = LANE.try_with(|lane| lane.borrow_mut().take());
}

/// Begins a slice: `task` now holds this lane.
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

/// Ends the open slice, if there is one. The slice of a task of tasklab is still open only if the
/// task has ended in it.
#[inline]
pub(super) fn end() {
    let ended = with(|lane| {
        lane.current_task()?;
        lane.end(super::now(), None)
    });
    drop(ended);
}

/// Ends the open slice of `task`, and returns the instant.
///
/// A future calls this function itself at the end of a poll that leaves it pending. So one clock
/// read gives the end of the slice and the beginning of the task's next wait. What the runtime does
/// afterwards, until its next poll, belongs to no slice.
#[inline]
pub(super) fn end_slice_of(task: &RegisteredTask) -> ProcessInstant {
    let at = super::now();
    drop(with(|lane| lane.end(at, Some(task))));
    at
}

/// Notes that the task of the open slice ends in this slice.
pub(super) fn set_ended(task: &Arc<RegisteredTask>) {
    with(|lane| lane.set_ended(task));
}

/// Begins a slice of a branch inside the open slice of the task that polls the branch.
pub(super) fn begin_branch(branch: TaskId) {
    let at = super::now();
    with(|lane| lane.begin_branch(at, branch));
}

/// Ends the slice of the branch that began last, and returns the instant.
pub(super) fn end_branch(branch: &RegisteredTask) -> ProcessInstant {
    let at = super::now();
    drop(with(|lane| lane.end_branch(at, Some(branch))));
    at
}

/// Counts the last slice as a job. Must be called after [`end_slice_of`], so that there are never
/// more jobs than records of jobs.
pub(super) fn count_job() {
    with(|lane| lane.count_job());
}

/// Moves the wake-up stamps of the task to the open slice.
#[inline]
pub(super) fn take_wake(stamps: &WakeStamps) {
    with(|lane| lane.take_wake(stamps));
}

/// How long `task` was late before the open slice, if the open slice is a slice of `task`. Time
/// before `since` does not count.
pub(super) fn lateness(task: TaskId, since: ProcessInstant) -> Nanos {
    with(|lane| lane.lateness(task, since)).unwrap_or(Nanos::ZERO)
}

/// The task that holds the calling thread's lane.
#[inline]
pub(super) fn current_task() -> Option<TaskId> {
    with(|lane| lane.current_task()).flatten()
}

/// Notes that the calling thread parks now. A parked thread waits for work, and may also wait for
/// events of the driver.
pub(super) fn park() {
    let at = super::now();
    with(|lane| lane.parked = Some(at));
}

/// Notes that the calling thread is not parked any more.
pub(super) fn unpark() {
    with(|lane| lane.parked = None);
}

/// The cause of a wake-up that happens on the calling thread now.
#[derive(Clone, Copy)]
pub(super) enum WakeCause {
    /// The task that holds the thread's lane.
    Task(TaskId),
    /// The driver, on which the thread has been parked since this instant.
    Park(ProcessInstant),
    /// Something else, or an unknown cause.
    Other,
}

/// The cause of a wake-up on the calling thread.
#[inline]
pub(super) fn wake_cause() -> WakeCause {
    with(|lane| lane.wake_cause()).unwrap_or(WakeCause::Other)
}

/// Writes a record into this thread's ring, or passes it to the registry if the thread is not a
/// lane of this run. Returns `false` if the ring was full and the record was counted as lost.
pub(super) fn write(registry: &Registry, record: Record<ProcessClock>) -> bool {
    let written = with(|lane| lane.belongs_to(registry).then(|| lane.push(record)));
    written.flatten().unwrap_or_else(|| {
        registry.record_off_lane(record);
        true
    })
}

/// Sets the event that the task waits for after the open slice. Only the last call before the end
/// of the slice has an effect.
#[inline]
pub fn set_wait(reason: Reason, label: Label) {
    with(|lane| lane.set_wait(reason, label));
}

/// Sets the label of the present step, which is shown while the slice is open.
pub fn set_step(label: Label) {
    with(|lane| lane.set_step(label));
}

/// Runs `body` and records it as a blocking step, even if `body` panics. In `body`, the calling
/// thread sleeps in the operating system while it holds its lane. `reason` is the kind of event
/// that the thread sleeps for, and `label` names the step.
pub fn blocking<R>(reason: Reason, label: Label, body: impl FnOnce() -> R) -> R {
    let _blocking = Blocking::begin(reason, label);
    body()
}

/// A blocking step of the calling thread. The step is recorded when this value is dropped. The drop
/// happens on the same thread.
pub struct Blocking {
    start: ProcessInstant,
    reason: Reason,
    label: Label,
    /// The lane belongs to the thread, so the value must not move to another thread.
    thread: PhantomData<*const ()>,
}

impl Blocking {
    /// Begins a blocking step. `reason` is the kind of event that the thread sleeps for.
    pub fn begin(reason: Reason, label: Label) -> Blocking {
        let start = super::now();
        with(|lane| lane.begin_blocking(start, reason, label));
        Blocking {
            start,
            reason,
            label,
            thread: PhantomData,
        }
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        let now = super::now();
        with(|lane| lane.end_blocking(self.start, now, self.reason, self.label));
    }
}
