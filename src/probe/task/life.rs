//! How tasks are spawned, detached and orphaned, and how they end.

use super::TaskHandle;
use crate::probe::lane;
use crate::probe::now;
use crate::probe::registry::{Group, Registry};
use crate::probe::task_slot::Stage;
use crate::record::{CompactDuration, Ended, Orphaned, Outcome, ProcessInstant, Record, RunInstant, Spawned, TaskId};
use std::sync::Arc;

/// A task that another process will run.
#[derive(Clone, Copy, Debug)]
pub struct RemoteTask {
    /// The task's id.
    pub id: TaskId,
    /// The task's index within its group.
    pub index: u32,
    /// When the task was spawned. The task has been queued since this instant.
    pub since: RunInstant,
}

impl RemoteTask {
    /// Spawns a task that another process will run. That process records everything after the
    /// spawn.
    pub fn spawn(registry: &Registry, group: &Group) -> RemoteTask {
        let at = now();
        let (id, index) = (registry.next_task_id(), group.next_index());
        registry.record_off_lane(Record::Spawned(Spawned {
            at,
            task: id,
            parent: None,
            index,
            group: group.id,
            branch: false,
        }));
        RemoteTask {
            id,
            index,
            since: registry.run_start().to_run(at),
        }
    }
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// The recorded outcome.
    pub outcome: Outcome,
    /// Whether the task failed, timed out or panicked, and no task observes this end.
    pub unobserved: bool,
}

impl TaskHandle {
    /// Spawns a task that no async runtime runs. The task is queued from this moment.
    pub fn new(registry: &Arc<Registry>, group: &Group) -> TaskHandle {
        TaskHandle::spawned_now(registry, group, None)
    }

    /// Spawns a child of this task that no async runtime runs.
    pub fn child(&self, group: &Group) -> TaskHandle {
        TaskHandle::spawned_now(self.registry(), group, self.0.id())
    }

    /// Spawns a child for work that this task hands to a blocking thread. The child is in the group
    /// "… offload".
    pub fn offloaded_child(&self) -> TaskHandle {
        self.child(&self.registry().offload_group(self.0.group))
    }

    /// Spawns a child whose future was created, and was dropped before its first poll. The child
    /// ends at the instant of its spawn.
    pub fn never_started_child(&self, group: &Group) -> TaskHandle {
        let child = TaskHandle::with_own_id(self.registry(), group);
        let at = now();
        child.record_spawn(at, self.0.id());
        child.0.end();
        let ended = Ended::observed(at, child.id(), Outcome::NeverStarted);
        lane::write(self.registry(), Record::Ended(ended));
        child
    }

    /// Creates the handle of a task that another process spawned at `since` and that runs in this
    /// process. The other process records the task's spawn, and this process records its end.
    pub fn adopted(registry: &Arc<Registry>, group: &Group, id: TaskId, index: u32, since: RunInstant) -> TaskHandle {
        let handle = TaskHandle::without_id(registry, group, index);
        handle.0.set_id(id);
        let since = registry.run_start().to_process(since);
        handle.0.stamps.set_woken_at(since);
        handle.0.sums.begin(since);
        registry.watch(&handle.0);
        handle
    }

    fn with_own_id(registry: &Arc<Registry>, group: &Group) -> TaskHandle {
        let handle = TaskHandle::without_id(registry, group, group.next_index());
        handle.0.set_id(registry.next_task_id());
        handle
    }

    fn spawned_now(registry: &Arc<Registry>, group: &Group, parent: Option<TaskId>) -> TaskHandle {
        let handle = TaskHandle::with_own_id(registry, group);
        handle.record_spawn(now(), parent);
        handle
    }

    /// Records the spawn of the task, which must have an id. The task is queued from `at`.
    pub(super) fn record_spawn(&self, at: ProcessInstant, parent: Option<TaskId>) {
        self.record_start(at, parent, false);
    }

    /// Records the spawn of a task, or the start of a branch of `parent`.
    pub(super) fn record_start(&self, at: ProcessInstant, parent: Option<TaskId>, branch: bool) {
        self.0.stamps.set_woken_at(at);
        self.0.sums.begin(at);
        let spawned = Spawned {
            at,
            task: self.id(),
            parent,
            index: self.0.index,
            group: self.0.group,
            branch,
        };
        lane::write(self.registry(), Record::Spawned(spawned));
        self.registry().watch(&self.0);
    }

    /// Ends the task with `outcome`. If the task failed and no task observes the failure, the
    /// outcome becomes an unobserved failure. Only the first call has an effect.
    pub fn end(&self, outcome: Outcome) -> End {
        let before = self.0.end();
        let is_failure = matches!(outcome, Outcome::Failed | Outcome::TimedOut | Outcome::Panicked);
        let unobserved = before == Stage::Detached && is_failure;
        let outcome = match outcome {
            Outcome::Failed if unobserved => Outcome::UnobservedFailure,
            outcome => outcome,
        };
        let end = End { outcome, unobserved };
        if before == Stage::Ended {
            return end;
        }
        let at = now();
        if let Some(task) = self.0.id() {
            // A task that ends within a slice was woken for that slice, and does not wait.
            let holds_lane = lane::current_task() == Some(task);
            let wake = (!holds_lane).then(|| self.0.stamps.read(at));
            let ended = Ended {
                at,
                task,
                outcome,
                queued: wake.map_or(CompactDuration::ZERO, |wake| wake.queued),
                unnoticed: wake.map_or(CompactDuration::ZERO, |wake| wake.unnoticed),
                unobserved,
            };
            lane::write(self.registry(), Record::Ended(ended));
            match holds_lane {
                // The sums of the task end when its open slice ends.
                true => lane::set_ended(&self.0),
                false => self.0.hand_over_sums(),
            }
        }
        end
    }

    /// Detaches this task: no task waits for this task, so no task would observe its failure. There
    /// are two cases. Either no task has ever waited for this task, or another task is about to
    /// stop this task. Returns `false` if this task has ended or was already detached.
    pub fn detach(&self) -> bool {
        self.0.detach()
    }

    /// Orphans this task: the task that waited for it has stopped waiting. This task cannot be
    /// stopped, so it continues to run until its end. Returns `false` if this task has ended or was
    /// already detached.
    pub fn orphan(&self) -> bool {
        let at = now();
        let detached = self.detach();
        if let Some(task) = self.0.id().filter(|_| detached) {
            lane::write(self.registry(), Record::Orphaned(Orphaned { at, task }));
        }
        detached
    }
}
