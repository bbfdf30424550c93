//! What the monitor adds (samples, log lines, unfinished business), and the batch in which all of it travels.

use super::{Definition, GroupId, Label, LaneId, Nanos, Record, Short, TaskId};

/// What the kernel says of a lane's thread (`/proc/self/task/<tid>/schedstat`, `stat`, `syscall`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneSample {
    /// When it was read.
    pub at: Nanos,
    /// Which lane.
    pub lane: LaneId,
    /// CPU time since the thread's start.
    pub on_cpu: Nanos,
    /// Time spent runnable, waiting for a core, since the thread's start.
    pub waiting: Nanos,
    /// The number of the system call in which it sleeps now, if it sleeps and the kernel tells.
    pub asleep_in: Option<u16>,
    /// Whether it sleeps in the kernel now.
    pub asleep: bool,
}

/// One interval of tokio-metrics' `RuntimeMonitor`, and the totals that it leaves.
#[derive(Clone, PartialEq, Debug)]
pub struct RuntimeSample {
    /// When the interval ended.
    pub at: Nanos,
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

/// One interval of a tokio-metrics `TaskMonitor`: a group as tokio-metrics sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupSample {
    /// When the interval ended.
    pub at: Nanos,
    /// Which group.
    pub group: GroupId,
    /// Polls since the run's start.
    pub polls: u64,
    /// Mean time scheduled before a poll, in the interval.
    pub mean_scheduled: Nanos,
    /// Mean poll, in the interval.
    pub mean_poll: Nanos,
    /// Share of slow polls (tokio-metrics: over 50 µs) in the interval, 0–1.
    pub slow_polls: f64,
}

/// How full a channel is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelSample {
    /// When.
    pub at: Nanos,
    /// Its name, as a label.
    pub label: Label,
    /// What is in it.
    pub len: u32,
    /// What fits.
    pub capacity: u32,
}

/// What the monitor measures at its own pace.
#[derive(Clone, PartialEq, Debug)]
pub enum Sample {
    /// The kernel's view of a lane.
    Lane(LaneSample),
    /// tokio-metrics' view of the runtime.
    Runtime(RuntimeSample),
    /// tokio-metrics' view of a group.
    Group(GroupSample),
    /// How full a channel of the scenario is.
    Channel(ChannelSample),
}

/// A line for the event log: a `tracing` event of a task, or of tasklab itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// When.
    pub at: Nanos,
    /// Severity.
    pub level: tracing::Level,
    /// The task during whose slice it was written.
    pub task: Option<TaskId>,
    /// Where in the code.
    pub target: String,
    /// The message with its fields, free of control characters.
    pub message: String,
}

/// A slice that has not ended: what a lane does now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CurrentSlice {
    /// Which lane.
    pub lane: LaneId,
    /// Who holds it.
    pub task: TaskId,
    /// Since when.
    pub start: Nanos,
    /// From the wake-up to `start`.
    pub queued: Short,
    /// From ready to the wake-up.
    pub unnoticed: Short,
    /// Since when its thread has been in a blocking step, if it is.
    pub blocking_since: Option<Nanos>,
    /// The step it is in, where known.
    pub label: Label,
}

/// A task off its lane that should run: woken, or ready and not woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Who.
    pub task: TaskId,
    /// When what it waits for became ready, where that is known. Never in the future.
    pub ready: Option<Nanos>,
    /// When it was woken; `None`: it is unnoticed.
    pub woken: Option<Nanos>,
}

/// The unfinished business of one instant; each replaces the one before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Live {
    /// What lanes do now; idle lanes are absent.
    pub lanes: Vec<CurrentSlice>,
    /// Who waits for a lane or for somebody to notice; the merely suspended are absent.
    pub waiting: Vec<Waiting>,
}

/// All that the probe has to say at once: everything since the batch before.
///
/// Records of one lane are in the order of their ends. Records of different lanes may be out of order by however long a
/// thread was preempted between reading the clock and pushing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Batch {
    /// The instant at which this batch was cut.
    pub now: Nanos,
    /// New names, before the records that use them.
    pub definitions: Vec<Definition>,
    /// What the lanes wrote.
    pub records: Vec<(LaneId, Record)>,
    /// Per lane: slices lost since the batch before, and other records lost.
    pub lost: Vec<Lost>,
    /// Slices since the run's start, recorded or lost, that were jobs of a thread and no polls.
    pub jobs: u64,
    /// What the monitor measured.
    pub samples: Vec<Sample>,
    /// Event log lines.
    pub log: Vec<LogLine>,
    /// What is going on at `now`.
    pub live: Live,
}

/// Records that found their ring full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Whose ring.
    pub lane: LaneId,
    /// Slices lost since the batch before.
    pub slices: u64,
    /// Other records lost since the batch before.
    pub others: u64,
}
