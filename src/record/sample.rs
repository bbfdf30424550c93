//! What the monitor measures at its own pace: the kernel, the runtime, the groups, the channels.

use super::time::impl_map_instants;
use super::{GroupId, Instant, Label, LaneId, Nanos, RunClock};
use serde::{Deserialize, Serialize};

/// What the kernel says about a lane's thread (`/proc/self/task/<tid>/schedstat` and `syscall`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LaneSample<C = RunClock> {
    /// When it was read.
    pub at: Instant<C>,
    /// The lane.
    pub lane: LaneId,
    /// CPU time since the thread's start.
    pub on_cpu: Nanos,
    /// Time spent runnable, waiting for a core, since the thread's start.
    pub waiting: Nanos,
    /// The number of the system call in which it sleeps now, if it sleeps and the kernel says so.
    #[serde(default)]
    pub asleep_in: Option<u16>,
    /// Whether it sleeps in the kernel now.
    pub asleep: bool,
}

/// One interval of tokio-metrics' `RuntimeMonitor`, and the totals at its end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RuntimeSample<C = RunClock> {
    /// When the interval ended.
    pub at: Instant<C>,
    /// Its length.
    pub elapsed: Nanos,
    /// Polls in the interval, as tokio counts them.
    pub polls: u64,
    /// Polls since the run's start, as tokio counts them.
    pub total_polls: u64,
    /// Tasks that have not ended.
    pub live_tasks: usize,
    /// Tasks in the injection queue.
    pub global_queue: usize,
    /// Tasks in the workers' own queues.
    pub local_queue: usize,
    /// Jobs waiting for a blocking thread.
    pub blocking_queue: usize,
    /// Threads of the blocking pool.
    pub blocking_threads: usize,
    /// The sum of the workers' busy times in the interval.
    pub busy: Nanos,
    /// How often a worker parked in the interval.
    pub parks: u64,
    /// Tasks that a worker stole from another one in the interval.
    pub steals: u64,
    /// How often the I/O driver delivered readiness in the interval.
    pub io_ready: u64,
    /// Polls that tokio's cooperative budget cut short in the interval.
    pub budget_forced_yields: u64,
}

/// One interval of a tokio-metrics `TaskMonitor`, which sees the first few tasks of a group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct GroupSample<C = RunClock> {
    /// When the interval ended.
    pub at: Instant<C>,
    /// The group.
    pub group: GroupId,
    /// How often a task was scheduled and then polled in the interval.
    pub scheduled_count: u64,
    /// The sum of the times from being scheduled to being polled in the interval.
    pub scheduled: Nanos,
    /// Polls in the interval.
    pub polls: u64,
    /// The sum of the lengths of these polls.
    pub polling: Nanos,
    /// Polls that were slow, which is over 50 µs by the default of tokio-metrics.
    pub slow_polls: u64,
}

/// How full a channel is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ChannelSample<C = RunClock> {
    /// When it was read.
    pub at: Instant<C>,
    /// Its name, as a label.
    pub label: Label,
    /// The number of messages in it.
    pub len: u32,
    /// The number of messages that fit.
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
    pub(super) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Sample<D> {
        match self {
            Sample::Lane(sample) => Sample::Lane(sample.map_instants(map)),
            Sample::Runtime(sample) => Sample::Runtime(sample.map_instants(map)),
            Sample::Group(sample) => Sample::Group(sample.map_instants(map)),
            Sample::Channel(sample) => Sample::Channel(sample.map_instants(map)),
        }
    }
}
