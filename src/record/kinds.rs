//! What a task waits for, and how it can end: closed lists, whose words are the same on screen and in reports.

use serde::{Deserialize, Serialize};

/// What a suspended task waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Reason {
    /// Not known: a task that tasklab did not write.
    #[default]
    Unknown,
    /// A deadline.
    Timer,
    /// A reply from the loopback service.
    Http,
    /// A file operation that somebody else carries out.
    File,
    /// Work on a blocking thread.
    Offload,
    /// Nothing: it gave way, and is queued again at once.
    Yield,
    /// A database operation that somebody else carries out.
    Db,
    /// A lock that another task holds.
    Lock,
    /// A permit of a semaphore.
    Semaphore,
    /// Room in a channel, or something in it.
    Channel,
    /// Tasks that it spawned.
    Join,
}

impl Reason {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Reason; 11] = [
        Reason::Unknown,
        Reason::Timer,
        Reason::Http,
        Reason::File,
        Reason::Offload,
        Reason::Yield,
        Reason::Db,
        Reason::Lock,
        Reason::Semaphore,
        Reason::Channel,
        Reason::Join,
    ];

    /// The word on screen and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Unknown => "unknown",
            Reason::Timer => "timer",
            Reason::Http => "http",
            Reason::File => "file",
            Reason::Offload => "offload",
            Reason::Yield => "yield",
            Reason::Db => "db",
            Reason::Lock => "lock",
            Reason::Semaphore => "semaphore",
            Reason::Channel => "channel",
            Reason::Join => "join",
        }
    }
}

/// How a task, or one repetition of it, ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// It did all its steps.
    Completed,
    /// A step failed.
    Failed,
    /// It was stopped from outside.
    Cancelled,
    /// Its timeout passed.
    TimedOut,
    /// It panicked.
    Panicked,
    /// A step failed, and nobody was left who would have heard of it.
    UnobservedFailure,
    /// Its future was made and dropped: nothing of it ran.
    NeverStarted,
    /// The process died in which it was.
    Lost,
    /// It is over, and nobody knows how: a library spawned it, and tokio tells only that it ended.
    Unknown,
}

impl Outcome {
    /// Every outcome, in the order of their numbers.
    pub const ALL: [Outcome; 9] = [
        Outcome::Completed,
        Outcome::Failed,
        Outcome::Cancelled,
        Outcome::TimedOut,
        Outcome::Panicked,
        Outcome::UnobservedFailure,
        Outcome::NeverStarted,
        Outcome::Lost,
        Outcome::Unknown,
    ];

    /// The word on screen and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::TimedOut => "timed out",
            Outcome::Panicked => "panicked",
            Outcome::UnobservedFailure => "failed unseen",
            Outcome::NeverStarted => "never started",
            Outcome::Lost => "lost",
            Outcome::Unknown => "unknown",
        }
    }
}
