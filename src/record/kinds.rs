//! Closed lists of kinds: what a task waits for, how it can end, and what a lane is.
//!
//! `into_str` gives the word on screen and in reports. serde's name for a kind, in messages between
//! processes, is the same word in snake case.

#![allow(missing_docs, reason = "the `into_str` that strum generates has no doc comment")]

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// What a suspended task waits for.
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
    /// Unknown: tasklab did not write the task's code.
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
    /// Nothing: it yielded, and is queued again at once.
    Yield,
    /// A database operation on another thread.
    Db,
    /// A lock that another task holds.
    Lock,
    /// A permit of a semaphore.
    Semaphore,
    /// Free space or a message in a channel.
    Channel,
    /// The end of tasks that it spawned.
    Join,
}

/// How a task, or one repetition of its steps, ended.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// It did all its steps.
    Completed,
    /// A step failed.
    Failed,
    /// It was stopped from outside.
    Cancelled,
    /// Its timeout passed.
    #[strum(serialize = "timed out")]
    TimedOut,
    /// It panicked.
    Panicked,
    /// A step failed, and no task was left to observe the error.
    #[strum(serialize = "unobserved failure")]
    UnobservedFailure,
    /// Its future was created and dropped before the first poll.
    #[strum(serialize = "never started")]
    NeverStarted,
    /// The process that ran it died.
    Lost,
    /// It ended in an unknown way: a library spawned it, and tokio reports only its end.
    Unknown,
}

/// What kind of thread a lane is.
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
    /// The thread of a worker process that runs its tasks.
    Process,
}
