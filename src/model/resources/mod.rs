//! What tasks share: which tasks hold each lock and permit, which tasks wait for it, and which
//! tasks are in a deadlock.
//!
//! Records of different lanes arrive in any order. So everything here is a sum or a difference. The
//! number of holds of a task is the number of its `Acquired` records minus the number of its
//! `Released` records. The time that messages spent in a channel is also a difference: the sum of
//! the instants at which they left the channel, minus the sum of the instants at which they entered
//! it. The module `stuck` finds the tasks that can never continue, and `deadlock` finds the cycles
//! among them.

mod components;
mod deadlock;
mod pool;
mod sentence;
mod stuck;

pub use deadlock::{Blocked, Deadlock};
pub use pool::{Pool, PoolInfo};

use super::hist::{Hist, Percentiles};
use super::*;
use crate::record::{
    Acquired, CompactDuration, Released, ResourceId, ResourceInfo, ResourceKind, WaitBegan, WaitEnded, Wanted,
};
use deadlock::Suspects;
use std::hash::Hash;

/// A number that changes over time.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Level {
    /// The number now.
    pub now: u64,
    /// The mean since the start of the run.
    pub mean: f64,
    /// The largest number so far.
    pub max: u64,
}

/// A resource: its holders, its waits, and its totals.
#[derive(Clone, Debug)]
pub struct Resource {
    /// What is known about the resource before the run.
    pub info: ResourceInfo,
    /// How often a task acquired the resource, or sent a message.
    pub acquired: u64,
    /// How often a task released the resource, or received a message.
    pub released: u64,
    /// How often a task stopped waiting without getting what it waited for.
    pub abandoned: u64,
    /// How often a task got what it waited for, but was cancelled before it ran.
    pub handed_to_cancelled: u64,
    /// The tasks that hold the resource, each with the number of its holds. Not used for channels,
    /// whose messages belong to no task.
    holders: HashMap<TaskId, i32>,
    /// The waits that have not ended.
    waits: OpenWaits<(TaskId, Wanted)>,
    /// The holds, or the messages in a channel.
    level: Integral,
    most_held: u32,
    /// The tasks that wait to acquire the resource.
    waiting_for_access: Waiting,
    /// The tasks that wait for a message.
    waiting_for_message: Waiting,
    /// How long each lock or permit was held, and how long each message was in the channel.
    held: Hist,
    /// The instant at which the oldest message was sent, by the last sample.
    oldest_message: Option<RunInstant>,
    oldest_age: Nanos,
}

/// The waits of one kind, and their distribution.
#[derive(Clone, Debug)]
struct Waiting {
    count: Integral,
    most: u32,
    ended: Hist,
}

/// A number whose changes are recorded in any order, and its integral over time.
#[derive(Clone, Copy, Debug, Default)]
struct Integral {
    now: i64,
    /// The sum of the instants of all decreases minus the sum of the instants of all increases.
    area: i128,
}

impl Integral {
    fn increase(&mut self, at: RunInstant) {
        self.now += 1;
        self.area -= i128::from(at.0);
    }

    fn decrease(&mut self, at: RunInstant) {
        self.now -= 1;
        self.area += i128::from(at.0);
    }

    fn level(self, now: RunInstant, max: u32) -> Level {
        let area = self.area + i128::from(self.now) * i128::from(now.0);
        Level {
            now: self.now.max(0) as u64,
            mean: (area as f64 / now.0.max(1) as f64).max(0.0),
            max: max.into(),
        }
    }
}

/// The latest wait of each key. The waits of one key follow one another, so the latest wait is open
/// if no end is later than its start. This does not depend on the order of arrival.
#[derive(Clone, Debug)]
struct OpenWaits<K> {
    latest: HashMap<K, OpenWait>,
    /// When there are this many entries, the entries of old waits are removed.
    purge_at: usize,
}

/// The latest wait of a task for a resource or for its children.
#[derive(Clone, Copy, Debug, Default)]
struct OpenWait {
    /// The latest start of a wait.
    since: RunInstant,
    /// The latest end of a wait.
    ended: RunInstant,
    /// Whether a timeout can end the latest wait.
    limited: bool,
    /// The number of the batch that contained the start of the latest wait.
    batch: u64,
}

impl OpenWait {
    fn is_open(&self) -> bool {
        self.since > self.ended
    }
}

/// How long the end of a wait is kept. Records of different lanes are expected to arrive less than
/// this time apart.
const KEPT: Nanos = Nanos::from_millis(1_000);

impl<K: Hash + Eq> OpenWaits<K> {
    fn new() -> OpenWaits<K> {
        OpenWaits {
            latest: HashMap::new(),
            purge_at: 1024,
        }
    }

    fn begin(&mut self, key: K, began: &WaitBegan, batch: u64) {
        if self.latest.len() >= self.purge_at {
            self.latest
                .retain(|_, wait| wait.is_open() || wait.ended + KEPT > began.at);
            self.purge_at = 1024 + 2 * self.latest.len();
        }
        let wait = self.latest.entry(key).or_default();
        if began.at >= wait.since {
            *wait = OpenWait {
                since: began.at,
                ended: wait.ended,
                limited: began.limited,
                batch,
            };
        }
    }

    fn end(&mut self, key: K, at: RunInstant) {
        let wait = self.latest.entry(key).or_default();
        wait.ended = wait.ended.max(at);
    }

    /// The waits that have not ended.
    fn iter(&self) -> impl Iterator<Item = (&K, &OpenWait)> {
        self.latest.iter().filter(|(_, wait)| wait.is_open())
    }
}

impl Waiting {
    fn new() -> Waiting {
        Waiting {
            count: Integral::default(),
            most: 0,
            ended: Hist::fine(),
        }
    }

    fn end(&mut self, at: RunInstant, waited: CompactDuration) {
        self.count.decrease(at);
        self.ended.record(waited.get());
    }
}

impl Resource {
    fn new(info: ResourceInfo) -> Resource {
        Resource {
            info,
            acquired: 0,
            released: 0,
            abandoned: 0,
            handed_to_cancelled: 0,
            holders: HashMap::new(),
            waits: OpenWaits::new(),
            level: Integral::default(),
            most_held: 0,
            waiting_for_access: Waiting::new(),
            waiting_for_message: Waiting::new(),
            held: Hist::fine(),
            oldest_message: None,
            oldest_age: Nanos::ZERO,
        }
    }

    /// The number of permits that are held, or of messages in the channel.
    pub fn held(&self, now: RunInstant) -> Level {
        self.level.level(now, self.most_held)
    }

    /// The number of tasks that wait for the resource, or for a free slot of the channel.
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
        self.wait_percentiles(&self.waiting_for_message.ended, Wanted::Message, now)
    }

    /// How long each lock or permit was held until its release, or how long each message was in the
    /// channel until it was received.
    pub fn held_time(&self) -> Percentiles {
        self.held.percentiles()
    }

    /// The age of the oldest message in the channel, by the last sample.
    pub fn oldest_message_age(&self, now: RunInstant) -> Nanos {
        self.oldest_message.map_or(Nanos::ZERO, |sent| now - sent)
    }

    /// The largest age of a message so far. It covers every message that was received, and the
    /// oldest message in each sample.
    pub fn max_message_age(&self, now: RunInstant) -> Nanos {
        let received = self.held.percentiles().max;
        received.max(self.oldest_age).max(self.oldest_message_age(now))
    }

    fn wait_percentiles(&self, ended: &Hist, wanted: Wanted, now: RunInstant) -> Percentiles {
        let open = self.waits.iter().filter(|((_, of), _)| *of == wanted);
        ended.percentiles_with(open.map(|(_, wait)| now - wait.since))
    }

    fn waiting_mut(&mut self, wanted: Wanted) -> &mut Waiting {
        match wanted {
            Wanted::Message => &mut self.waiting_for_message,
            Wanted::Access | Wanted::Children => &mut self.waiting_for_access,
        }
    }

    fn change_holds(&mut self, task: TaskId, by: i32) {
        if self.info.kind != ResourceKind::Channel {
            change(&mut self.holders, task, by);
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

    pub(super) fn wait_began(&mut self, began: &WaitBegan) {
        let batch = self.batches;
        change(&mut self.open_waits, began.task, 1);
        if began.wanted == Wanted::Children {
            self.waits_for_children.begin(began.task, began, batch);
        } else if let Some(resource) = self.get_mut(began.resource) {
            let waiting = resource.waiting_mut(began.wanted);
            waiting.count.increase(began.at);
            waiting.most = waiting.most.max(began.waiting);
            resource.waits.begin((began.task, began.wanted), began, batch);
        }
    }

    pub(super) fn wait_ended(&mut self, ended: &WaitEnded) {
        change(&mut self.open_waits, ended.task, -1);
        if ended.wanted == Wanted::Children {
            self.waits_for_children.end(ended.task, ended.at);
        } else if let Some(resource) = self.get_mut(ended.resource) {
            resource.abandoned += 1;
            resource.handed_to_cancelled += u64::from(ended.handed_over);
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
        resource.level.increase(at);
        resource.most_held = resource.most_held.max(acquired.level);
        resource.change_holds(task, 1);
        resource.end_wait(task, Wanted::Access, at, waited);
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
        resource.change_holds(task, -1);
        resource.end_wait(task, Wanted::Message, at, waited);
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
        let is_this =
            |resource: &&mut Resource| resource.info.kind == ResourceKind::Channel && resource.info.name == name;
        if let Some(resource) = self.list.iter_mut().find(is_this) {
            resource.oldest_message = sample.oldest;
            let age = sample.oldest.map_or(Nanos::ZERO, |sent| sample.at - sent);
            resource.oldest_age = resource.oldest_age.max(age);
        }
    }

    fn get_mut(&mut self, id: ResourceId) -> Option<&mut Resource> {
        self.list.get_mut(usize::from(id.0))
    }
}

impl Model {
    /// The locks, semaphores and channels of the scenario.
    pub fn resources(&self) -> &[Resource] {
        &self.resources.list
    }

    /// The deadlocks that were found so far, in the order of their discovery.
    pub fn deadlocks(&self) -> &[Deadlock] {
        &self.resources.deadlocks
    }

    /// Whether no task can ever continue, and no further task can arrive. A run without a duration
    /// then never ends by itself.
    pub fn is_hopeless(&self) -> bool {
        self.resources.hopeless
    }
}
