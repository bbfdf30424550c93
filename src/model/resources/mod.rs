//! What tasks share: which tasks hold each lock and permit, which tasks wait for it, and which
//! tasks are in a deadlock.
//!
//! Records of different lanes arrive in any order. So everything here is a sum or a difference. The
//! number of holds of a task is the number of its `Acquired` records minus the number of its
//! `Released` records. The time that messages spent in a channel is also a difference: the sum of
//! the instants at which they left the channel, minus the sum of the instants at which they entered
//! it. The module `stuck` finds the tasks that can never continue, and `deadlock` finds the cycles
//! among these tasks.

mod components;
mod deadlock;
mod pool;
mod sentence;
mod stalled;
mod stuck;
mod waits;

pub use deadlock::{Blocked, Deadlock};
pub use pool::{Pool, PoolInfo};
pub use waits::Level;

use super::hist::{Hist, Percentiles};
use super::*;
use crate::record::{
    Acquired, CompactDuration, HolderLate, Missed, Notification, Received, Released, ResourceId, ResourceInfo,
    ResourceKind, WaitBegan, WaitEnded, Wanted,
};
use deadlock::Suspects;
use std::collections::BTreeMap;
use std::ops::AddAssign;
use waits::{Integral, OpenWait, OpenWaits, Waiting};

/// A resource: its holders, its waits, and its totals.
#[derive(Clone, Debug)]
pub struct Resource {
    /// What is known about the resource before the run.
    pub info: ResourceInfo,
    /// How often a task acquired the resource, or sent a message.
    pub acquired: u64,
    /// How often a task released the resource, or received a message. For a channel that gives each
    /// item to every receiver: how many items the channel has dropped.
    pub released: u64,
    /// What each task has received, if each item goes to every receiver. Evicted tasks are not
    /// included.
    pub(in crate::model) receptions: HashMap<TaskId, Receptions>,
    /// What the evicted tasks of each group have received.
    receptions_of_evicted: BTreeMap<Option<GroupId>, Receptions>,
    /// How often a task stopped waiting without getting what it waited for.
    pub abandoned: u64,
    /// How often a task got what it waited for, but was cancelled before it ran.
    pub handed_to_cancelled: u64,
    /// How often a task acquired a read-write lock to read.
    pub reads: u64,
    /// What became of notifications.
    pub notifications: Notifications,
    /// The number of arrivals at a barrier.
    arrivals: u32,
    /// The tasks that hold the resource, each with the number of its holds. Not used for channels,
    /// whose messages belong to no task.
    holders: HashMap<TaskId, i32>,
    /// The holders that hold a read-write lock to write.
    writers: HashMap<TaskId, i32>,
    /// The waits that have not ended.
    waits: OpenWaits<(TaskId, Wanted)>,
    /// For a channel, the number of its messages. For any other resource, the number of its
    /// holders.
    level: Integral,
    most_held: u32,
    /// The sum of the lateness of branches at their releases, minus the sum of the lateness of
    /// branches at their acquisitions. In nanoseconds.
    lateness: i128,
    /// The tasks that wait to acquire the resource.
    waiting_for_access: Waiting,
    /// The tasks that wait for a message of a channel, or to read with a read-write lock.
    waiting_for_other: Waiting,
    /// How long each lock or permit was held, and how long each message was in the channel.
    held: Hist,
    /// The age of each item when a task received it, if each item goes to every receiver.
    ages: Hist,
    /// The latest instant at which a task acquired the resource, or sent a message.
    last_acquired: RunInstant,
    /// The instant at which the oldest message was sent, by the last sample.
    oldest_message: Option<RunInstant>,
    oldest_age: Nanos,
}

/// What became of the notifications of a resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Notifications {
    /// How often a task notified.
    pub sent: u64,
    /// How many notifications neither woke a task nor were kept for a later task.
    pub lost: u64,
    /// The number of notifications that were kept, minus the number of notifications that a task
    /// took.
    stored: i64,
    /// The number of tasks that were woken, minus the number of woken tasks that ran or were
    /// cancelled.
    woken: i64,
}

/// What one task, or several tasks together, have received from a channel that gives each item to
/// every receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Receptions {
    /// The number of items that were received.
    pub received: u64,
    /// The number of items that were missed between the received items.
    pub missed: u64,
}

impl AddAssign for Receptions {
    fn add_assign(&mut self, other: Receptions) {
        self.received += other.received;
        self.missed += other.missed;
    }
}

impl Notifications {
    /// The number of notifications that are kept for a task that waits later.
    pub fn stored(&self) -> u64 {
        self.stored.max(0) as u64
    }

    /// Whether a task can still receive a notification that was sent.
    fn is_available(&self) -> bool {
        self.stored > 0 || self.woken > 0
    }
}

impl Resource {
    fn new(info: ResourceInfo) -> Resource {
        Resource {
            info,
            acquired: 0,
            released: 0,
            receptions: HashMap::new(),
            receptions_of_evicted: BTreeMap::new(),
            abandoned: 0,
            handed_to_cancelled: 0,
            reads: 0,
            notifications: Notifications::default(),
            arrivals: 0,
            holders: HashMap::new(),
            writers: HashMap::new(),
            waits: OpenWaits::new(),
            level: Integral::default(),
            most_held: 0,
            lateness: 0,
            waiting_for_access: Waiting::new(),
            waiting_for_other: Waiting::new(),
            held: Hist::fine(),
            ages: Hist::fine(),
            last_acquired: RunInstant::ZERO,
            oldest_message: None,
            oldest_age: Nanos::ZERO,
        }
    }

    /// Whether the resource can be acquired while it has this number of holds or messages.
    fn has_room_for(&self, held: i64) -> bool {
        self.info.capacity.is_none_or(|capacity| held < i64::from(capacity))
    }

    /// The number of tasks that a barrier needs.
    fn needed(&self) -> u32 {
        self.info.capacity.unwrap_or(1).max(1)
    }

    /// The number of permits that are held, or of messages in the channel.
    pub fn held(&self, now: RunInstant) -> Level {
        self.level.level(now, self.most_held)
    }

    /// The number of tasks that wait to acquire the resource. At a read-write lock, these tasks
    /// wait to write. At a channel, they wait for a free slot.
    pub fn waiting(&self, now: RunInstant) -> Level {
        self.waiting_for_access.count.level(now, self.waiting_for_access.most)
    }

    /// The durations of the waits to acquire the resource. A wait that has not ended counts with
    /// its duration up to now.
    pub fn wait_time(&self, now: RunInstant) -> Percentiles {
        self.wait_percentiles(&self.waiting_for_access.ended, Wanted::Access, now)
    }

    /// The durations of the waits for a message of the channel.
    pub fn message_wait_time(&self, now: RunInstant) -> Percentiles {
        self.wait_percentiles(&self.waiting_for_other.ended, Wanted::Message, now)
    }

    /// The number of tasks that wait to read with a read-write lock.
    pub fn waiting_to_read(&self, now: RunInstant) -> Level {
        self.waiting_for_other.count.level(now, self.waiting_for_other.most)
    }

    /// The durations of the waits to read with a read-write lock.
    pub fn read_wait_time(&self, now: RunInstant) -> Percentiles {
        self.wait_percentiles(&self.waiting_for_other.ended, Wanted::Read, now)
    }

    /// The number of tasks that have arrived at a barrier since its last completion. A task that
    /// was cancelled while it waited also counts as arrived.
    pub fn arrived(&self) -> u32 {
        self.arrivals % self.needed()
    }

    /// How often a barrier was completed: all its tasks had arrived.
    pub fn completions(&self) -> u32 {
        self.arrivals / self.needed()
    }

    /// The number of the completion of a barrier, from 1, for which the arrival with this number
    /// waits.
    fn completion(&self, arrival: u32) -> u32 {
        arrival.div_ceil(self.needed())
    }

    /// How long each lock or permit was held until its release, or how long each message was in the
    /// channel until it was received.
    pub fn held_time(&self) -> Percentiles {
        self.held.percentiles()
    }

    /// How old each item was when a task received it, if each item goes to every receiver.
    pub fn reception_age(&self) -> Percentiles {
        self.ages.percentiles()
    }

    /// The age of the oldest message in the channel, by the last sample.
    pub fn oldest_message_age(&self, now: RunInstant) -> Nanos {
        self.oldest_message.map_or(Nanos::ZERO, |sent| now - sent)
    }

    /// The largest age of a message so far: of every message that was received, and of the oldest
    /// message in each sample.
    pub fn max_message_age(&self, now: RunInstant) -> Nanos {
        let received = self.held.percentiles().max;
        received.max(self.oldest_age).max(self.oldest_message_age(now))
    }

    /// The tasks and branches that hold the resource now, in the order of their ids.
    pub fn holders(&self) -> Vec<TaskId> {
        let mut holders: Vec<TaskId> = self.holders.keys().copied().collect();
        holders.sort_unstable();
        holders
    }

    fn wait_percentiles(&self, ended: &Hist, wanted: Wanted, now: RunInstant) -> Percentiles {
        let open = self.waits.iter().filter(|((_, of), _)| *of == wanted);
        ended.percentiles_with(open.map(|(_, wait)| now - wait.since))
    }

    fn waiting_mut(&mut self, wanted: Wanted) -> &mut Waiting {
        match wanted {
            Wanted::Message | Wanted::Read => &mut self.waiting_for_other,
            Wanted::Access | Wanted::Children => &mut self.waiting_for_access,
        }
    }

    fn change_holds(&mut self, task: TaskId, wanted: Wanted, by: i32) {
        if self.info.kind.is_held() {
            change(&mut self.holders, task, by);
        }
        if self.info.kind == ResourceKind::Rwlock && wanted == Wanted::Access {
            change(&mut self.writers, task, by);
        }
    }

    /// Whether tasks can hold this resource, or the resource can hold messages. Nobody holds a
    /// barrier or a notification.
    fn can_be_held(&self) -> bool {
        !matches!(self.info.kind, ResourceKind::Barrier | ResourceKind::Notify)
    }

    /// A task passed a barrier, or received a notification. `waited` says whether the task had
    /// waited for the notification.
    fn passed(&mut self, level: u32, waited: bool) {
        match (self.info.kind, waited) {
            (ResourceKind::Barrier, _) => self.arrivals = self.arrivals.max(level),
            (_, true) => self.notifications.woken -= 1,
            (_, false) => self.notifications.stored -= 1,
        }
    }

    /// Ends a wait that lasted until `at`. A duration of zero means that there was no wait.
    fn end_wait(&mut self, task: TaskId, wanted: Wanted, at: RunInstant, waited: CompactDuration) {
        if waited > CompactDuration::ZERO {
            self.waiting_mut(wanted).end(at, waited);
            self.waits.end((task, wanted), at);
        }
    }
}

/// Adds `by` to a number. Numbers that become zero are removed.
fn change(counts: &mut HashMap<TaskId, i32>, task: TaskId, by: i32) {
    let count = counts.entry(task).or_default();
    *count += by;
    if *count == 0 {
        counts.remove(&task);
    }
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
    children: HashMap<TaskId, i32>,
    /// Whether no further task can arrive.
    pub(super) arrivals_over: bool,
    /// The number of batches so far.
    batches: u64,
    suspects: Suspects,
    deadlocks: Vec<Deadlock>,
    /// Whether no task can ever continue and no further task can arrive.
    hopeless: bool,
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
            batches: 0,
            suspects: Suspects::default(),
            deadlocks: Vec::new(),
            hopeless: false,
        }
    }

    pub(super) fn wait_began(&mut self, began: &WaitBegan, lane: LaneId) {
        let batch = self.batches;
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
            resource.waiting_mut(ended.wanted).end(ended.at, ended.waited);
            resource.waits.end((ended.task, ended.wanted), ended.at);
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
            resource.change_holds(task, acquired.wanted, 1);
        } else {
            resource.passed(acquired.level, waited > CompactDuration::ZERO);
        }
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
        resource.change_holds(task, released.wanted, -1);
        resource.end_wait(task, Wanted::Message, at, waited);
    }

    pub(super) fn notified(&mut self, notification: &Notification) {
        let Some(resource) = self.get_mut(notification.resource) else {
            return;
        };
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
        resource.end_wait(task, Wanted::Message, at, waited);
    }

    pub(super) fn missed(&mut self, missed: &Missed) {
        if let Some(resource) = self.get_mut(missed.resource) {
            resource.receptions.entry(missed.task).or_default().missed += missed.count;
        }
    }

    fn end_successful_wait(&mut self, task: TaskId, waited: CompactDuration) {
        if waited > CompactDuration::ZERO {
            change(&mut self.open_waits, task, -1);
        }
    }

    /// Adds `by` to the number of children of `parent` that have not ended.
    pub(super) fn count_child(&mut self, parent: TaskId, by: i32) {
        change(&mut self.children, parent, by);
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
        let held = held.filter(move |resource| resource.holders.contains_key(&task));
        held.map(|resource| resource.info.name.as_str())
    }

    /// The time in which branches held a resource, were ready, and were not polled by their tasks.
    pub fn held_unpolled(&self, resource: &Resource) -> Nanos {
        let lateness = |(task, count): (&TaskId, &i32)| {
            let is_branch = self.task(*task).is_some_and(|task| task.is_branch);
            let times = self.times(*task);
            let lateness = i128::from((times.queued + times.unnoticed).0);
            i128::from(*count) * if is_branch { lateness } else { 0 }
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

    /// The deadlocks that were found so far, in the order of their discovery.
    pub fn deadlocks(&self) -> &[Deadlock] {
        &self.resources.deadlocks
    }

    /// Whether no task can ever continue, and no further task can arrive. In this state, a run
    /// without a duration never ends by itself.
    pub fn is_hopeless(&self) -> bool {
        self.resources.hopeless
    }
}
