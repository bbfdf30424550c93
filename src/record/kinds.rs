//! Enums of kinds: the reasons for which a task waits, the ways in which a task ends, and the kinds
//! of resources and lanes.
//!
//! `into_str` returns the word for the screen and for reports. Messages between processes contain
//! the same word in snake case, which is serde's name for the kind.

#![allow(missing_docs, reason = "the `into_str` that strum generates has no doc comment")]

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// What a task waits for while it holds no lane.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
#[repr(u8)]
pub enum Reason {
    /// The event is not known, because the task's code is not part of tasklab.
    #[default]
    Unknown,
    /// A deadline.
    Timer,
    /// A reply from the loopback service.
    Http,
    /// A file operation on another thread.
    File,
    /// Work on a blocking thread.
    Offload,
    /// A database operation on another thread.
    Db,
    /// A lock that another task holds.
    Lock,
    /// A permit of a semaphore.
    Semaphore,
    /// Free space or a message in a channel.
    Channel,
    /// The end of tasks that the waiting task spawned, or of branches that it polls.
    Join,
    /// A notification by another task.
    Notify,
    /// Other tasks that must reach the same barrier.
    Barrier,
    /// No event: the task yielded and is queued again at once. So no task is suspended for this
    /// reason.
    Yield,
}

impl Reason {
    /// Whether only another task can end the wait: it must release a lock or a permit, use a
    /// channel, end, notify, or reach a barrier. Otherwise time or something outside of the tasks
    /// ends the wait.
    pub const fn is_other_task(self) -> bool {
        match self {
            Reason::Offload
            | Reason::Lock
            | Reason::Semaphore
            | Reason::Channel
            | Reason::Join
            | Reason::Notify
            | Reason::Barrier => true,
            Reason::Unknown | Reason::Timer | Reason::Http | Reason::File | Reason::Yield | Reason::Db => false,
        }
    }

    /// The reason whose discriminant is `bits`. Any other number means that the reason is unknown.
    pub fn from_bits(bits: u8) -> Reason {
        Reason::VARIANTS.get(usize::from(bits)).copied().unwrap_or_default()
    }
}

/// How a task, or one repetition of its steps, ended.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// All steps were done.
    Completed,
    /// A step failed.
    Failed,
    /// Another task, or the end of the run, stopped the task or the repetition.
    Cancelled,
    /// The timeout elapsed.
    #[strum(serialize = "timed out")]
    TimedOut,
    /// A step panicked.
    Panicked,
    /// A step failed, and no task was left to observe the error.
    #[strum(serialize = "unobserved failure")]
    UnobservedFailure,
    /// The future of the task was created, and was dropped before its first poll.
    #[strum(serialize = "never started")]
    NeverStarted,
    /// The process that ran the task died.
    Lost,
    /// A library spawned the task. tokio reports only that the task ended, and not how.
    Unknown,
}

/// The kind of a resource that tasks share.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum ResourceKind {
    /// A lock, which one task at a time can hold.
    Lock,
    /// A semaphore with a number of permits.
    Semaphore,
    /// A channel that gives each message to one receiver.
    Channel,
    /// A read-write lock, which one task can hold to write, or any number of tasks to read.
    Rwlock,
    /// A barrier, at which tasks wait for one another.
    Barrier,
    /// A notification, for which tasks wait.
    Notify,
    /// A channel that has only the newest item, which every receiver gets.
    Watch,
    /// A channel whose items every receiver gets.
    Broadcast,
    /// The results of children that the tasks of a group keep.
    Results,
}

impl ResourceKind {
    /// Whether tasks can hold a resource of this kind. Locks and permits belong to a task, but
    /// items do not.
    pub fn is_held(self) -> bool {
        matches!(
            self,
            ResourceKind::Lock | ResourceKind::Semaphore | ResourceKind::Rwlock
        )
    }

    /// Whether this is a channel of any kind.
    pub fn is_channel(self) -> bool {
        matches!(
            self,
            ResourceKind::Channel | ResourceKind::Watch | ResourceKind::Broadcast
        )
    }

    /// Whether this is a channel that gives each item to every receiver.
    pub fn is_fan_out(self) -> bool {
        matches!(self, ResourceKind::Watch | ResourceKind::Broadcast)
    }
}

/// The kind of a lane's thread.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum LaneKind {
    /// A worker thread of an async runtime.
    Worker,
    /// A thread of an async runtime's blocking pool.
    Blocking,
    /// A thread of a thread pool.
    Pool,
    /// A task's own thread.
    Thread,
    /// The thread of a worker process on which the process runs its tasks.
    Process,
}

/// A rule of the findings: why tasks waited or failed.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub enum Rule {
    /// The thread of a worker slept in the OS, and other tasks waited for it.
    BlockedWorker,
    /// A task computed for long on a worker, and other tasks waited for it.
    HoggedWorker,
    /// Nobody looked at timers and I/O, although a worker was idle.
    StarvedDriver,
    /// A task held a lock for long, and other tasks waited for the lock.
    LockConvoy,
    /// All threads of a pool were held, and other jobs waited for one.
    FullPool,
    /// Tasks waited for one another and can never continue.
    Deadlock,
    /// A channel was full, and its senders waited.
    FullChannel,
    /// More came to a channel or to a semaphore than left it.
    GrowingQueue,
    /// Repetitions timed out and were tried again, and their old work took more time than useful
    /// work.
    RetryStorm,
    /// A task went on after nobody waited for it any more.
    AbandonedWork,
    /// More threads computed than there are cores.
    TooManyThreads,
    /// Other programs took the cores.
    BusyMachine,
    /// A task failed, and no task observed it.
    UnobservedFailure,
    /// A future was created and never awaited.
    NeverAwaited,
}
