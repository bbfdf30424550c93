//! What the monitor adds (samples, log lines, unfinished business), and the batch in which all of it travels.

use super::time::impl_map_instants;
use super::{
    Clock, CompactDuration, Definition, GroupId, Instant, Label, LaneId, Nanos, Outcome, Record, RunClock, TaskId,
};
use serde::{Deserialize, Serialize};

/// What the kernel says of a lane's thread (`/proc/self/task/<tid>/schedstat`, `stat`, `syscall`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LaneSample<C = RunClock> {
    /// When it was read.
    pub at: Instant<C>,
    /// Which lane.
    pub lane: LaneId,
    /// CPU time since the thread's start.
    pub on_cpu: Nanos,
    /// Time spent runnable, waiting for a core, since the thread's start.
    pub waiting: Nanos,
    /// The number of the system call in which it sleeps now, if it sleeps and the kernel tells.
    #[serde(default)]
    pub asleep_in: Option<u16>,
    /// Whether it sleeps in the kernel now.
    pub asleep: bool,
}

/// One interval of tokio-metrics' `RuntimeMonitor`, and the totals that it leaves.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RuntimeSample<C = RunClock> {
    /// When the interval ended.
    pub at: Instant<C>,
    /// Its length.
    pub elapsed: Nanos,
    /// Polls in the interval, by tokio's own count.
    pub polls: u64,
    /// Polls since the run's start, by tokio's own count.
    pub total_polls: u64,
    /// Tasks alive.
    pub live_tasks: usize,
    /// Tasks in the injection queue.
    pub global_queue: usize,
    /// Tasks in the workers' own queues.
    pub local_queue: usize,
    /// Jobs waiting for a blocking thread.
    pub blocking_queue: usize,
    /// Threads of the blocking pool.
    pub blocking_threads: usize,
    /// Workers' busy time in the interval, summed.
    pub busy: Nanos,
    /// Times a worker parked, in the interval.
    pub parks: u64,
    /// Tasks stolen between workers, in the interval.
    pub steals: u64,
    /// Times the I/O driver delivered readiness, in the interval.
    pub io_ready: u64,
    /// Polls cut short by tokio's cooperative budget, in the interval.
    pub budget_forced_yields: u64,
}

/// One interval of a tokio-metrics `TaskMonitor`: a group's first few tasks as tokio-metrics sees them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct GroupSample<C = RunClock> {
    /// When the interval ended.
    pub at: Instant<C>,
    /// Which group.
    pub group: GroupId,
    /// Times that a task was scheduled and then polled, in the interval.
    pub scheduled_count: u64,
    /// The time that it was scheduled for, in the interval, summed.
    pub scheduled: Nanos,
    /// Polls in the interval.
    pub polls: u64,
    /// Their lengths, summed.
    pub polling: Nanos,
    /// Of the polls, those that were slow (tokio-metrics: over 50 µs).
    pub slow_polls: u64,
}

/// How full a channel is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ChannelSample<C = RunClock> {
    /// When.
    pub at: Instant<C>,
    /// Its name, as a label.
    pub label: Label,
    /// What is in it.
    pub len: u32,
    /// What fits.
    pub capacity: u32,
}

/// What the monitor measures at its own pace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum Sample<C = RunClock> {
    /// The kernel's view of a lane.
    Lane(LaneSample<C>),
    /// tokio-metrics' view of the runtime.
    Runtime(RuntimeSample<C>),
    /// tokio-metrics' view of a group.
    Group(GroupSample<C>),
    /// How full a channel of the scenario is.
    Channel(ChannelSample<C>),
}

/// A line for the event log: a `tracing` event of a task, or of tasklab itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LogLine<C = RunClock> {
    /// When.
    pub at: Instant<C>,
    /// Severity.
    #[serde(with = "level")]
    pub level: tracing::Level,
    /// The task during whose slice it was written.
    #[serde(default)]
    pub task: Option<TaskId>,
    /// Where in the code.
    #[serde(default)]
    pub target: String,
    /// The message with its fields, free of control characters.
    pub message: String,
}

/// A slice that has not ended: what a lane does now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct CurrentSlice<C = RunClock> {
    /// Which lane.
    pub lane: LaneId,
    /// Who holds it.
    pub task: TaskId,
    /// Since when.
    pub start: Instant<C>,
    /// From the wake-up to `start`.
    #[serde(default)]
    pub queued: CompactDuration,
    /// From ready to the wake-up.
    #[serde(default)]
    pub unnoticed: CompactDuration,
    /// Since when its thread has been in a blocking step, if it is.
    #[serde(default)]
    pub blocking_since: Option<Instant<C>>,
    /// Since when what the task does should have been over, if it should: nothing could cancel it. Never in the future.
    #[serde(default)]
    pub overdue_since: Option<Instant<C>>,
    /// The step it is in, where known.
    #[serde(default)]
    pub label: Label,
}

/// A task off its lane that should run: woken, or ready and not woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Waiting<C = RunClock> {
    /// Who.
    pub task: TaskId,
    /// When what it waits for became ready, where that is known. Never in the future.
    #[serde(default)]
    pub ready: Option<Instant<C>>,
    /// When it was woken; `None`: it is unnoticed.
    #[serde(default)]
    pub woken: Option<Instant<C>>,
}

/// The unfinished business of one instant; each replaces the one before.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Live<C = RunClock> {
    /// What lanes do now; idle lanes are absent.
    #[serde(default)]
    pub lanes: Vec<CurrentSlice<C>>,
    /// Who waits for a lane or for somebody to notice; the merely suspended are absent. With more than some ten thousand tasks the
    /// list may be up to a quarter of a second older than the batch, and name some that have run since, or some twice, the newest
    /// first: their records tell.
    #[serde(default)]
    pub waiting: Vec<Waiting<C>>,
}

/// All that the probe has to say at once: everything since the batch before.
///
/// Records of one lane are in the order of their ends. Records of different lanes may be out of order by however long a
/// thread was preempted between reading the clock and pushing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(bound(serialize = "", deserialize = "C: Clock"))]
pub struct Batch<C = RunClock> {
    /// The instant at which this batch was cut.
    pub now: Instant<C>,
    /// New names, before the records that use them.
    #[serde(default)]
    pub definitions: Vec<Definition>,
    /// What the lanes wrote.
    #[serde(default)]
    pub records: Vec<(LaneId, Record<C>)>,
    /// Per lane: slices lost since the batch before, and other records lost.
    #[serde(default)]
    pub lost: Vec<Lost>,
    /// The repetitions among the lost, which count all the same.
    #[serde(default)]
    pub repetitions_lost: Vec<RepetitionsLost>,
    /// Slices since the run's start, recorded or lost, that were jobs of a thread and no polls.
    #[serde(default)]
    pub jobs: u64,
    /// What the monitor measured.
    #[serde(default)]
    pub samples: Vec<Sample<C>>,
    /// Event log lines.
    #[serde(default)]
    pub log: Vec<LogLine<C>>,
    /// What is going on at `now`.
    #[serde(default)]
    pub live: Live<C>,
}

/// Records that found their ring full.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lost {
    /// Whose ring.
    pub lane: LaneId,
    /// Slices lost since the batch before.
    pub slices: u64,
    /// Other records lost since the batch before.
    pub others: u64,
}

/// Repetitions whose records found their ring full: how long each took, and whose it was, is lost, but not that it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RepetitionsLost {
    /// Whose tasks'.
    pub group: GroupId,
    /// How they ended.
    pub outcome: Outcome,
    /// How many since the batch before.
    pub count: u64,
}

impl_map_instants!(LaneSample {
    at,
    lane,
    on_cpu,
    waiting,
    asleep_in,
    asleep
});
impl_map_instants!(RuntimeSample {
    at,
    elapsed,
    polls,
    total_polls,
    live_tasks,
    global_queue,
    local_queue,
    blocking_queue,
    blocking_threads,
    busy,
    parks,
    steals,
    io_ready,
    budget_forced_yields,
});
impl_map_instants!(GroupSample {
    at,
    group,
    scheduled_count,
    scheduled,
    polls,
    polling,
    slow_polls
});
impl_map_instants!(ChannelSample {
    at,
    label,
    len,
    capacity
});

impl<C> Sample<C> {
    fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Sample<D> {
        match self {
            Sample::Lane(sample) => Sample::Lane(sample.map_instants(map)),
            Sample::Runtime(sample) => Sample::Runtime(sample.map_instants(map)),
            Sample::Group(sample) => Sample::Group(sample.map_instants(map)),
            Sample::Channel(sample) => Sample::Channel(sample.map_instants(map)),
        }
    }
}

impl<C> LogLine<C> {
    /// The same line with its instant on another clock.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> LogLine<D> {
        let LogLine {
            at,
            level,
            task,
            target,
            message,
        } = self;
        LogLine {
            at: map(at),
            level,
            task,
            target,
            message,
        }
    }
}

impl<C> CurrentSlice<C> {
    fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> CurrentSlice<D> {
        CurrentSlice {
            lane: self.lane,
            task: self.task,
            start: map(self.start),
            queued: self.queued,
            unnoticed: self.unnoticed,
            blocking_since: self.blocking_since.map(&map),
            overdue_since: self.overdue_since.map(&map),
            label: self.label,
        }
    }
}

impl<C> Waiting<C> {
    fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Waiting<D> {
        Waiting {
            task: self.task,
            ready: self.ready.map(&map),
            woken: self.woken.map(&map),
        }
    }
}

impl<C> Live<C> {
    /// The same with its instants on another clock.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Live<D> {
        Live {
            lanes: self
                .lanes
                .into_iter()
                .map(|current| current.map_instants(&map))
                .collect(),
            waiting: self
                .waiting
                .into_iter()
                .map(|waiting| waiting.map_instants(&map))
                .collect(),
        }
    }
}

impl Batch {
    /// Number of drained records from which a batch is due at once: a model processes them in about 3 ms. While it
    /// processed many more, the rings would overflow.
    pub const DUE: usize = 10_000;
}

impl<C: Clock> Batch<C> {
    /// The same batch with its instants on another clock, or on the same clock with another zero.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Batch<D> {
        let record = |(lane, record): (LaneId, Record<C>)| (lane, record.map_instants(&map));
        Batch {
            now: map(self.now),
            definitions: self.definitions,
            records: self.records.into_iter().map(record).collect(),
            lost: self.lost,
            repetitions_lost: self.repetitions_lost,
            jobs: self.jobs,
            samples: self
                .samples
                .into_iter()
                .map(|sample| sample.map_instants(&map))
                .collect(),
            log: self.log.into_iter().map(|line| line.map_instants(&map)).collect(),
            live: self.live.map_instants(&map),
        }
    }
}

/// A log line's level travels as its word, in small letters.
mod level {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use tracing::Level;

    pub(super) fn serialize<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&level.as_str().to_ascii_lowercase())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
