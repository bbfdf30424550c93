//! The resources that tasks share, and their records: which task waits for a resource, which task
//! acquires it, and which task releases it.
//!
//! ```text
//!   lock, semaphore   WaitBegan ··· Acquired ▐████ held ████▌ Released
//!   rwlock            (to write, or to read)
//!   channel           WaitBegan ··· Acquired ▐████ message ████▌ Released ··· WaitBegan
//!                     (no room)     send                      recv         (no message)
//!   barrier           WaitBegan ··· Acquired
//!                     (arrives)     (all have arrived)
//!   notify            WaitBegan ··· Acquired          Notification
//!                     (waits)       (was notified)    (notifies)
//! ```
//!
//! Nobody holds a barrier or a notification, so these have no `Released` records.
//!
//! A queue consists of slots: `send` acquires a slot for a message, and `recv` releases the slot.
//! A channel that gives each item to every receiver is different: `send` acquires a slot for the
//! item, each reception is a `Received`, and the channel drops the item at `Released`.
//!
//! A thread writes `Acquired` after it has the resource, and `Released` before another task can
//! have it. So if the records say that a task holds a resource, the task does hold this resource.

use super::time::impl_map_instants;
use super::{CompactDuration, Instant, ResourceKind, RunClock, TaskId};
use serde::{Deserialize, Serialize};

/// The number of a resource: its index in the list of the run's resources.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ResourceId(pub u16);

impl ResourceId {
    /// The value for a wait for other tasks and not for a resource.
    pub const NONE: ResourceId = ResourceId(u16::MAX);
}

/// A resource of a run, as it is known before the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceInfo {
    /// The kind of the resource.
    pub kind: ResourceKind,
    /// The name in the scenario.
    pub name: String,
    /// How many tasks can hold the resource at the same time. A read-write lock has the capacity 1,
    /// because only one task at a time can write. The capacity of a channel is the number of
    /// messages that it can contain. The capacity of a barrier is the number of tasks that it
    /// needs. The capacity of a notification is the number of notifications that can be stored.
    /// `None` if there is no limit.
    pub capacity: Option<u32>,
    /// The size of each message or result, in bytes. 0 if messages or results have no content.
    pub item_bytes: u64,
    /// The groups of the scenario whose tasks, or whose children, may send to the channel, reach
    /// the barrier, or notify.
    pub senders: Vec<String>,
    /// The groups of the scenario whose tasks, or whose children, may receive from the channel.
    pub receivers: Vec<String>,
}

impl ResourceInfo {
    /// A resource without content. No group sends to it or receives from it.
    pub fn new(kind: ResourceKind, name: &str, capacity: Option<u32>) -> ResourceInfo {
        ResourceInfo {
            kind,
            name: name.to_owned(),
            capacity,
            item_bytes: 0,
            senders: Vec::new(),
            receivers: Vec::new(),
        }
    }
}

/// What a task waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// To acquire the resource: the lock, a permit of the semaphore, or a free slot of the channel.
    /// To write with a read-write lock. The other tasks of a barrier, or a notification.
    Access,
    /// To read with a read-write lock.
    Read,
    /// A message of the channel.
    Message,
    /// The end of tasks that the waiting task has spawned. The resource is [`ResourceId::NONE`].
    Children,
}

/// A task began to wait for a resource or for its children.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct WaitBegan<C = RunClock> {
    /// When the wait began.
    pub at: Instant<C>,
    /// The task that waits.
    pub task: TaskId,
    /// The number of tasks that waited for the same thing at this instant, including this task. At
    /// a barrier, the number of arrivals since the start of the run, including this arrival.
    pub waiting: u32,
    /// The resource.
    pub resource: ResourceId,
    /// What the task waits for.
    pub wanted: Wanted,
    /// Whether a timeout can end the wait.
    pub limited: bool,
}

/// A task stopped waiting without getting the resource, or stopped waiting for its children.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct WaitEnded<C = RunClock> {
    /// When the wait ended.
    pub at: Instant<C>,
    /// The task that waited.
    pub task: TaskId,
    /// The duration of the wait.
    pub waited: CompactDuration,
    /// The resource.
    pub resource: ResourceId,
    /// What the task waited for.
    pub wanted: Wanted,
    /// Whether the task had already been given the lock, the permit, the slot or the message, but
    /// was cancelled before it ran. Then the lock, permit, slot or message goes back to the
    /// resource.
    pub handed_over: bool,
}

/// A task acquired a resource: a lock, a permit, or a slot of a channel for the message that the
/// task sends. For a barrier, this record means that the task passed the barrier. For a
/// notification, it means that the task was notified.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Acquired<C = RunClock> {
    /// When the task acquired the resource.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// How long the task waited for the resource. Zero if the task did not wait.
    pub waited: CompactDuration,
    /// The number of permits that were held then, or the number of messages in the channel. The new
    /// permit or message is included. At a barrier, the number of this arrival since the start of
    /// the run.
    pub level: u32,
    /// The resource.
    pub resource: ResourceId,
    /// What the task wanted.
    pub wanted: Wanted,
}

/// A task released a resource: a lock, a permit, or the slot of the message that the task received.
/// If each item of a channel goes to every receiver, this is the slot of an item that the task has
/// sent, and that the channel has dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Released<C = RunClock> {
    /// When the task released the resource.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// How long the task waited for a message. Zero if the task did not wait.
    pub waited: CompactDuration,
    /// How long the task held the lock or permit, or how long the message was in the channel.
    pub held: CompactDuration,
    /// The resource.
    pub resource: ResourceId,
    /// What the task had wanted.
    pub wanted: Wanted,
}

/// A task sent a notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Notification<C = RunClock> {
    /// When the task notified.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// How many waiting tasks the notification woke.
    pub woken: u32,
    /// The resource.
    pub resource: ResourceId,
    /// Whether the notification is kept for a task that waits later. If another notification is
    /// already kept, this is `false`.
    pub stored: bool,
    /// Whether this is an earlier notification that is passed on, because the task that it had
    /// woken was cancelled before that task ran.
    pub passed_on: bool,
}

/// A branch acquired or released a lock or a permit, and had been late until then. This record
/// follows the record of the acquisition or the release.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct HolderLate<C = RunClock> {
    /// When the branch acquired or released the resource.
    pub at: Instant<C>,
    /// The branch.
    pub task: TaskId,
    /// The sum of the times until then in which the branch was queued or unnoticed.
    pub lateness: CompactDuration,
    /// The resource.
    pub resource: ResourceId,
    /// Whether the branch released the resource.
    pub released: bool,
}

/// A task received an item of a channel that gives each item to every receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Received<C = RunClock> {
    /// When the task received the item.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// How long the task waited for the item. Zero if the task did not wait.
    pub waited: CompactDuration,
    /// The time since the item was sent.
    pub age: CompactDuration,
    /// The resource.
    pub resource: ResourceId,
}

/// A task missed items of a channel that gives each item to every receiver. The task noticed this
/// when it received the next item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Missed<C = RunClock> {
    /// When the task received the next item.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// The number of missed items.
    pub count: u64,
    /// The resource.
    pub resource: ResourceId,
}

impl_map_instants!(WaitBegan {
    at,
    task,
    waiting,
    resource,
    wanted,
    limited
});
impl_map_instants!(WaitEnded {
    at,
    task,
    waited,
    resource,
    wanted,
    handed_over
});
impl_map_instants!(Acquired {
    at,
    task,
    waited,
    level,
    resource,
    wanted
});
impl_map_instants!(Released {
    at,
    task,
    waited,
    held,
    resource,
    wanted
});
impl_map_instants!(Notification {
    at,
    task,
    woken,
    resource,
    stored,
    passed_on
});
impl_map_instants!(HolderLate {
    at,
    task,
    lateness,
    resource,
    released
});
impl_map_instants!(Received {
    at,
    task,
    waited,
    age,
    resource
});
impl_map_instants!(Missed {
    at,
    task,
    count,
    resource
});
