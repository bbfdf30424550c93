//! Finds the tasks that can certainly never continue.
//!
//! At first, every task that waits without a time limit is suspected. A suspected task that another
//! task can still set free is not suspected any more. This step is repeated until nothing changes:
//!
//! | a task that waits for | can continue if |
//! |---|---|
//! | a lock, a permit | fewer tasks than the capacity are both holders and stuck |
//! | a read-write lock, to write | no holder is stuck |
//! | a read-write lock, to read | no writer is stuck, or one of the waiting writers can continue |
//! | the other tasks of a barrier | all have arrived, or a task that may arrive can continue |
//! | a notification | one is stored or under way, or a task that may notify can continue |
//! | room in a channel | there is room, or a task that may receive can continue |
//! | a message | there is a message, or a task that may send can continue |
//! | an item that every receiver gets | it was sent during the wait, or a task that may send can continue |
//! | its children | one of its children can continue |
//! | a thread | at least one thread is not held by a stuck task |
//!
//! A read-write lock is fair: a task that waits to read although nobody writes waits behind a task
//! that waits to write. The records do not say which writer this is, so the reader is stuck only if
//! all waiting writers are stuck.
//!
//! A child can also continue if its parent can, because the parent may cancel the child. A stuck
//! task that blocks its thread makes other tasks stuck too: see `stalled`.

use super::stalled::Threads;
use super::{OpenWait, Resource};
use crate::model::{Group, Lane, Model, Task};
use crate::record::{LaneId, LaneKind, ResourceId, ResourceKind, RunInstant, TaskId, Wanted};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a stuck task waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Awaited {
    /// To acquire a resource, or to write with a read-write lock.
    Access(ResourceId),
    /// To read with a read-write lock.
    Read(ResourceId),
    /// The other tasks of a barrier. The number says for which completion of the barrier the task
    /// waits.
    Others(ResourceId, u32),
    /// A notification.
    Notification(ResourceId),
    /// A message of a channel.
    Message(ResourceId),
    /// The end of the task's children.
    Children,
    /// A thread of the executor.
    Thread,
    /// One certain thread, which this task blocks.
    ThreadOf(TaskId),
}

impl Awaited {
    /// The resource, if the task waits for one.
    pub(super) fn resource(self) -> Option<ResourceId> {
        match self {
            Awaited::Access(id)
            | Awaited::Read(id)
            | Awaited::Others(id, _)
            | Awaited::Notification(id)
            | Awaited::Message(id) => Some(id),
            Awaited::Children | Awaited::Thread | Awaited::ThreadOf(_) => None,
        }
    }
}

impl Resource {
    /// The awaited thing of a task that wants to acquire this resource.
    fn awaited(&self, id: ResourceId, wait: &OpenWait) -> Awaited {
        match self.info.kind {
            ResourceKind::Barrier => Awaited::Others(id, self.completion(wait.number)),
            ResourceKind::Notify => Awaited::Notification(id),
            _ => Awaited::Access(id),
        }
    }

    /// The tasks that wait to write with a read-write lock.
    pub(super) fn waiting_writers(&self) -> impl Iterator<Item = TaskId> {
        let writers = self.waits.iter().filter(|((_, wanted), _)| *wanted == Wanted::Access);
        writers.map(|((task, _), _)| *task)
    }

    /// Whether a task waits for something that other tasks provide but do not hold.
    pub(super) fn has_senders(&self) -> bool {
        self.info.kind.is_channel() || matches!(self.info.kind, ResourceKind::Barrier | ResourceKind::Notify)
    }
}

/// A wait that can never end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct StuckWait {
    pub(super) awaited: Awaited,
    pub(super) since: RunInstant,
}

/// The tasks that can never continue.
pub(super) struct Stuck<'a> {
    pub(super) model: &'a Model,
    /// The tasks that wait for something other than a thread.
    pub(super) waits: BTreeMap<TaskId, StuckWait>,
    /// The tasks that cannot continue because a task in `waits` blocks their thread.
    pub(super) stalled: BTreeMap<TaskId, StuckWait>,
    threads: Threads,
    /// Whether all threads of the executor are held by stuck tasks. Then a task without a thread is
    /// stuck too.
    pub(super) starved: bool,
    /// The tasks that hold a thread.
    on_lanes: HashSet<TaskId>,
    /// The tasks that wait for their children, with or without a time limit.
    parents: HashSet<TaskId>,
}

impl<'a> Stuck<'a> {
    /// Finds the stuck tasks among the tasks with these waits.
    pub(super) fn among(model: &'a Model, waits: BTreeMap<TaskId, StuckWait>) -> Stuck<'a> {
        let lanes = model.lanes().iter().filter_map(|lane| lane.current);
        let threads = Threads::new(model);
        let mut stuck = Stuck {
            stalled: threads.stalled(model, &waits),
            threads,
            waits,
            starved: false,
            on_lanes: lanes.map(|current| current.task).collect(),
            parents: model
                .resources
                .waits_for_children
                .iter()
                .map(|(task, _)| *task)
                .collect(),
            model,
        };
        stuck.starved = stuck.all_threads_are_held();
        loop {
            let before = (stuck.waits.len(), stuck.stalled.len(), stuck.starved);
            let free = stuck.free_tasks();
            stuck.waits.retain(|task, _| !free.contains(task));
            stuck.stalled = stuck.threads.stalled(model, &stuck.waits);
            stuck.starved &= stuck.all_threads_are_held();
            if before == (stuck.waits.len(), stuck.stalled.len(), stuck.starved) {
                return stuck;
            }
        }
    }

    /// Whether no task of the scenario can continue, and no task that may still arrive could run.
    pub(super) fn is_hopeless(&self) -> bool {
        if self.waits.is_empty() {
            return false;
        }
        if self.starved {
            return !self
                .model
                .tasks()
                .iter()
                .any(|task| task.ended.is_none() && !self.contains(task.id));
        }
        let groups = self.model.groups().iter().filter(|group| !group.library);
        let alive: usize = groups.map(|group| group.counts().alive()).sum();
        self.model.resources.arrivals_over && alive == self.stuck_tasks().count()
    }

    /// The tasks that can never continue, except those that wait for any thread.
    fn stuck_tasks(&self) -> impl Iterator<Item = TaskId> {
        let stalled = self.stalled.keys().filter(|task| !self.waits.contains_key(task));
        self.waits.keys().chain(stalled).copied()
    }

    /// Whether a task can never continue.
    pub(super) fn contains(&self, task: TaskId) -> bool {
        self.waits.contains_key(&task)
            || self.stalled.contains_key(&task)
            || self.model.task(task).is_some_and(|task| self.is_starved(task))
    }

    /// Whether a task has no thread and can never get one.
    fn is_starved(&self, task: &Task) -> bool {
        self.starved && !self.on_lanes.contains(&task.id) && !may_get_own_thread(task)
    }

    /// The stuck tasks that hold the threads of the executor. Empty if there is a free thread.
    pub(super) fn thread_holders(&self) -> impl Iterator<Item = TaskId> {
        let lanes = self
            .model
            .lanes()
            .iter()
            .filter(|lane| self.starved && is_shared_thread(lane.kind));
        lanes.filter_map(|lane| self.threads.blocker(lane.id, &self.waits))
    }

    /// Whether a task belongs to one of these groups of the scenario, or is a child in such a
    /// group.
    pub(super) fn is_in(&self, task: TaskId, groups: &[String]) -> bool {
        let group = self.model.task(task).and_then(|task| self.model.group(task.group?));
        group.is_some_and(|group| is_one_of(group, groups))
    }

    /// The suspected tasks that can continue.
    fn free_tasks(&self) -> HashSet<TaskId> {
        let mut available = HashMap::new();
        let mut stuck_children = HashMap::<TaskId, i32>::new();
        for parent in self.stuck_tasks().filter_map(|task| self.model.task(task)?.parent) {
            *stuck_children.entry(parent).or_default() += 1;
        }
        let all_children_are_stuck = |task: &TaskId| {
            let children = self.model.resources.alive_children(*task);
            children > 0 && stuck_children.get(task) == Some(&children)
        };
        let mut is_free = |task: &TaskId, wait: &StuckWait| {
            let available = match wait.awaited {
                Awaited::Children => !all_children_are_stuck(task),
                Awaited::Thread => !self.starved,
                Awaited::ThreadOf(task) => !self.waits.contains_key(&task),
                awaited => *available.entry(awaited).or_insert_with(|| self.is_available(awaited)),
            };
            let available = available || self.was_sent_during(wait);
            !self.stalled.contains_key(task) && (available || self.may_be_cancelled(*task))
        };
        self.waits
            .iter()
            .filter(|(task, wait)| is_free(task, wait))
            .map(|(task, _)| *task)
            .collect()
    }

    /// Whether a task that waits for this resource can get it.
    fn is_available(&self, awaited: Awaited) -> bool {
        let Some(id) = awaited.resource() else {
            return true;
        };
        let resource = &self.model.resources.list[usize::from(id.0)];
        let info = &resource.info;
        match awaited {
            Awaited::Others(_, completion) => {
                resource.completions() >= completion || self.one_can_continue(&info.senders)
            }
            Awaited::Notification(_) => resource.notifications.is_available() || self.one_can_continue(&info.senders),
            Awaited::Read(_) => {
                let mut waiting = resource.waiting_writers().peekable();
                let is_behind_stuck_writer = waiting.peek().is_some() && waiting.all(|task| self.contains(task));
                !is_behind_stuck_writer && !resource.writers.keys().any(|task| self.contains(*task))
            }
            Awaited::Message(_) if info.kind.is_fan_out() => self.one_can_continue(&info.senders),
            Awaited::Message(_) => resource.level.now > 0 || self.one_can_continue(&info.senders),
            _ if info.kind.is_channel() => {
                resource.has_room_for(resource.level.now) || self.one_can_continue(&info.receivers)
            }
            _ => {
                let holds = resource.holders.iter().filter(|(task, _)| self.contains(*task));
                resource.has_room_for(holds.map(|(_, count)| i64::from(count)).sum())
            }
        }
    }

    /// Whether this is a wait for an item that every receiver gets, and such an item was sent
    /// during this wait.
    fn was_sent_during(&self, wait: &StuckWait) -> bool {
        let Awaited::Message(id) = wait.awaited else {
            return false;
        };
        let resource = &self.model.resources.list[usize::from(id.0)];
        resource.info.kind.is_fan_out() && resource.last_acquired >= wait.since
    }

    /// Whether a present or future task of these groups can continue.
    fn one_can_continue(&self, groups: &[String]) -> bool {
        if self.starved {
            let tasks = self.model.tasks().iter().filter(|task| task.ended.is_none());
            return tasks
                .into_iter()
                .any(|task| self.is_in(task.id, groups) && !self.contains(task.id));
        }
        if !self.model.resources.arrivals_over && !groups.is_empty() {
            return true;
        }
        let present = self.model.groups().iter().filter(|group| is_one_of(group, groups));
        let alive: usize = present.map(|group| group.counts().alive()).sum();
        let stuck = self.stuck_tasks().filter(|task| self.is_in(*task, groups)).count();
        alive > stuck
    }

    /// Whether the parent of a task waits for its children, and can continue. On a runtime, such a
    /// parent can cancel the task.
    fn may_be_cancelled(&self, task: TaskId) -> bool {
        let parent = self.model.task(task).and_then(|task| task.parent);
        parent.is_some_and(|parent| {
            self.model.info.async_executor && self.parents.contains(&parent) && !self.contains(parent)
        })
    }

    /// Whether a suspected task blocks each thread of the executor.
    fn all_threads_are_held(&self) -> bool {
        all_threads_are_held(self.model, |lane| self.threads.blocker(lane, &self.waits).is_some())
    }
}

/// Whether a task blocks every thread of the executor, and `is_blocked` is true for the lane of
/// every thread. A thread that is idle, or that has just ended, is not blocked.
fn all_threads_are_held(model: &Model, is_blocked: impl Fn(LaneId) -> bool) -> bool {
    let is_held = |lane: &Lane| {
        let current = lane.current.as_ref();
        current.is_some_and(|current| current.blocking_since.is_some() && is_blocked(lane.id))
    };
    let lanes = || model.lanes().iter().filter(|lane| is_shared_thread(lane.kind));
    !model.info.replaces_blocked_workers && lanes().count() >= model.info.workers.max(1) && lanes().all(is_held)
}

/// The tasks that wait for one thing without a time limit, and whose waits began before batch
/// number `batch`. All records that precede these waits have arrived.
pub(super) fn suspects(model: &Model, batch: u64) -> BTreeMap<TaskId, StuckWait> {
    let blocked = all_threads_are_held(model, |_| true);
    let resources = model.resources.list.iter().zip((0..).map(ResourceId));
    let resources = resources.filter(|(resource, _)| blocked || may_be_stuck(model, resource));
    let for_resources = resources.flat_map(|(resource, id)| {
        resource.waits.iter().map(move |((task, wanted), wait)| match wanted {
            Wanted::Message => (*task, Awaited::Message(id), wait),
            Wanted::Read => (*task, Awaited::Read(id), wait),
            Wanted::Access | Wanted::Children => (*task, resource.awaited(id, wait), wait),
        })
    });
    let for_children = model.resources.waits_for_children.iter();
    let for_children = for_children.map(|(task, wait)| (*task, Awaited::Children, wait));
    let is_certain = |(task, _, wait): &(TaskId, Awaited, &OpenWait)| {
        !wait.limited && wait.batch < batch && model.resources.open_waits.get(task) == Some(&1)
    };
    let stuck = |(task, awaited, wait): (TaskId, Awaited, &OpenWait)| {
        let since = wait.since;
        (task, StuckWait { awaited, since })
    };
    let mut waits: BTreeMap<_, _> = for_resources.filter(is_certain).map(stuck).collect();
    // If no task waits for a resource forever, no parent waits forever.
    if !waits.is_empty() {
        waits.extend(for_children.filter(is_certain).map(stuck));
    }
    waits
}

/// Whether the tasks that wait for a resource may be stuck, although the executor has a free
/// thread. This is a quick check, because a hundred thousand tasks may wait for the resource.
fn may_be_stuck(model: &Model, resource: &Resource) -> bool {
    let waiting = &model.resources.open_waits;
    if resource.has_senders() {
        return model.resources.arrivals_over
            || resource.info.senders.is_empty()
            || resource.info.kind.is_channel() && resource.info.receivers.is_empty();
    }
    // A branch may be stuck although it waits for nothing: its task may not be able to poll it.
    let is_branch = |task: &TaskId| model.task(*task).is_some_and(|task| task.is_branch);
    let holds = resource.holders.iter();
    let holds = holds.filter(|(task, _)| waiting.contains_key(task) || is_branch(task));
    !resource.has_room_for(holds.map(|(_, count)| i64::from(count)).sum())
}

/// Whether tasks that have no thread of their own run on threads of this kind.
fn is_shared_thread(kind: LaneKind) -> bool {
    matches!(kind, LaneKind::Worker | LaneKind::Pool)
}

/// Whether a task may get a thread that is not one of the executor's threads. A job for the
/// blocking pool gets such a thread. If a task has its own thread, its child also gets such a
/// thread.
fn may_get_own_thread(task: &Task) -> bool {
    task.parent.is_some() && !task.is_branch && task.polls == 0
}

/// Whether a group is one of these groups of the scenario, or consists of children of their tasks,
/// such as `api gather`.
pub(super) fn is_one_of(group: &Group, groups: &[String]) -> bool {
    let root = group.name.split(' ').next().unwrap_or_default();
    !group.library && groups.iter().any(|name| name == root)
}
