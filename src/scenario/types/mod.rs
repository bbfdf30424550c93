//! A scenario that has been read and checked. These types do not hold places in the file.

use serde::{Deserialize, Serialize};
use std::time::Duration;

mod branch;
mod cue;
mod executor;
mod expect;
mod how;
mod lang;
mod log_level;
mod task;

pub use branch::Branch;
pub use cue::Cue;
pub use executor::{ExecutorKind, ExecutorSpec, HasKnobs, Knobs, Traits, Workers};
pub use expect::{Bound, Expectation, Measure, ReportPath};
pub use how::How;
pub use lang::Lang;
pub use log_level::LogLevel;
pub use task::{Arrivals, Draw, Repeat, Start, TaskSpec};
pub use tasklab_kernels::Kernel;

/// The group of the blocking tasks that cues and keys inject. No group of a scenario may have this
/// name.
pub const INJECTED: &str = "injected";

/// A set of task groups, the executor on which they run, and the cues of the presenter.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// One line that headers and lists show.
    pub title: String,
    /// One or two sentences about what the scenario shows. May be empty.
    pub about: String,
    /// How long the run lasts. `None`: until every task has ended.
    pub duration: Option<Duration>,
    /// The seed of all random numbers.
    pub seed: u64,
    /// The executor on which the scenario runs.
    pub executor: ExecutorSpec,
    /// The executors on which the scenario may run. If the file lists no executors, the list
    /// contains all executors that can run the steps. The list always contains `executor.kind`.
    pub executors: Vec<ExecutorKind>,
    /// Which events the log keeps. `None`: the default of the front end applies.
    pub log: Option<LogLevel>,
    /// How the loopback HTTP service behaves.
    pub http: HttpSpec,
    /// The database that `db` steps use.
    pub db: DbSpec,
    /// The channels. Steps refer to a channel by its name.
    pub channels: Vec<ChannelSpec>,
    /// The semaphores. Steps refer to a semaphore by its name.
    pub semaphores: Vec<SemaphoreSpec>,
    /// The barriers. Steps refer to a barrier by its name.
    pub barriers: Vec<BarrierSpec>,
    /// The locks, in the order of their first use. Steps refer to a lock by its name.
    pub locks: Vec<LockSpec>,
    /// The names of the read-write locks, in the order of their first use.
    pub rwlocks: Vec<String>,
    /// The names of the notifications, in the order of their first use.
    pub notifies: Vec<String>,
    /// The results that groups keep, in the order of their first use.
    pub results: Vec<ResultsSpec>,
    /// The groups of tasks, in the order of the file. Their names are unique.
    pub tasks: Vec<TaskSpec>,
    /// The cues, ordered by time.
    pub cues: Vec<Cue>,
    /// The conditions that must be true at the end, in the order of the file.
    pub expect: Vec<Expectation>,
}

/// The SQLite database in the scratch folder, with one table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DbSpec {
    /// The number of rows in the table when the run begins.
    pub rows: u32,
    /// How long an operation waits for the file's lock before it fails.
    #[serde(with = "nanos")]
    pub timeout: Duration,
    /// Whether SQLite keeps a write-ahead log. If so, readers do not wait for the writer.
    pub wal: bool,
}

/// A channel for any number of senders and receivers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelSpec {
    /// The name that steps use.
    pub name: String,
    /// Which tasks receive a message.
    pub kind: ChannelKind,
    /// The size of each message, in bytes. 0: messages have no content.
    pub item_bytes: u64,
}

/// Which tasks receive the messages of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChannelKind {
    /// One task receives each message.
    Queue {
        /// The maximum number of messages in the channel, from 1. `None`: the channel is unbounded.
        capacity: Option<u32>,
    },
    /// Every receiver gets the newest message.
    Watch,
    /// Every receiver gets all messages, unless it lags behind.
    Broadcast {
        /// How many messages a receiver may lag behind, from 1. tokio rounds the number up to the
        /// next power of two.
        capacity: u32,
    },
}

/// The results that the tasks of one group keep until they end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResultsSpec {
    /// The name of the group.
    pub group: String,
    /// The size of each result, in bytes. 0: results have no content.
    pub item_bytes: u64,
}

impl ResultsSpec {
    /// The name in the report, such as `api results`. No channel can have this name.
    pub fn name(&self) -> String {
        format!("{} results", self.group)
    }
}

/// A fair counting semaphore.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SemaphoreSpec {
    /// The name that steps use.
    pub name: String,
    /// The number of tasks that can hold a permit at the same time, from 1.
    pub permits: u32,
}

/// A point at which tasks wait for one another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BarrierSpec {
    /// The name that steps use.
    pub name: String,
    /// The number of tasks that must wait before all of them continue, from 1.
    pub tasks: u32,
}

/// A mutex.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockSpec {
    /// The name that steps use.
    pub name: String,
    /// `Async`: a waiting task is suspended. `Sync`: a waiting task keeps its thread. On thread
    /// executors a waiting task always keeps its thread. Never `Offload`.
    pub how: How,
}

/// How the loopback HTTP service behaves.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HttpSpec {
    /// How long the service takes to answer.
    pub latency: Draw,
    /// The share of requests that the service answers with status 500, 0–1.
    pub failure_rate: f64,
}

/// Serializes a duration as whole nanoseconds, for other processes.
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
