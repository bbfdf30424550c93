//! Tasks, as the code that runs their steps sees them.

mod life;
mod spawn;

pub use life::{End, RemoteTask};
pub use spawn::spawn;
pub(super) use spawn::{is_ours, name_spawned};

use super::lane::{self, Role};
use super::registry::{Group, RegisteredTask, Registry};
use crate::record::{
    CompactDuration, GroupId, Label, LaneKind, Outcome, ProcessInstant, Reason, Record, Repetition, Step, TaskId,
};
use std::sync::Arc;

/// A task. Clones are the same task.
#[derive(Clone)]
pub struct TaskHandle(Arc<RegisteredTask>);

impl TaskHandle {
    fn without_id(registry: &Arc<Registry>, group: &Group, index: u32) -> TaskHandle {
        TaskHandle(Arc::new(RegisteredTask::new(registry.clone(), group.id, index)))
    }

    /// Its id.
    ///
    /// # Panics
    /// Before the runtime has given it one, which is before its first poll.
    pub fn id(&self) -> TaskId {
        self.0.id().expect("a task has its id before it runs")
    }

    /// Its name on screen, made of the group's name and its number: `api#7`. Takes a lock, so it is
    /// for messages.
    pub fn name(&self) -> String {
        format!("{}#{}", self.registry().group_name(self.0.group), self.0.index)
    }

    /// Its group.
    pub fn group(&self) -> GroupId {
        self.0.group
    }

    /// Where it is recorded.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.0.owner
    }

    /// Its number within its group, from 0.
    pub fn index(&self) -> u32 {
        self.0.index
    }

    #[cfg(test)]
    pub(super) fn slot(&self) -> &Arc<RegisteredTask> {
        &self.0
    }

    /// Since when it waits for its first slice, by this process's clock.
    pub fn queued_since(&self) -> ProcessInstant {
        self.0.stamps.woken_at().unwrap_or(ProcessInstant::ZERO)
    }

    /// What the task waits for is, or will be, ready at this instant. May be called on any thread.
    pub fn ready_at(&self, at: ProcessInstant) {
        self.0.stamps.set_ready(Some(at));
    }

    /// It is not known when what the task waits for is ready.
    pub fn clear_ready(&self) {
        self.0.stamps.set_ready(None);
    }

    /// What the task does from now on should be over at this instant, or at its present limit if
    /// that is earlier. Returns the present limit, to be set again afterwards.
    pub fn tighten_limit(&self, at: ProcessInstant) -> Option<ProcessInstant> {
        let before = self.0.limit();
        self.set_limit(Some(before.map_or(at, |before| before.min(at))));
        before
    }

    /// What the task does from now on should be over at this instant. `None`: it has no limit.
    pub fn set_limit(&self, at: Option<ProcessInstant>) {
        self.0.set_limit(at);
    }

    /// Records that a step which began at `start` ends now. It may have spanned many slices.
    pub fn record_step(&self, label: Label, start: ProcessInstant) {
        let step = Step {
            start,
            task: self.id(),
            len: CompactDuration::new(super::now() - start),
            label,
            blocking: false,
        };
        lane::write(self.registry(), Record::Step(step));
    }

    /// Records that a repetition which began at `start` ends now. It is counted also if the ring is
    /// full.
    pub fn record_repetition(&self, start: ProcessInstant, outcome: Outcome) {
        let repetition = Repetition {
            start,
            task: self.id(),
            len: CompactDuration::new(super::now() - start),
            outcome,
        };
        if !lane::write(self.registry(), Record::Repetition(repetition)) {
            self.registry().count_lost_repetition(self.0.group, outcome);
        }
    }

    /// Runs a job of this task on the calling thread, as one slice, also if the job panics.
    ///
    /// The job is ready since `queued_since`. When it is over, the task waits for `then`. A thread
    /// that has not become a lane yet ([`enter_for_jobs`](lane::enter_for_jobs)) becomes a blocking
    /// thread's lane.
    pub fn run_job<R>(&self, queued_since: ProcessInstant, then: Reason, body: impl FnOnce() -> R) -> R {
        struct Job;
        impl Drop for Job {
            fn drop(&mut self) {
                lane::end();
                lane::count_job();
            }
        }
        self.0.stamps.set_woken_at(queued_since);
        lane::begin(self.registry(), self.id(), Role::Jobs(LaneKind::Blocking));
        lane::take_wake(&self.0.stamps);
        lane::set_wait(then, Label::NONE);
        let _job = Job;
        body()
    }
}
