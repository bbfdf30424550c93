//! The figures of deadlocks, and of the locks, channels and pools that tasks share.

use super::Percentiles;
use schemars::JsonSchema;
use serde::Serialize;

/// The figures of one lock, semaphore, channel or pool of threads.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "resource")]
pub struct Resource {
    /// The name in the scenario, `pool threads` or `blocking threads`.
    pub name: String,
    /// The kind: `lock`, `rwlock`, `semaphore`, `channel`, `watch`, `broadcast`, `barrier`,
    /// `notify`, `pool` or `results`.
    pub kind: &'static str,
    /// For a semaphore, the number of permits. For a channel, the maximum number of messages. For a
    /// barrier, the number of tasks that it needs. For a pool, the maximum number of threads. 1 for
    /// a lock, for an `rwlock` (one task can write) and for `notify` (one notification can be
    /// stored). `null` for an unbounded channel, for a `watch` channel, and for results.
    pub capacity: Option<u32>,
    /// The length of the queue. The queue of a channel contains messages. The queue of a lock,
    /// semaphore, barrier or notification contains the tasks that wait, and the queue of an
    /// `rwlock` contains the tasks that wait to write. The queue of a pool contains the jobs that
    /// wait for a thread. The `max` of a pool counts its first 100,000 jobs exactly. Later jobs are
    /// sampled, so it may then be too small. For results, the number of results that are kept.
    pub length: Level,
    /// The size in bytes of all messages in the channel, or of all results that are kept. `null` if
    /// they have no content, and for resources that are neither a channel nor results.
    pub length_bytes: Option<Level>,
    /// For a lock or `rwlock`, the number of tasks that hold the lock. For a semaphore, the number
    /// of permits that are held. For a pool, the number of threads that run a job. `null` for a
    /// channel, a barrier, `notify` and results.
    pub holders: Option<Level>,
    /// The names of the tasks and branches that hold the lock or a permit at the end of the run. At
    /// most 100 are listed. Empty for all kinds except `lock`, `rwlock` and `semaphore`.
    pub held_by: Vec<String>,
    /// How long branches of `join`, `try_join`, `select` and `buffered` held the lock or a permit
    /// while they were ready and their task did not poll them, in nanoseconds. `null` for all kinds
    /// except `lock`, `rwlock` and `semaphore`.
    pub held_unpolled_ns: Option<u64>,
    /// The number of tasks that wait to read with the `rwlock`. `null` for all other kinds.
    pub waiting_to_read: Option<Level>,
    /// The number of tasks that wait for a free slot of the channel. `null` for all other kinds:
    /// their `length` is the number of waiting tasks or jobs.
    pub waiting: Option<Level>,
    /// How long tasks waited for the lock, to write with the `rwlock`, for a permit, for a free
    /// slot, at the barrier or for a notification. Tasks that did not wait are not counted. A wait
    /// that has not ended counts with its duration so far. For a pool, how long each job was queued
    /// before it ran.
    pub wait_ns: Percentiles,
    /// How long tasks waited to read with the `rwlock`. `null` for all other kinds.
    pub read_wait_ns: Option<Percentiles>,
    /// How long tasks waited for a message of the channel. `null` for all other kinds.
    pub receive_wait_ns: Option<Percentiles>,
    /// How long the lock, a permit or a thread was held. `null` for a channel, a barrier, `notify`
    /// and results.
    pub held_ns: Option<Percentiles>,
    /// How long each message was in the channel before it was received, each reception counted.
    /// `null` for all other kinds.
    pub message_age_ns: Option<Percentiles>,
    /// The age of the oldest message in the channel. `null` for `watch`, `broadcast` and all other
    /// kinds.
    pub oldest_message_ns: Option<Age>,
    /// How often a task acquired the lock or a permit, how many jobs the pool has run, or how many
    /// results were kept. `null` for a channel, a barrier and `notify`.
    pub acquired: Option<u64>,
    /// How often a task acquired the `rwlock` to read: a part of `acquired`. `null` for all other
    /// kinds.
    pub reads: Option<u64>,
    /// The number of messages of the channel that were sent, or how often a task notified. `null`
    /// for all other kinds.
    pub sent: Option<u64>,
    /// The number of messages of the channel that were received, or how many tasks received a
    /// notification (one notification can reach many tasks). In a `watch` or `broadcast` channel,
    /// each receiver counts. `null` for all other kinds.
    pub received: Option<u64>,
    /// The number of notifications that are stored for a task that waits later: 0 or 1. `null` for
    /// all other kinds.
    pub stored: Option<u64>,
    /// The number of notifications that neither woke a task nor were stored: no task waited, and
    /// they were for all waiting tasks, or one was stored already. `null` for all other kinds.
    pub lost: Option<u64>,
    /// The number of tasks that have arrived at the barrier since it last let tasks continue,
    /// including tasks that were cancelled while they waited. `null` for all other kinds.
    pub arrived: Option<u32>,
    /// How often the barrier let its tasks continue. `null` for all other kinds.
    pub generations: Option<u32>,
    /// The number of messages that receivers of a `watch` or `broadcast` channel did not get. A
    /// receiver of a `watch` skips a message if a newer message has replaced it. A receiver of a
    /// `broadcast` loses a message if the receiver lags. Missed messages are counted when their
    /// receiver receives its next message. `null` for all other kinds.
    pub missed: Option<u64>,
    /// What the tasks of each group have received from a `watch` or `broadcast` channel. `null` for
    /// all other kinds.
    pub receivers: Option<Vec<Receiver>>,
    /// How often a task stopped waiting because its timeout passed or because the task was
    /// cancelled. Such a task did not get what it waited for.
    pub abandoned: u64,
    /// How often a task was given a lock, a permit, a slot or a message, but was cancelled before
    /// it could use it. These waits are part of `abandoned`.
    pub given_to_cancelled: u64,
}

/// What the tasks of one group have received from a `watch` or `broadcast` channel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "receiver")]
pub struct Receiver {
    /// The name of the group.
    pub name: String,
    /// The number of messages that its tasks have received.
    pub received: u64,
    /// The number of messages that its tasks did not get.
    pub missed: u64,
}

/// A number that changes during the run.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "level")]
pub struct Level {
    /// The number at the end of the run.
    pub now: u64,
    /// The mean over the duration of the run.
    pub mean: f64,
    /// The largest number.
    pub max: u64,
}

/// The age of the oldest message in a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "age")]
pub struct Age {
    /// The age at the end of the run, in nanoseconds. 0 if the channel is empty. The channel is
    /// sampled every 100 ms.
    pub now: u64,
    /// The largest age of a message, in nanoseconds. This figure covers every message that was
    /// received, and the oldest message in each sample.
    pub max: u64,
}

/// Tasks that wait for one another and can never continue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "deadlock")]
pub struct Deadlock {
    /// One sentence that says which task waits for which thing, and which task holds this thing.
    pub sentence: String,
    /// The time from the start of the run until the last task of the deadlock began to wait.
    pub since_ns: u64,
    /// The waits. At most 100 are listed.
    pub waits: Vec<DeadlockedWait>,
}

/// A wait that can never end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(title = "deadlocked wait")]
pub struct DeadlockedWait {
    /// The name of the task that waits. The only task of a group has the name of the group.
    pub task: String,
    /// What kind of thing the task waits for: a kind of `resources[]` except `pool`, or `children`
    /// or `thread`.
    pub kind: &'static str,
    /// The name of the resource. `children` or `thread` if the task waits for its children or for a
    /// thread of the executor.
    pub waits_for: String,
    /// The time from the start of the run to the start of the wait.
    pub since_ns: u64,
    /// The names of the tasks that could end the wait. These tasks can never continue either. At
    /// most 100 are listed.
    pub held_by: Vec<String>,
}
