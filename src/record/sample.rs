//! Samples that the monitor takes at its own intervals: of the threads (by the kernel's counts),
//! the runtime, the groups and the channels.

use super::time::impl_map_instants;
use super::{GroupId, Instant, Label, LaneId, Nanos, RunClock};
use serde::{Deserialize, Serialize};

/// The kernel's data about a lane's thread (`/proc/self/task/<tid>/schedstat` and `syscall`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LaneSample<C = RunClock> {
    /// When the data was read.
    pub at: Instant<C>,
    /// The lane.
    pub lane: LaneId,
    /// CPU time since the thread's start.
    pub on_cpu: Nanos,
    /// The time since the thread's start in which the thread was runnable and waited for a core.
    pub waiting: Nanos,
    /// The number of the system call in which the thread sleeps. `None` if the thread does not
    /// sleep in a system call, or if the kernel does not report the call.
    #[serde(default)]
    pub asleep_in: Option<u16>,
    /// Whether the thread sleeps in the kernel.
    pub asleep: bool,
}

/// One interval of tokio-metrics' `RuntimeMonitor`, and the totals at the end of the interval.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RuntimeSample<C = RunClock> {
    /// When the interval ended.
    pub at: Instant<C>,
    /// The length of the interval.
    pub elapsed: Nanos,
    /// The number of polls in the interval, as tokio counts them.
    pub polls: u64,
    /// The number of polls since the run's start, as tokio counts them.
    pub total_polls: u64,
    /// The number of tasks that have not ended.
    pub live_tasks: usize,
    /// The number of tasks in the global queue.
    pub global_queue: usize,
    /// The number of tasks in the workers' own queues.
    pub local_queue: usize,
    /// The number of jobs that wait for a blocking thread.
    pub blocking_queue: usize,
    /// The number of threads in the blocking pool.
    pub blocking_threads: usize,
    /// The sum of the workers' busy times in the interval.
    pub busy: Nanos,
    /// How often a worker parked in the interval.
    pub parks: u64,
    /// The number of tasks that a worker stole from another worker in the interval.
    pub steals: u64,
    /// The number of I/O events that the driver delivered in the interval.
    pub io_ready: u64,
    /// The number of polls in the interval that tokio's cooperative budget ended early.
    pub budget_forced_yields: u64,
}

/// One interval of a tokio-metrics `TaskMonitor`, which monitors the first few tasks of a group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct GroupSample<C = RunClock> {
    /// When the interval ended.
    pub at: Instant<C>,
    /// The group.
    pub group: GroupId,
    /// How often a task was scheduled and then polled in the interval.
    pub scheduled_count: u64,
    /// The sum of the times between the scheduling of a task and its next poll in the interval.
    pub scheduled: Nanos,
    /// The number of polls in the interval.
    pub polls: u64,
    /// The total duration of these polls.
    pub polling: Nanos,
    /// The number of slow polls. By the default of tokio-metrics, a poll of more than 50 µs is
    /// slow.
    pub slow_polls: u64,
}

/// The length of a channel at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ChannelSample<C = RunClock> {
    /// When the length was read.
    pub at: Instant<C>,
    /// The label that names the channel.
    pub label: Label,
    /// The number of messages in the channel.
    pub len: u32,
    /// The size of each message, in bytes. 0 if messages have no content.
    #[serde(default)]
    pub item_bytes: u64,
    /// The maximum number of messages in the channel. `None` if the channel is unbounded.
    pub capacity: Option<u32>,
    /// When the oldest message in the channel was sent. `None` if the channel is empty.
    #[serde(default)]
    pub oldest: Option<Instant<C>>,
}

/// A sample that the monitor takes at its own intervals.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum Sample<C = RunClock> {
    /// The kernel's data about a lane.
    Lane(LaneSample<C>),
    /// What tokio-metrics measured for the runtime.
    Runtime(RuntimeSample<C>),
    /// What tokio-metrics measured for a group.
    Group(GroupSample<C>),
    /// The length of a channel of the scenario.
    Channel(ChannelSample<C>),
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

impl<C> ChannelSample<C> {
    fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> ChannelSample<D> {
        ChannelSample {
            at: map(self.at),
            label: self.label,
            len: self.len,
            item_bytes: self.item_bytes,
            capacity: self.capacity,
            oldest: self.oldest.map(map),
        }
    }
}

impl<C: Copy> Sample<C> {
    /// When the sample was taken.
    pub fn at(&self) -> Instant<C> {
        match self {
            Sample::Lane(sample) => sample.at,
            Sample::Runtime(sample) => sample.at,
            Sample::Group(sample) => sample.at,
            Sample::Channel(sample) => sample.at,
        }
    }
}

impl<C> Sample<C> {
    pub(super) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Sample<D> {
        match self {
            Sample::Lane(sample) => Sample::Lane(sample.map_instants(map)),
            Sample::Runtime(sample) => Sample::Runtime(sample.map_instants(map)),
            Sample::Group(sample) => Sample::Group(sample.map_instants(map)),
            Sample::Channel(sample) => Sample::Channel(sample.map_instants(map)),
        }
    }
}
