//! A scenario that has been read and checked. Nothing here knows its place in a file.

use serde::{Deserialize, Serialize};
use std::time::Duration;

mod branch;
mod cue;
mod executor;
mod expect;
mod how;
mod kernel;
mod lang;
mod log_level;
mod task;

pub use branch::Branch;
pub use cue::Cue;
pub use executor::{ExecutorKind, ExecutorSpec, HasKnobs, Knobs, Traits, Workers};
pub use expect::{Bound, Expectation, Measure, ReportPath};
pub use how::How;
pub use kernel::Kernel;
pub use lang::Lang;
pub use log_level::LogLevel;
pub use task::{Arrivals, Draw, Repeat, Start, TaskSpec};

/// The group of the blocking tasks that cues and keys inject. No group of a scenario may have this
/// name.
pub const INJECTED: &str = "injected";

/// A mix of tasks, where it runs, and what the presenter does to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// One line for header and lists.
    pub title: String,
    /// What it shows, in a sentence or two. May be empty.
    pub about: String,
    /// When to stop. `None`: when every task has ended.
    pub duration: Option<Duration>,
    /// Every random draw derives from it.
    pub seed: u64,
    /// Where it runs.
    pub executor: ExecutorSpec,
    /// Where it may run: the executors that the scenario lists, otherwise all on which its steps
    /// have a meaning. `executor.kind` is one of them.
    pub executors: Vec<ExecutorKind>,
    /// What the event log keeps. `None`: what the front end keeps by default.
    pub log: Option<LogLevel>,
    /// How the loopback HTTP service behaves.
    pub http: HttpSpec,
    /// The database that `db` steps work on.
    pub db: DbSpec,
    /// The channels, by name.
    pub channels: Vec<ChannelSpec>,
    /// The semaphores, by name.
    pub semaphores: Vec<SemaphoreSpec>,
    /// The locks, by name, in the order of their first use.
    pub locks: Vec<LockSpec>,
    /// The groups of tasks, in the file's order. Names are unique.
    pub tasks: Vec<TaskSpec>,
    /// The cues, in order of time.
    pub cues: Vec<Cue>,
    /// What must hold at the end, in the file's order.
    pub expect: Vec<Expectation>,
}

/// The SQLite database in the scratch folder, with one table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DbSpec {
    /// Rows that the table has when the run begins.
    pub rows: u32,
    /// How long an operation waits for the file's lock before it fails.
    #[serde(with = "nanos")]
    pub timeout: Duration,
    /// Whether SQLite keeps a write-ahead log: then readers do not wait for the writer.
    pub wal: bool,
}

/// A bounded channel, for any number of senders and receivers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelSpec {
    /// Its name.
    pub name: String,
    /// How much fits, from 1.
    pub capacity: u32,
}

/// A counting semaphore, fair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SemaphoreSpec {
    /// Its name.
    pub name: String,
    /// How many tasks it lets in at once, from 1.
    pub permits: u32,
}

/// A mutex.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockSpec {
    /// Its name.
    pub name: String,
    /// `Async`: a task that waits is suspended. `Sync`: a task that waits keeps its thread. On
    /// thread executors every task keeps its thread. Never `Offload`.
    pub how: How,
}

/// How the loopback HTTP service behaves.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HttpSpec {
    /// How long it takes to answer.
    pub latency: Draw,
    /// Share of requests that it answers with status 500, 0–1.
    pub failure_rate: f64,
}

/// A length of time is sent to other processes as whole nanoseconds.
pub(crate) mod nanos {
    use crate::record::Nanos;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        Nanos::from(*time).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Nanos::deserialize(deserializer).map(Duration::from)
    }
}
