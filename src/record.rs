//! The words that the rooms share: identities, states, and the records that the probe writes and the model reads.
//!
//! A record is fixed-size, `Copy` and owns no heap, because a measured thread writes it into a ring between two polls.
//! Everything with a length or a name is *defined* once ([`Definition`]) and referred to by number afterwards.
//!
//! ```text
//!   measured thread ──► ring ──► Batch ──► Model
//!        Record          │         ▲
//!                        └ lost ───┤
//!   monitor thread ── Sample, Live ┘
//! ```
//!
//! There is no record for a wake-up: the wake's time and its author ride in the [`Slice`] that follows it, which halves
//! the records of a busy runtime; a wake-up that no slice has followed yet is in [`Live`].

use std::fmt;
use std::num::NonZeroU32;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// An instant, in nanoseconds since the run's start, or a length in nanoseconds. Arithmetic saturates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The run's start, or no time at all.
    pub const ZERO: Nanos = Nanos(0);
    /// Later than everything.
    pub const MAX: Nanos = Nanos(u64::MAX);

    /// Whole milliseconds.
    pub const fn from_millis(ms: u64) -> Nanos {
        Nanos(ms * 1_000_000)
    }

    /// Whole microseconds.
    pub const fn from_micros(us: u64) -> Nanos {
        Nanos(us * 1_000)
    }

    /// As seconds, for ratios and axes.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl From<Duration> for Nanos {
    fn from(d: Duration) -> Nanos {
        Nanos(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(n: Nanos) -> Duration {
        Duration::from_nanos(n.0)
    }
}

impl Add for Nanos {
    type Output = Nanos;
    fn add(self, rhs: Nanos) -> Nanos {
        Nanos(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, rhs: Nanos) {
        *self = *self + rhs;
    }
}

impl Sub for Nanos {
    type Output = Nanos;
    /// Saturates at zero: clocks of two threads may disagree by a few nanoseconds.
    fn sub(self, rhs: Nanos) -> Nanos {
        Nanos(self.0.saturating_sub(rhs.0))
    }
}

impl std::iter::Sum for Nanos {
    fn sum<I: Iterator<Item = Nanos>>(iter: I) -> Nanos {
        iter.fold(Nanos::ZERO, |a, b| a + b)
    }
}

/// A length of time in four bytes: 27 bits of mantissa, 5 of exponent.
///
/// Exact below 2²⁷ ns (134 ms), then rounded **down** by less than 1.5 parts in 10⁸, up to 2⁵⁸ ns (9 years), where it
/// saturates. Rounding down keeps neighbours from overlapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Short(u32);

impl Short {
    const MANTISSA: u32 = 27;
    /// No time.
    pub const ZERO: Short = Short(0);

    /// The longest length not above `n` that fits.
    #[inline]
    pub fn new(n: Nanos) -> Short {
        let bits = 64 - n.0.leading_zeros();
        if bits <= Self::MANTISSA {
            return Short(n.0 as u32);
        }
        let exponent = bits - Self::MANTISSA;
        if exponent > 31 {
            return Short(u32::MAX);
        }
        Short(exponent << Self::MANTISSA | (n.0 >> exponent) as u32)
    }

    /// As it is stored.
    #[inline]
    pub fn to_bits(self) -> u32 {
        self.0
    }

    /// From what [`Short::to_bits`] gave.
    #[inline]
    pub fn from_bits(bits: u32) -> Short {
        Short(bits)
    }

    /// Back to nanoseconds.
    #[inline]
    pub fn get(self) -> Nanos {
        Nanos(u64::from(self.0 & ((1 << Self::MANTISSA) - 1)) << (self.0 >> Self::MANTISSA))
    }
}

impl From<Nanos> for Short {
    #[inline]
    fn from(n: Nanos) -> Short {
        Short::new(n)
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.get().0)
    }
}

/// A task's identity within one run. On tokio it is tokio's own task id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TaskId(pub NonZeroU32);

impl TaskId {
    /// `None` for zero.
    #[inline]
    pub fn new(id: u32) -> Option<TaskId> {
        NonZeroU32::new(id).map(TaskId)
    }

    /// The number.
    #[inline]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

/// A lane's identity within one run: lanes are numbered in the order of their first use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LaneId(pub u16);

impl LaneId {
    /// Not a lane: the place of records (never slices) that other threads write.
    pub const NONE: LaneId = LaneId(u16::MAX);
}

/// A group of tasks: one `[[task]]` of the scenario, or the tasks that a library spawned from one place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GroupId(pub u16);

/// A step's interned name, such as `http /weather`. [`Label::NONE`] where it is not known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Label(pub u16);

impl Label {
    /// No name.
    pub const NONE: Label = Label(0);
}

/// What a suspended task waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
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
}

impl Reason {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Reason; 6] = [
        Reason::Unknown,
        Reason::Timer,
        Reason::Http,
        Reason::File,
        Reason::Offload,
        Reason::Yield,
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
        }
    }
}

/// How a task, or one repetition of it, ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
}

impl Outcome {
    /// Every outcome, in the order of their numbers.
    pub const ALL: [Outcome; 5] = [
        Outcome::Completed,
        Outcome::Failed,
        Outcome::Cancelled,
        Outcome::TimedOut,
        Outcome::Panicked,
    ];

    /// The word on screen and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::TimedOut => "timed out",
            Outcome::Panicked => "panicked",
        }
    }
}

/// One uninterrupted hold of a lane by a task: one poll of an async task, one job on a thread.
///
/// ```text
///   previous slice ▌··········░░░░░░░▒▒▒▒▐███████▌
///                   suspended  unnot. queued  len
///                             ▲      ▲     ▲
///                           ready  woken  start
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice {
    /// When it began.
    pub start: Nanos,
    /// Who held the lane.
    pub task: TaskId,
    /// How long.
    pub len: Short,
    /// From the wake-up to `start`. Zero where the wake-up was not seen.
    pub queued: Short,
    /// From being ready to the wake-up. Zero where readiness is not known.
    pub unnoticed: Short,
    /// The task that woke this one, or nobody: a driver, or a thread that is not a lane.
    pub woken_by: Option<TaskId>,
    /// The name of what it waits for afterwards.
    pub label: Label,
    /// What it waits for afterwards; means nothing in a task's last slice.
    pub suspended_on: Reason,
}

/// A step of a task's program that ran to its end, inside a slice or across several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// When it began.
    pub start: Nanos,
    /// Whose.
    pub task: TaskId,
    /// How long, from its first line to its last, suspensions included.
    pub len: Short,
    /// Its name.
    pub label: Label,
    /// The thread slept in the OS all that time, holding its lane.
    pub blocking: bool,
}

/// A task came to be. It is queued from `at` on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spawned {
    /// When.
    pub at: Nanos,
    /// Who.
    pub task: TaskId,
    /// The task that spawned it, if a task did.
    pub parent: Option<TaskId>,
    /// Its number within its group, from 0.
    pub index: u32,
    /// Its group.
    pub group: GroupId,
}

/// A task is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// When.
    pub at: Nanos,
    /// Who.
    pub task: TaskId,
    /// How.
    pub outcome: Outcome,
}

/// One repetition of a task's steps is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repetition {
    /// When it began.
    pub start: Nanos,
    /// Whose.
    pub task: TaskId,
    /// How long it took.
    pub len: Short,
    /// How it ended. `TimedOut` on a thread means overdue: it ran on past its timeout to its own end.
    pub outcome: Outcome,
}

/// Something happened that the presenter did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Marked {
    /// When.
    pub at: Nanos,
    /// What.
    pub mark: Mark,
}

/// What a [`Marked`] marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// The scenario's cue with this number (from 0) spoke and acted.
    Cue(u16),
    /// A block was injected by a key, to last this long.
    Injected(Short),
}

/// What a measured thread writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// A slice ended.
    Slice(Slice),
    /// A step ended.
    Step(Step),
    /// A task was spawned.
    Spawned(Spawned),
    /// A task ended.
    Ended(Ended),
    /// A repetition ended.
    Repetition(Repetition),
    /// The presenter did something.
    Marked(Marked),
}

impl Record {
    /// When it was written, or hardly later: the end of what it tells of.
    #[inline]
    pub fn written_at(&self) -> Nanos {
        match self {
            Record::Slice(slice) => slice.start + slice.len.get(),
            Record::Step(step) => step.start + step.len.get(),
            Record::Spawned(spawned) => spawned.at,
            Record::Ended(ended) => ended.at,
            Record::Repetition(repetition) => repetition.start + repetition.len.get(),
            Record::Marked(marked) => marked.at,
        }
    }
}

const _: () = assert!(size_of::<Record>() == 32, "a record is half a cache line");

/// What kind of thread a lane is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LaneKind {
    /// An async runtime's worker thread.
    Worker,
    /// A thread of the async runtime's blocking pool.
    Blocking,
    /// A thread of a thread pool.
    Pool,
}

impl LaneKind {
    /// The word on screen and in reports.
    pub fn word(self) -> &'static str {
        match self {
            LaneKind::Worker => "worker",
            LaneKind::Blocking => "blocking",
            LaneKind::Pool => "pool",
        }
    }
}

/// Gives a number its name, once, before the first record that uses it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Definition {
    /// A lane appeared.
    Lane {
        /// Its number.
        id: LaneId,
        /// What kind of thread.
        kind: LaneKind,
        /// Its name on screen: `worker 0`.
        name: String,
    },
    /// A group of tasks.
    Group {
        /// Its number.
        id: GroupId,
        /// Its name, already free of control characters.
        name: String,
        /// A library spawned these, not the scenario.
        library: bool,
    },
    /// A step's name.
    Label {
        /// Its number.
        id: Label,
        /// `http /weather`
        text: String,
    },
}

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

/// What the monitor measures at its own pace.
#[derive(Clone, PartialEq, Debug)]
pub enum Sample {
    /// The kernel's view of a lane.
    Lane(LaneSample),
    /// tokio-metrics' view of the runtime.
    Runtime(RuntimeSample),
    /// tokio-metrics' view of a group.
    Group(GroupSample),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_short_is_exact_below_134_ms(n in 0u64..1 << 27) {
            prop_assert_eq!(Short::new(Nanos(n)).get(), Nanos(n));
        }

        #[test]
        fn a_short_rounds_down_and_by_little(n in 0u64..1 << 58) {
            let back = Short::new(Nanos(n)).get().0;
            prop_assert!(back <= n);
            prop_assert!((n - back) as f64 <= n as f64 * 1.5e-8);
        }

        #[test]
        fn shorts_sort_as_their_lengths(a: u64, b: u64) {
            if Short::new(Nanos(a)) < Short::new(Nanos(b)) {
                prop_assert!(a < b);
            }
        }
    }
}
