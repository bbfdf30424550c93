//! How tasks come to be, lose those who wait for them, and end.

use super::TaskHandle;
use crate::probe::lane;
use crate::probe::now;
use crate::probe::registry::{Group, Registry};
use crate::probe::task_slot::Stage;
use crate::record::{Ended, Orphaned, Outcome, ProcessInstant, Record, RunInstant, Spawned, TaskId};
use std::sync::Arc;

/// A task that another process is to run.
#[derive(Clone, Copy, Debug)]
pub struct RemoteTask {
    /// Its id.
    pub id: TaskId,
    /// Its number within its group.
    pub index: u32,
    /// When it was spawned; it is queued since then.
    pub since: RunInstant,
}

impl RemoteTask {
    /// Spawns a task that another process is to run. What happens to it afterwards is recorded by
    /// that process.
    pub fn spawn(registry: &Registry, group: &Group) -> RemoteTask {
        let at = now();
        let (id, index) = (registry.next_task_id(), group.next_index());
        registry.record_off_lane(Record::Spawned(Spawned {
            at,
            task: id,
            parent: None,
            index,
            group: group.id,
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
    /// The outcome that is recorded.
    pub outcome: Outcome,
    /// It failed, timed out or panicked, and no task observes that.
    pub unobserved: bool,
}

impl TaskHandle {
    /// A task that no async runtime runs. It is queued from now on.
    pub fn new(registry: &Arc<Registry>, group: &Group) -> TaskHandle {
        TaskHandle::spawned_now(registry, group, None)
    }

    /// A task that this one spawns and that no async runtime runs.
    pub fn child(&self, group: &Group) -> TaskHandle {
        TaskHandle::spawned_now(self.registry(), group, self.0.id())
    }

    /// A child for work that this task hands to a blocking thread, in the group "… offload".
    pub fn offloaded_child(&self) -> TaskHandle {
        self.child(&self.registry().offload_group(self.0.group))
    }

    /// A child whose future was created and dropped before its first poll: it ends as it is
    /// spawned.
    pub fn never_started_child(&self, group: &Group) -> TaskHandle {
        let child = TaskHandle::with_own_id(self.registry(), group);
        let at = now();
        child.record_spawn(at, self.0.id());
        child.0.end();
        let ended = Ended::observed(at, child.id(), Outcome::NeverStarted);
        lane::write(self.registry(), Record::Ended(ended));
        child
    }

    /// A task that was spawned in another process at `since` and runs in this one. That process
    /// records its spawn, and this one its end.
    pub fn adopted(registry: &Arc<Registry>, group: &Group, id: TaskId, index: u32, since: RunInstant) -> TaskHandle {
        let handle = TaskHandle::without_id(registry, group, index);
        handle.0.set_id(id);
        handle.0.stamps.set_woken_at(registry.run_start().to_process(since));
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

    /// Records the spawn of a task that has its id; it is queued from then on.
    pub(super) fn record_spawn(&self, at: ProcessInstant, parent: Option<TaskId>) {
        self.0.stamps.set_woken_at(at);
        let spawned = Spawned {
            at,
            task: self.id(),
            parent,
            index: self.0.index,
            group: self.0.group,
        };
        lane::write(self.registry(), Record::Spawned(spawned));
        self.registry().watch(&self.0);
    }

    /// The task ends: with `outcome`, unless it failed and no task observes that. Calls after the
    /// first change and record nothing.
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
            let ended = Ended {
                at,
                task,
                outcome,
                unobserved,
            };
            lane::write(self.registry(), Record::Ended(ended));
        }
        end
    }

    /// No task waits for this one: from the start, or because another one is to stop it from now
    /// on. Its failure would not be observed. `false`: it has ended, or no task waited for it
    /// before.
    pub fn detach(&self) -> bool {
        self.0.detach()
    }

    /// The task that waited for this one does so no more, and this one cannot be stopped: it runs
    /// on to its end. `false`: it has ended, or no task waited for it before.
    pub fn orphan(&self) -> bool {
        let at = now();
        let detached = self.detach();
        if let Some(task) = self.0.id().filter(|_| detached) {
            lane::write(self.registry(), Record::Orphaned(Orphaned { at, task }));
        }
        detached
    }
}
