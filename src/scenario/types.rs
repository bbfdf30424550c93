//! A scenario that has been read and found possible. Nothing here knows where in a file it came from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// A mix of tasks, where it runs, and what the presenter does to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// One line for header and lists.
    pub title: String,
    /// What it shows, in a sentence or two. May be empty.
    pub about: String,
    /// When to stop; `None`: when every task has ended.
    pub duration: Option<Duration>,
    /// Every random draw derives from it.
    pub seed: u64,
    /// Where it runs.
    pub executor: ExecutorSpec,
    /// Where it may run: where the scenario says so, or else wherever its steps have a meaning. `executor.kind` is one of them.
    pub executors: Vec<ExecutorKind>,
    /// What the event log keeps; `None`: what the front end keeps by default.
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
    /// What is said and done, in order of time.
    pub cues: Vec<Cue>,
    /// What must hold at the end, in the file's order.
    pub expect: Vec<Expectation>,
}

/// What of the event log is kept: events of this level and graver ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Errors.
    Error,
    /// Warnings too.
    Warn,
    /// What matters in daily life too.
    Info,
    /// What matters to who looks for a fault too.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// Every level, the quietest first.
    pub const ALL: [LogLevel; 6] = [
        LogLevel::Off,
        LogLevel::Error,
        LogLevel::Warn,
        LogLevel::Info,
        LogLevel::Debug,
        LogLevel::Trace,
    ];

    /// Its name in scenarios and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            LogLevel::Off => "off",
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> LevelFilter {
        match level {
            LogLevel::Off => LevelFilter::OFF,
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        }
    }
}

/// The SQLite database in the scratch folder, with one table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DbSpec {
    /// Rows that the table has when the run begins.
    pub rows: u32,
    /// How long an operation waits for the file's lock before it fails.
    #[serde(with = "nanos")]
    pub timeout: Duration,
    /// Readers do not wait for the writer (SQLite's write-ahead log).
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
    /// `Async`: who waits is suspended (`tokio::sync::Mutex`). `Sync`: who waits keeps its thread (`std::sync::Mutex`). On
    /// thread executors there is only the latter. Never `Offload`.
    pub how: How,
}

/// What must hold at the end of a run, or of a comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// The key as it is written.
    pub key: String,
    /// The bound as it is written.
    pub written: String,
    /// What is measured.
    pub measure: Measure,
    /// What it is held against.
    pub bound: Bound,
}

/// A number of the report, or the ratio of two.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measure {
    /// The number.
    pub value: ReportPath,
    /// By which it is divided.
    pub per: Option<ReportPath>,
}

/// Where a number stands in the report: keys of objects, names of groups and lanes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportPath {
    /// In which run of a comparison; `None`: in the run itself.
    pub executor: Option<ExecutorKind>,
    /// From the outside to the inside: `groups`, `api`, `delay_ns`, `p99`.
    pub keys: Vec<String>,
}

/// What a number is held against. Lengths of time are in nanoseconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Bound {
    /// Below.
    Less(f64),
    /// Not above.
    AtMost(f64),
    /// Above.
    More(f64),
    /// Not below.
    AtLeast(f64),
    /// The same.
    Equal(f64),
    /// Not outside.
    Between(f64, f64),
}

/// Where tasks run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExecutorSpec {
    /// Which executor.
    pub kind: ExecutorKind,
    /// Threads that run tasks; `None`: available parallelism (`current-thread` always has one, `threads` one per task).
    pub workers: Option<usize>,
    /// tokio's own knobs; all default on executors that have none.
    pub knobs: Knobs,
}

impl ExecutorSpec {
    /// Whether each worker has a last-in-first-out slot for the task woken last.
    pub fn has_lifo_slot(&self) -> bool {
        self.kind == ExecutorKind::Tokio && !self.knobs.disable_lifo_slot
    }
}

/// Which executor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum ExecutorKind {
    /// tokio's multi-thread runtime.
    Tokio,
    /// tokio's current-thread runtime.
    CurrentThread,
    /// A thread pool (rayon) on which steps run synchronously.
    Pool,
    /// A thread of its own for every task, on which its steps run synchronously.
    Threads,
    /// A thread in each of several processes, on which steps run synchronously.
    Processes,
}

impl ExecutorKind {
    /// Every executor, in the order in which lists show them.
    pub const ALL: [ExecutorKind; 5] = [
        ExecutorKind::Tokio,
        ExecutorKind::CurrentThread,
        ExecutorKind::Pool,
        ExecutorKind::Threads,
        ExecutorKind::Processes,
    ];

    /// Its name in scenarios and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            ExecutorKind::Tokio => "tokio",
            ExecutorKind::CurrentThread => "current-thread",
            ExecutorKind::Pool => "pool",
            ExecutorKind::Threads => "threads",
            ExecutorKind::Processes => "processes",
        }
    }

    /// Whether tasks are futures there.
    pub fn is_async(self) -> bool {
        matches!(self, ExecutorKind::Tokio | ExecutorKind::CurrentThread)
    }

    /// Whether all tasks are in one process: only then can they share locks, semaphores and channels.
    pub fn shares_memory(self) -> bool {
        match self {
            ExecutorKind::Tokio | ExecutorKind::CurrentThread | ExecutorKind::Pool | ExecutorKind::Threads => true,
            ExecutorKind::Processes => false,
        }
    }

    /// Whether a task can hand its worker's other tasks to another thread. Where there are none, nothing need be done.
    pub fn can_block_in_place(self) -> bool {
        self != ExecutorKind::CurrentThread
    }

    /// Whether this step, apart from those within it, has a meaning there.
    pub fn can_do(self, step: &Step) -> bool {
        match step {
            Step::Lock { .. } | Step::Semaphore { .. } | Step::Send { .. } | Step::Recv { .. } => self.shares_memory(),
            Step::InPlace(_) => self.can_block_in_place(),
            _ => true,
        }
    }
}

/// tokio's own knobs by tokio's own names; `None` or `false` leaves tokio's default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Knobs {
    /// Polls between two looks at the I/O and timer driver.
    pub event_interval: Option<u32>,
    /// Polls between two looks at the global queue.
    pub global_queue_interval: Option<u32>,
    /// Ceiling of the blocking pool.
    pub max_blocking_threads: Option<usize>,
    /// No last-in-first-out slot for the task woken last (multi-thread only).
    pub disable_lifo_slot: bool,
    /// A worker that polled the driver hands it to another before it runs a task (multi-thread only).
    pub enable_eager_driver_handoff: bool,
    /// The alternative timer implementation (multi-thread only).
    pub enable_alt_timer: bool,
}

/// How the loopback HTTP service behaves.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HttpSpec {
    /// How long it takes to answer.
    pub latency: Draw,
    /// Share of requests that it answers with status 500, 0–1.
    pub failure_rate: f64,
}

/// A length of time that is drawn afresh each time it is used. Draws are never negative.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// Always the same.
    Fixed(#[serde(with = "nanos")] Duration),
    /// Equally likely anywhere from `min` to `max`.
    Uniform {
        /// Shortest.
        #[serde(with = "nanos")]
        min: Duration,
        /// Longest; not below `min`.
        #[serde(with = "nanos")]
        max: Duration,
    },
    /// Bell-shaped, cut off at zero.
    Normal {
        /// Mean.
        #[serde(with = "nanos")]
        mean: Duration,
        /// Standard deviation.
        #[serde(with = "nanos")]
        sd: Duration,
    },
    /// Memoryless.
    Exponential {
        /// Mean.
        #[serde(with = "nanos")]
        mean: Duration,
    },
    /// Skewed with a long tail, as latencies are.
    LogNormal {
        /// Half are below it.
        #[serde(with = "nanos")]
        median: Duration,
        /// One in a hundred is above it; above `median`.
        #[serde(with = "nanos")]
        p99: Duration,
    },
}

/// A group of tasks that run the same steps.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskSpec {
    /// The group's name: letters, digits, `-`, `_`.
    pub name: String,
    /// How many tasks arrive in all; `None`: no end (only with `every` or `rate`).
    pub count: Option<u32>,
    /// When the first arrives.
    pub start: Start,
    /// How the others follow.
    pub arrivals: Arrivals,
    /// When the group ends, after the run's start: no task arrives and no repetition begins from then on.
    pub until: Option<Duration>,
    /// How often each task does its steps.
    pub repeat: Repeat,
    /// Limit on each repetition.
    pub timeout: Option<Draw>,
    /// What each does.
    pub steps: Vec<Step>,
}

/// When the first task of a group arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// So long after the run's start.
    At(Duration),
    /// None arrives: other tasks call them, by steps such as `gather`.
    Called,
}

/// How the tasks of a group follow one another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Arrivals {
    /// All at once.
    Together,
    /// So many at once, from 1, after each such pause.
    Every {
        /// The pause.
        pause: Draw,
        /// How many.
        burst: u32,
    },
    /// At random, so many a second on average (a Poisson process).
    Rate(f64),
    /// The same, while the rate changes evenly from `from` to `to`, and stays there.
    Ramp {
        /// Arrivals a second at the group's start.
        from: f64,
        /// Arrivals a second at the end of the ramp.
        to: f64,
        /// How long the ramp is.
        over: Duration,
    },
}

/// How often a task does its steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// So many times.
    Times(u64),
    /// Until it is stopped.
    Forever,
}

/// One thing that a task does.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Compute.
    Cpu(Cpu),
    /// Wait for a deadline: suspended on an async executor, a sleeping thread elsewhere.
    Sleep(Draw),
    /// Put the thread to sleep, wherever it runs: the mistake.
    Block(Draw),
    /// A GET request to the loopback service.
    Http {
        /// Path, beginning with `/`.
        path: String,
    },
    /// Read or write a real file in the scratch folder.
    File {
        /// Which.
        op: FileOp,
        /// Bytes.
        size: u64,
        /// In which manner; on thread executors always `Sync`.
        how: How,
    },
    /// Give way to others once.
    Yield,
    /// Do these steps on a blocking thread (`spawn_blocking`); inline on thread executors.
    Offload(Vec<Step>),
    /// Do these steps here after handing the worker's other tasks to another thread (`block_in_place`).
    InPlace(Vec<Step>),
    /// Do these steps, but no longer than this.
    Timeout {
        /// The limit.
        after: Draw,
        /// What is limited.
        steps: Vec<Step>,
    },
    /// End this repetition as failed.
    Fail {
        /// What the log says.
        message: String,
        /// How likely, 0–1.
        chance: f64,
    },
    /// End the task with a panic.
    Panic {
        /// The panic's message.
        message: String,
        /// How likely, 0–1.
        chance: f64,
    },
    /// Read or write rows of the database.
    Db {
        /// Which.
        op: DbOp,
        /// How many rows, in one transaction.
        rows: u32,
        /// In which manner; never `Async`, on thread executors always `Sync`.
        how: How,
    },
    /// Do these steps while holding a lock.
    Lock {
        /// Which of [`Scenario::locks`].
        name: String,
        /// What is done meanwhile.
        steps: Vec<Step>,
    },
    /// Do these steps while holding a permit.
    Semaphore {
        /// Which of [`Scenario::semaphores`].
        name: String,
        /// What is done meanwhile.
        steps: Vec<Step>,
    },
    /// Put something into a channel; waits while it is full.
    Send {
        /// Which of [`Scenario::channels`].
        channel: String,
    },
    /// Take something out of a channel; waits while it is empty.
    Recv {
        /// Which of [`Scenario::channels`].
        channel: String,
    },
    /// Run all branches as tasks and wait for all, or for the first failure: its siblings run on.
    Gather(Vec<Branch>),
    /// Run all branches as tasks; the first failure cancels the others; wait for all, and fail with all failures.
    Group(Vec<Branch>),
    /// Run all branches as tasks; the first that ends decides, and the others are cancelled.
    Race(Vec<Branch>),
    /// Spawn tasks.
    Spawn {
        /// What each does.
        branch: Branch,
        /// How many.
        count: u32,
        /// Wait until they have ended, and fail if one fails.
        wait: bool,
    },
    /// Make a future and drop it: nothing of it runs.
    Unawaited(Branch),
    /// Write an event.
    Log {
        /// How grave it is; never `Off`.
        level: LogLevel,
        /// What it says.
        message: String,
        /// How many numbers of a list are formatted into it.
        items: u32,
        /// When.
        how: Formatting,
    },
    /// Do one of these lists of steps, drawn by weight.
    Choose(Vec<Choice>),
    /// Do these steps again and again.
    Loop {
        /// How often.
        times: Repeat,
        /// What.
        steps: Vec<Step>,
    },
}

impl Step {
    /// The lists of steps within this one; those of a group that is called are not within it.
    pub fn within(&self) -> Vec<&[Step]> {
        fn inline(branch: &Branch) -> Option<&[Step]> {
            match branch {
                Branch::Steps(steps) => Some(steps),
                Branch::Group(_) => None,
            }
        }
        match self {
            Step::Offload(steps)
            | Step::InPlace(steps)
            | Step::Timeout { steps, .. }
            | Step::Lock { steps, .. }
            | Step::Semaphore { steps, .. }
            | Step::Loop { steps, .. } => vec![steps],
            Step::Gather(branches) | Step::Group(branches) | Step::Race(branches) => {
                branches.iter().filter_map(inline).collect()
            }
            Step::Spawn { branch, .. } | Step::Unawaited(branch) => inline(branch).into_iter().collect(),
            Step::Choose(choices) => choices.iter().map(|choice| choice.steps.as_slice()).collect(),
            Step::Cpu(_)
            | Step::Sleep(_)
            | Step::Block(_)
            | Step::Http { .. }
            | Step::File { .. }
            | Step::Yield
            | Step::Fail { .. }
            | Step::Panic { .. }
            | Step::Db { .. }
            | Step::Send { .. }
            | Step::Recv { .. }
            | Step::Log { .. } => Vec::new(),
        }
    }

    /// Shows `see` this step and every step within it, from the outside to the inside.
    pub fn visit(&self, see: &mut impl FnMut(&Step)) {
        see(self);
        for step in self.within().into_iter().flatten() {
            step.visit(see);
        }
    }
}

/// What a task does that another task calls.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// What the tasks of this group do; its start is [`Start::Called`].
    Group(String),
    /// These steps.
    Steps(Vec<Step>),
}

/// One of several lists of steps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// How likely it is, beside the others' weights; above zero.
    pub weight: f64,
    /// What is done.
    pub steps: Vec<Step>,
}

/// What a database step does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DbOp {
    /// Select rows at random.
    Read,
    /// Update rows at random, in one transaction.
    Write,
}

/// When the message of a log step is formatted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
pub enum Formatting {
    /// Always, before anybody has asked whether the level is on: the mistake.
    Eager,
    /// Only if the level is on.
    Lazy,
}

impl Formatting {
    /// Both.
    pub const ALL: [Formatting; 2] = [Formatting::Eager, Formatting::Lazy];

    /// Its name in scenarios.
    pub fn word(self) -> &'static str {
        match self {
            Formatting::Eager => "eager",
            Formatting::Lazy => "lazy",
        }
    }
}

/// A computation.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cpu {
    /// The calibrated amount of work that takes this long on an idle core.
    Work(Draw),
    /// A named kernel, so many times over.
    Kernel {
        /// Which.
        kernel: Kernel,
        /// The size of the problem, in the kernel's own unit (see [`Kernel`]).
        size: u32,
    },
}

/// A real computation of a known kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// Multiply two square matrices of `size` rows.
    Matmul,
    /// Draw the Mandelbrot set at `size` × `size` points.
    Mandelbrot,
    /// Find all primes below `size`.
    Primes,
    /// Hash (SHA-256) `size` KiB.
    Hash,
    /// Make a thumbnail of a `size` × `size` picture.
    Image,
    /// Compress (deflate) `size` KiB.
    Compress,
    /// Hash a password as it should be stored (PBKDF2 with HMAC-SHA-256), in `size` thousand rounds.
    Password,
}

impl Kernel {
    /// Every kernel.
    pub const ALL: [Kernel; 7] = [
        Kernel::Matmul,
        Kernel::Mandelbrot,
        Kernel::Primes,
        Kernel::Hash,
        Kernel::Image,
        Kernel::Compress,
        Kernel::Password,
    ];

    /// Its name in scenarios.
    pub fn word(self) -> &'static str {
        match self {
            Kernel::Matmul => "matmul",
            Kernel::Mandelbrot => "mandelbrot",
            Kernel::Primes => "primes",
            Kernel::Hash => "hash",
            Kernel::Image => "image",
            Kernel::Compress => "compress",
            Kernel::Password => "password",
        }
    }
}

/// What a file step does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileOp {
    /// Read a whole file of that size.
    Read,
    /// Write a whole file of that size and make it durable.
    Write,
}

/// In which manner an async task does what may block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Through the runtime's own async API.
    Async,
    /// Right there, holding the worker: the mistake.
    Sync,
    /// Whole, on a blocking thread.
    Offload,
}

impl How {
    /// Every manner.
    pub const ALL: [How; 3] = [How::Async, How::Sync, How::Offload];

    /// Its name in scenarios.
    pub fn word(self) -> &'static str {
        match self {
            How::Async => "async",
            How::Sync => "sync",
            How::Offload => "offload",
        }
    }
}

/// What a presenter says and does.
#[derive(Clone, PartialEq, Debug)]
pub struct Cue {
    /// When, after the run's start.
    pub at: Duration,
    /// The caption. May be empty.
    pub say: String,
    /// The caption is a question to those who watch.
    pub asks: bool,
    /// What happens.
    pub action: Option<CueAction>,
}

/// What a cue does to the run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum CueAction {
    /// Spawn a task that blocks: once, or again and again until [`CueAction::Calm`] or another block.
    Block {
        /// How long each block lasts.
        lasts: Duration,
        /// The pause between two; `None`: once.
        every: Option<Duration>,
        /// `Sync`: on a worker, the mistake. `Offload`: on a blocking thread, the remedy. Never `Async`.
        how: How,
    },
    /// Change how the loopback service behaves; `None` leaves as it is.
    Http {
        /// New latency.
        latency: Option<Draw>,
        /// New failure rate, 0–1.
        failure_rate: Option<f64>,
    },
    /// Keep these events from now on.
    Log(LogLevel),
    /// Stop injected blocks, and give the service its first behaviour back.
    Calm,
}

/// A language of a scenario's texts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Lang {
    /// English: every text has it.
    #[default]
    En,
    /// Russian.
    Ru,
}

impl Lang {
    /// Every language.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Ru];

    /// Its ISO 639 code.
    pub fn word(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ru => "ru",
        }
    }
}

/// A length of time travels to other processes as whole nanoseconds.
pub(crate) mod nanos {
    use crate::record::Nanos;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    pub fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        Nanos::from(*time).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Nanos::deserialize(deserializer).map(Duration::from)
    }
}
