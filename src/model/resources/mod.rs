//! What tasks share: which tasks hold each lock and permit, which tasks wait for it, and which
//! tasks are in a deadlock.
//!
//! Records of different lanes arrive in any order. So everything here is a sum or a difference. The
//! number of holds of a task is the number of its `Acquired` records minus the number of its
//! `Released` records. The time that messages spent in a channel is also a difference: the sum of
//! the instants at which they left the channel, minus the sum of the instants at which they entered
//! it.
//!
//! The module `resource` contains the sums of one resource. The module `stuck` finds the tasks that
//! can never continue, and `deadlock` finds the cycles among these tasks.

mod components;
mod deadlock;
mod holders;
mod longest;
mod pool;
mod resource;
mod sentence;
mod stalled;
mod stays;
mod stuck;
mod traffic;
mod usage;
mod waits;

pub use deadlock::{Blocked, Deadlock};
pub use pool::{Pool, PoolInfo};
pub use resource::{Notifications, Receptions, Resource, Span};
pub use traffic::{Traffic, Trend};
pub use usage::{Because, HeldTime, Relation, Usage, Wait};
pub use waits::Level;

use super::*;
use crate::record::{
    Acquired, CompactDuration, HolderLate, Missed, Notification, Received, Released, ResourceId, ResourceKind,
    WaitBegan, WaitEnded, Wanted,
};
use deadlock::DeadlockSearch;
use resource::change;
use stays::Stay;
use std::collections::BTreeMap;
use waits::{OpenWait, OpenWaits};

/// The children of a task that have not ended. Both fields are sums.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Children {
    count: i32,
    ids: i64,
}

/// All resources of a run, and the waits for children.
#[derive(Clone, Debug)]
pub(super) struct Resources {
    list: Vec<Resource>,
    /// The pool of threads on which jobs run.
    pub(super) pool: Option<Pool>,
    waits_for_children: OpenWaits<TaskId>,
    /// The number of open waits of each task, for resources and for children.
    open_waits: HashMap<TaskId, i32>,
    /// The number of children that have not ended, by parent.
    children: HashMap<TaskId, Children>,
    /// Whether no further task can arrive.
    pub(super) arrivals_over: bool,
    search: DeadlockSearch,
}

impl Resources {
    pub(super) fn new(info: &RunInfo) -> Resources {
        Resources {
            pool: info.pool.map(Pool::new),
            list: info.resources.iter().cloned().map(Resource::new).collect(),
            waits_for_children: OpenWaits::new(),
            open_waits: HashMap::new(),
            children: HashMap::new(),
            arrivals_over: false,
            search: DeadlockSearch::default(),
        }
    }

    pub(super) fn wait_began(&mut self, began: &WaitBegan, lane: LaneId) {
        let batch = self.search.batches;
        change(&mut self.open_waits, began.task, 1);
        if began.wanted == Wanted::Children {
            self.waits_for_children.begin(began.task, began, batch, lane);
        } else if let Some(resource) = self.get_mut(began.resource) {
            let mut most = began.waiting;
            if resource.info.kind == ResourceKind::Barrier {
                resource.arrivals = resource.arrivals.max(began.waiting);
                // Here `waiting` is the number of arrivals since the start of the run. Only the
                // tasks that arrived since the last completion wait.
                most = (began.waiting.max(1) - 1) % resource.needed() + 1;
            }
            let is_request = resource.info.kind.is_held() || resource.info.kind == ResourceKind::Barrier;
            resource.traffic.record(began.at, |bucket| {
                bucket.waiting += 1;
                bucket.entered += u32::from(is_request);
            });
            let waiting = resource.waiting_mut(began.wanted);
            waiting.count.increase(began.at);
            waiting.most = waiting.most.max(most);
            resource.waits.begin((began.task, began.wanted), began, batch, lane);
        }
    }

    pub(super) fn wait_ended(&mut self, ended: &WaitEnded) {
        change(&mut self.open_waits, ended.task, -1);
        if ended.wanted == Wanted::Children {
            self.waits_for_children.end(ended.task, ended.at);
        } else if let Some(resource) = self.get_mut(ended.resource) {
            resource.abandoned += 1;
            resource.handed_to_cancelled += u64::from(ended.handed_over);
            if resource.info.kind == ResourceKind::Notify {
                resource.notifications.woken -= i64::from(ended.handed_over);
            }
            let is_request = resource.info.kind.is_held();
            resource
                .traffic
                .record(ended.at, |bucket| bucket.left += u32::from(is_request));
            resource.close_wait(ended.task, ended.wanted, ended.at, ended.waited);
        }
    }

    pub(super) fn acquired(&mut self, acquired: &Acquired) {
        let Acquired { at, task, waited, .. } = *acquired;
        self.end_successful_wait(task, waited);
        let Some(resource) = self.get_mut(acquired.resource) else {
            return;
        };
        resource.acquired += 1;
        resource.last_acquired = resource.last_acquired.max(at);
        resource.reads += u64::from(acquired.wanted == Wanted::Read);
        if resource.can_be_held() {
            resource.level.increase(at);
            resource.most_held = resource.most_held.max(acquired.level);
            resource.hold(acquired);
        } else {
            resource.passed(acquired.level, waited > CompactDuration::ZERO);
        }
        if resource.info.kind.is_channel() {
            resource.last_sender = resource.last_sender.max(Some((at, task)));
        }
        resource.count_acquired(at, waited > CompactDuration::ZERO);
        resource.end_wait(task, acquired.wanted, at, waited);
    }

    pub(super) fn released(&mut self, released: &Released) {
        let Released { at, task, waited, .. } = *released;
        self.end_successful_wait(task, waited);
        let Some(resource) = self.get_mut(released.resource) else {
            return;
        };
        resource.released += 1;
        resource.level.decrease(at);
        resource.held.record(released.held.get());
        resource.end_hold(released);
        if resource.info.kind == ResourceKind::Channel {
            resource.last_receiver = resource.last_receiver.max(Some((at, task)));
        }
        let is_received = matches!(resource.info.kind, ResourceKind::Channel | ResourceKind::Results);
        resource
            .traffic
            .record(at, |bucket| bucket.left += u32::from(is_received));
        resource.end_wait(task, Wanted::Message, at, waited);
    }

    pub(super) fn notified(&mut self, notification: &Notification) {
        let Some(resource) = self.get_mut(notification.resource) else {
            return;
        };
        let is_new = !notification.passed_on;
        resource
            .traffic
            .record(notification.at, |bucket| bucket.entered += u32::from(is_new));
        let notifications = &mut resource.notifications;
        notifications.sent += u64::from(!notification.passed_on);
        notifications.lost += u64::from(notification.woken == 0 && !notification.stored);
        notifications.woken += i64::from(notification.woken);
        notifications.stored += i64::from(notification.stored);
    }

    pub(super) fn holder_late(&mut self, late: &HolderLate) {
        if let Some(resource) = self.get_mut(late.resource) {
            let lateness = i128::from(late.lateness.get().0);
            resource.lateness += if late.released { lateness } else { -lateness };
        }
    }

    pub(super) fn received(&mut self, received: &Received) {
        let Received { at, task, waited, .. } = *received;
        self.end_successful_wait(task, waited);
        let Some(resource) = self.get_mut(received.resource) else {
            return;
        };
        resource.receptions.entry(task).or_default().received += 1;
        resource.ages.record(received.age.get());
        resource.last_receiver = resource.last_receiver.max(Some((at, task)));
        resource.traffic.record(at, |bucket| bucket.left += 1);
        resource.end_wait(task, Wanted::Message, at, waited);
    }

    pub(super) fn missed(&mut self, missed: &Missed) {
        if let Some(resource) = self.get_mut(missed.resource) {
            resource.receptions.entry(missed.task).or_default().missed += missed.count;
            let count = u32::try_from(missed.count).unwrap_or(u32::MAX);
            resource
                .traffic
                .record(missed.at, |bucket| bucket.missed = bucket.missed.saturating_add(count));
        }
    }

    fn end_successful_wait(&mut self, task: TaskId, waited: CompactDuration) {
        if waited > CompactDuration::ZERO {
            change(&mut self.open_waits, task, -1);
        }
    }

    /// Adds `by` to the number of children of `parent` that have not ended.
    pub(super) fn count_child(&mut self, parent: TaskId, child: TaskId, by: i32) {
        let children = self.children.entry(parent).or_default();
        children.count += by;
        children.ids += i64::from(by) * i64::from(child.get());
        if *children == Children::default() {
            self.children.remove(&parent);
        }
    }

    /// The number of children of `parent` that have not ended.
    fn alive_children(&self, parent: TaskId) -> i32 {
        self.children.get(&parent).map_or(0, |children| children.count)
    }

    /// The child of `parent` that has not ended, if there is exactly one.
    fn only_child(&self, parent: TaskId) -> Option<TaskId> {
        let children = self.children.get(&parent).filter(|children| children.count == 1)?;
        TaskId::new(u32::try_from(children.ids).ok()?)
    }

    /// Applies a sample of the channel with this name.
    pub(super) fn sample_channel(&mut self, name: &str, sample: &ChannelSample) {
        let is_this = |resource: &&mut Resource| resource.info.kind.is_channel() && resource.info.name == name;
        if let Some(resource) = self.list.iter_mut().find(is_this) {
            resource.oldest_message = sample.oldest;
            let age = sample.oldest.map_or(Nanos::ZERO, |sent| sample.at - sent);
            resource.oldest_age = resource.oldest_age.max(age);
        }
    }

    /// Adds what an evicted task has received to the sums of the task's group.
    pub(super) fn evict(&mut self, task: TaskId, group: Option<GroupId>) {
        for resource in &mut self.list {
            if let Some(receptions) = resource.receptions.remove(&task) {
                *resource.receptions_of_evicted.entry(group).or_default() += receptions;
            }
        }
    }

    fn get_mut(&mut self, id: ResourceId) -> Option<&mut Resource> {
        self.list.get_mut(usize::from(id.0))
    }
}

impl Model {
    /// Everything that the tasks of the scenario share, such as locks and channels.
    pub fn resources(&self) -> &[Resource] {
        &self.resources.list
    }

    /// The names of the resources that a task or a branch holds now.
    pub fn held_by(&self, task: TaskId) -> impl Iterator<Item = &str> {
        let held = self.resources.list.iter();
        let held = held.filter(move |resource| resource.holders.contains(task));
        held.map(|resource| resource.info.name.as_str())
    }

    /// The time in which branches held a resource, were ready, and were not polled by their tasks.
    pub fn held_unpolled(&self, resource: &Resource) -> Nanos {
        let lateness = |(task, count): (TaskId, i32)| {
            let is_branch = self.task(task).is_some_and(|task| task.is_branch);
            let times = self.times(task);
            let lateness = i128::from((times.queued + times.unnoticed).0);
            i128::from(count) * if is_branch { lateness } else { 0 }
        };
        let open: i128 = resource.holders.iter().map(lateness).sum();
        Nanos(u64::try_from(resource.lateness + open).unwrap_or(0))
    }

    /// What the tasks of each group have received from a channel that gives each item to every
    /// receiver. The group is `None` for tasks whose group is not known.
    pub fn receptions(&self, resource: &Resource) -> BTreeMap<Option<GroupId>, Receptions> {
        let mut by_group = resource.receptions_of_evicted.clone();
        for (task, receptions) in &resource.receptions {
            let group = self.task(*task).and_then(|task| task.group);
            *by_group.entry(group).or_default() += *receptions;
        }
        by_group
    }
}
