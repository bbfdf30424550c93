//! The handle of a task, for the code that runs the task's steps.

mod branch;
mod life;
mod resource;
mod spawn;

pub use branch::Branch;
pub use life::{End, RemoteTask};
pub use spawn::spawn;
pub(super) use spawn::{is_ours, name_spawned};

use super::lane::{self, Role};
use super::registry::{Group, RegisteredTask, Registry};
use crate::record::{
    CompactDuration, GroupId, Label, LaneKind, Nanos, Outcome, ProcessInstant, Reason, Record, Repetition, Step, TaskId,
};
use std::sync::Arc;

/// A handle of a task. Clones refer to the same task.
#[derive(Clone)]
pub struct TaskHandle(Arc<RegisteredTask>);

impl TaskHandle {
    fn without_id(registry: &Arc<Registry>, group: &Group, index: u32) -> TaskHandle {
        TaskHandle(Arc::new(RegisteredTask::new(registry.clone(), group.id, index)))
    }

    /// The task's id.
    ///
    /// # Panics
    /// Panics if the runtime has not assigned an id yet. The runtime assigns the id before the
    /// first poll.
    pub fn id(&self) -> TaskId {
        self.0.id().expect("a task has its id before it runs")
    }

    /// The task's name on screen, which consists of the group's name and the task's index: `api#7`.
    /// This method takes a lock, so use it only for messages.
    pub fn name(&self) -> String {
        format!("{}#{}", self.registry().group_name(self.0.group), self.0.index)
    }

    /// The task's group.
    pub fn group(&self) -> GroupId {
        self.0.group
    }

    /// Whether this is a branch, which its task polls.
    pub fn is_branch(&self) -> bool {
        self.0.is_branch()
    }

    /// The registry to which the task belongs.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.0.owner
    }

    /// The task's index within its group, from 0.
    pub fn index(&self) -> u32 {
        self.0.index
    }

    #[cfg(test)]
    pub(super) fn slot(&self) -> &Arc<RegisteredTask> {
        &self.0
    }

    /// The instant since which the task waits for its first slice.
    pub fn queued_since(&self) -> ProcessInstant {
        self.0.stamps.woken_at().unwrap_or(ProcessInstant::ZERO)
    }

    /// Sets the instant since which the task is queued for a job.
    pub fn set_queued_since(&self, at: ProcessInstant) {
        self.0.stamps.set_woken_at(at);
    }

    /// Sets the ready time of the event for which the task waits. This time can be in the past or
    /// in the future. Any thread may call this method.
    pub fn ready_at(&self, at: ProcessInstant) {
        self.0.set_ready(at);
    }

    /// The instant at which a timer with this deadline can fire on the runtime, if a worker polls
    /// the driver at that instant.
    pub fn timer_tick(&self, deadline: ProcessInstant) -> ProcessInstant {
        self.registry().ticks().at_or_after(deadline)
    }

    /// Sets the [tick](TaskHandle::timer_tick) of the timer that the task waits for. The worker
    /// that wakes the task may have been parked on the driver at the tick. Then the task is ready
    /// only at the end of that park, because the timer could not fire earlier.
    pub fn ready_at_tick(&self, tick: ProcessInstant) {
        self.0.set_timer(tick);
    }

    /// The ready time of the event for which the task waits, if this time is known.
    pub fn ready(&self) -> Option<ProcessInstant> {
        self.0.stamps.ready_at()
    }

    /// Says that the ready time of the event is not known.
    pub fn clear_ready(&self) {
        self.0.stamps.set_ready(None);
    }

    /// Sets the time limit of the task's present work to this instant, unless its present limit is
    /// earlier. Returns the previous limit, so that the caller can restore it afterwards.
    pub fn tighten_limit(&self, at: ProcessInstant) -> Option<ProcessInstant> {
        let before = self.0.limit();
        self.set_limit(Some(before.map_or(at, |before| before.min(at))));
        before
    }

    /// Whether the task's present work has a time limit at or before `at`.
    pub fn is_overdue(&self, at: ProcessInstant) -> bool {
        self.0.overdue(at).is_some()
    }

    /// Sets the time limit of the task's present work. `None` removes the limit.
    pub fn set_limit(&self, at: Option<ProcessInstant>) {
        self.0.set_limit(at);
    }

    /// Records that the step which began at `start` ends now. The step may have spanned many
    /// slices.
    pub fn record_step(&self, label: Label, start: ProcessInstant) {
        self.record_sleep(label, start, Nanos::ZERO);
    }

    /// Like [`record_step`](TaskHandle::record_step), for a sleep that a runtime's timer has
    /// extended by `rounding`.
    pub fn record_sleep(&self, label: Label, start: ProcessInstant, rounding: Nanos) {
        let step = Step {
            start,
            task: self.id(),
            len: CompactDuration::new(super::now() - start),
            label,
            blocking: false,
            blocked_on: Reason::Unknown,
            timer_rounding: CompactDuration::new(rounding),
        };
        lane::write(self.registry(), Record::Step(step));
    }

    /// Begins a repetition at `start`, with a time limit.
    pub fn begin_repetition(&self, start: ProcessInstant, limit: Option<ProcessInstant>) {
        self.0.set_repetition_since(Some(start));
        self.set_limit(limit);
    }

    /// Records that the repetition which began at `start` ends now. If the ring is full, the
    /// repetition is still counted.
    pub fn record_repetition(&self, start: ProcessInstant, outcome: Outcome) {
        self.0.set_repetition_since(None);
        self.set_limit(None);
        let repetition = Repetition {
            start,
            task: self.id(),
            len: CompactDuration::new(super::now() - start),
            outcome,
        };
        if !lane::write(self.registry(), Record::Repetition(repetition)) {
            self.registry()
                .count_lost_repetition(self.0.group, outcome, self.0.is_branch());
        }
    }

    /// Runs `body` between two slices of the job that the calling thread runs for this task, even
    /// if `body` panics. Meanwhile the task waits for `reason`, and the thread may run jobs of
    /// other tasks. `body` returns the instant at which the wait was over, if this instant is
    /// known. The task is queued from that instant until `body` has returned.
    pub fn wait_off_lane(&self, reason: Reason, label: Label, body: impl FnOnce() -> Option<ProcessInstant>) {
        struct NextSlice<'a>(&'a TaskHandle);
        impl Drop for NextSlice<'_> {
            fn drop(&mut self) {
                // A task on a pool has the same reason after each repetition.
                self.0.begin_job(Reason::Yield);
            }
        }
        lane::set_wait(reason, label);
        self.end_job();
        let _next = NextSlice(self);
        let over = body().unwrap_or_else(super::now);
        self.0.stamps.set_woken_at(over);
    }

    /// Runs a job of this task on the calling thread, and records it as one slice, even if the job
    /// panics.
    ///
    /// The job has been queued since `queued_since`. After the job, the task waits for `then`. If
    /// the thread is not a lane yet (see [`enter_for_jobs`](lane::enter_for_jobs)), it becomes the
    /// lane of a blocking thread.
    pub fn run_job<R>(&self, queued_since: ProcessInstant, then: Reason, body: impl FnOnce() -> R) -> R {
        struct Job<'a>(&'a TaskHandle);
        impl Drop for Job<'_> {
            fn drop(&mut self) {
                self.0.end_job();
            }
        }
        self.set_queued_since(queued_since);
        self.begin_job(then);
        let _job = Job(self);
        body()
    }

    /// Begins a slice of a job on the calling thread. After the slice, the task waits for `then`.
    fn begin_job(&self, then: Reason) {
        lane::begin(self.registry(), self.id(), Role::Jobs(LaneKind::Blocking));
        lane::take_wake(&self.0.stamps);
        lane::set_wait(then, Label::NONE);
    }

    /// Ends the slice of the job that the calling thread runs for this task.
    fn end_job(&self) {
        lane::end_slice_of(&self.0);
        lane::count_job();
    }
}
