//! One resource: which tasks hold it, which tasks wait for it, and its totals.

use super::holders::Holders;
use super::stays::{Stay, Stays};
use super::traffic::Buckets;
use super::waits::{Integral, Level, OpenWaits, Waiting};
use crate::model::hist::{Hist, Percentiles};
use crate::record::{
    Acquired, CompactDuration, GroupId, Nanos, Released, ResourceInfo, ResourceKind, RunInstant, TaskId, Wanted,
};
use std::collections::{BTreeMap, HashMap};
use std::ops::AddAssign;

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
    pub(super) receptions_of_evicted: BTreeMap<Option<GroupId>, Receptions>,
    /// How often a task stopped waiting without getting what it waited for.
    pub abandoned: u64,
    /// How often a task got what it waited for, but was cancelled before it ran.
    pub handed_to_cancelled: u64,
    /// How often a task acquired a read-write lock to read.
    pub reads: u64,
    /// What became of notifications.
    pub notifications: Notifications,
    /// The number of arrivals at a barrier.
    pub(super) arrivals: u32,
    /// The tasks that hold the resource. Not used for channels, whose messages belong to no task.
    pub(super) holders: Holders,
    /// The holders that hold a read-write lock to write.
    pub(super) writers: HashMap<TaskId, i32>,
    /// The waits that have not ended.
    pub(super) waits: OpenWaits<(TaskId, Wanted)>,
    /// The holds that have ended.
    pub(super) past_holds: Stays,
    /// The waits that have ended.
    pub(super) past_waits: Stays,
    /// What came to the resource and left it.
    pub(super) traffic: Buckets,
    /// The task that received a message last.
    pub(super) last_receiver: Option<(RunInstant, TaskId)>,
    /// The task that sent a message last.
    pub(super) last_sender: Option<(RunInstant, TaskId)>,
    /// For a channel, the number of its messages. For any other resource, the number of its
    /// holders.
    pub(super) level: Integral,
    pub(super) most_held: u32,
    /// The sum of the lateness of branches at their releases, minus the sum of the lateness of
    /// branches at their acquisitions. In nanoseconds.
    pub(super) lateness: i128,
    /// The tasks that wait to acquire the resource.
    pub(super) waiting_for_access: Waiting,
    /// The tasks that wait for a message of a channel, or to read with a read-write lock.
    pub(super) waiting_for_other: Waiting,
    /// How long each lock or permit was held, and how long each message was in the channel.
    pub(super) held: Hist,
    /// The age of each item when a task received it, if each item goes to every receiver.
    pub(super) ages: Hist,
    /// The latest instant at which a task acquired the resource, or sent a message.
    pub(super) last_acquired: RunInstant,
    /// The instant at which the oldest message was sent, by the last sample.
    pub(super) oldest_message: Option<RunInstant>,
    pub(super) oldest_age: Nanos,
    /// The longest wait to acquire the resource that has ended.
    pub longest_wait: Option<Span>,
}

/// A span of time in the life of a task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span {
    /// The duration.
    pub len: Nanos,
    /// The end.
    pub to: RunInstant,
    /// The task.
    pub task: TaskId,
}

impl Span {
    /// The start.
    pub fn from(&self) -> RunInstant {
        self.to - self.len
    }

    /// Keeps the longer span. The order of calls does not matter.
    pub(super) fn note(longest: &mut Option<Span>, task: TaskId, to: RunInstant, len: Nanos) {
        let new = Some(Span { len, to, task });
        *longest = (*longest).max(new);
    }
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
    pub(super) stored: i64,
    /// The number of tasks that were woken, minus the number of woken tasks that ran or were
    /// cancelled.
    pub(super) woken: i64,
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
    pub(super) fn is_available(&self) -> bool {
        self.stored > 0 || self.woken > 0
    }
}

impl Resource {
    pub(super) fn new(info: ResourceInfo) -> Resource {
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
            holders: Holders::default(),
            writers: HashMap::new(),
            waits: OpenWaits::new(),
            past_holds: Stays::default(),
            past_waits: Stays::default(),
            traffic: Buckets::default(),
            last_receiver: None,
            last_sender: None,
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
            longest_wait: None,
        }
    }

    /// Whether the resource can be acquired while it has this number of holds or messages.
    pub(super) fn has_room_for(&self, held: i64) -> bool {
        self.info.capacity.is_none_or(|capacity| held < i64::from(capacity))
    }

    /// The number of tasks that a barrier needs.
    pub(super) fn needed(&self) -> u32 {
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
    pub(super) fn completion(&self, arrival: u32) -> u32 {
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
        let mut holders: Vec<TaskId> = self.holders.iter().map(|(task, _)| task).collect();
        holders.sort_unstable();
        holders
    }

    fn wait_percentiles(&self, ended: &Hist, wanted: Wanted, now: RunInstant) -> Percentiles {
        let open = self.waits.iter().filter(|((_, of), _)| *of == wanted);
        ended.percentiles_with(open.map(|(_, wait)| now - wait.since))
    }

    pub(super) fn waiting_mut(&mut self, wanted: Wanted) -> &mut Waiting {
        match wanted {
            Wanted::Message | Wanted::Read => &mut self.waiting_for_other,
            Wanted::Access | Wanted::Children => &mut self.waiting_for_access,
        }
    }

    /// A task begins to hold the resource.
    pub(super) fn hold(&mut self, acquired: &Acquired) {
        if self.info.kind.is_held() {
            self.holders.acquired(acquired.task, acquired.at);
            self.change_writers(acquired.task, acquired.wanted, 1);
        }
    }

    /// A task stops holding the resource.
    pub(super) fn end_hold(&mut self, released: &Released) {
        let Released {
            at, task, held, wanted, ..
        } = *released;
        if self.info.kind.is_held() {
            self.holders.released(task, at, held);
            self.change_writers(task, wanted, -1);
            self.past_holds.add(Stay {
                task,
                from: at - held.get(),
                to: at,
                wanted,
            });
        }
    }

    fn change_writers(&mut self, task: TaskId, wanted: Wanted, by: i32) {
        if self.info.kind == ResourceKind::Rwlock && wanted == Wanted::Access {
            change(&mut self.writers, task, by);
        }
    }

    /// Whether tasks can hold this resource, or the resource can hold messages. Nobody holds a
    /// barrier or a notification.
    pub(super) fn can_be_held(&self) -> bool {
        !matches!(self.info.kind, ResourceKind::Barrier | ResourceKind::Notify)
    }

    /// What an acquisition adds to the traffic: what came to the resource, and what left it.
    pub(super) fn count_acquired(&mut self, at: RunInstant, waited: bool) {
        let kind = self.info.kind;
        let is_item = kind.is_channel() || kind == ResourceKind::Results;
        let (entered, left) = match kind {
            ResourceKind::Notify => (false, true),
            _ => (is_item || !waited, !is_item),
        };
        self.traffic.record(at, |bucket| {
            bucket.entered += u32::from(entered);
            bucket.left += u32::from(left);
        });
    }

    /// A task passed a barrier, or received a notification. `waited` says whether the task had
    /// waited for the notification.
    pub(super) fn passed(&mut self, level: u32, waited: bool) {
        match (self.info.kind, waited) {
            (ResourceKind::Barrier, _) => self.arrivals = self.arrivals.max(level),
            (_, true) => self.notifications.woken -= 1,
            (_, false) => self.notifications.stored -= 1,
        }
    }

    /// Ends a wait that lasted until `at`. A duration of zero means that there was no wait.
    pub(super) fn end_wait(&mut self, task: TaskId, wanted: Wanted, at: RunInstant, waited: CompactDuration) {
        if waited > CompactDuration::ZERO {
            self.close_wait(task, wanted, at, waited);
            if wanted != Wanted::Message {
                Span::note(&mut self.longest_wait, task, at, waited.get());
            }
        }
    }

    pub(super) fn close_wait(&mut self, task: TaskId, wanted: Wanted, at: RunInstant, waited: CompactDuration) {
        self.waiting_mut(wanted).end(at, waited);
        self.waits.end((task, wanted), at);
        self.past_waits.add(Stay {
            task,
            from: at - waited.get(),
            to: at,
            wanted,
        });
        self.traffic.record(at, |bucket| bucket.waiting -= 1);
    }
}

/// Adds `by` to a number. Numbers that become zero are removed.
pub(super) fn change(counts: &mut HashMap<TaskId, i32>, task: TaskId, by: i32) {
    let count = counts.entry(task).or_default();
    *count += by;
    if *count == 0 {
        counts.remove(&task);
    }
}
