//! A scenario that has been read and found possible. Nothing here knows where in a file it came from.

use schemars::JsonSchema;
use std::time::Duration;

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
    /// How the loopback HTTP service behaves.
    pub http: HttpSpec,
    /// The groups of tasks, in the file's order. Names are unique.
    pub tasks: Vec<TaskSpec>,
    /// What is said and done, in order of time.
    pub cues: Vec<Cue>,
}

/// Where tasks run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExecutorSpec {
    /// Which executor.
    pub kind: ExecutorKind,
    /// Threads that run tasks; `None`: available parallelism (`current-thread` always has one).
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
}

impl ExecutorKind {
    /// Every executor, in the order in which lists show them.
    pub const ALL: [ExecutorKind; 3] = [ExecutorKind::Tokio, ExecutorKind::CurrentThread, ExecutorKind::Pool];

    /// Its name in scenarios and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            ExecutorKind::Tokio => "tokio",
            ExecutorKind::CurrentThread => "current-thread",
            ExecutorKind::Pool => "pool",
        }
    }

    /// Whether tasks are futures there.
    pub fn is_async(self) -> bool {
        matches!(self, ExecutorKind::Tokio | ExecutorKind::CurrentThread)
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
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Draw {
    /// Always the same.
    Fixed(Duration),
    /// Equally likely anywhere from `min` to `max`.
    Uniform {
        /// Shortest.
        min: Duration,
        /// Longest; not below `min`.
        max: Duration,
    },
    /// Bell-shaped, cut off at zero.
    Normal {
        /// Mean.
        mean: Duration,
        /// Standard deviation.
        sd: Duration,
    },
    /// Memoryless.
    Exponential {
        /// Mean.
        mean: Duration,
    },
    /// Skewed with a long tail, as latencies are.
    LogNormal {
        /// Half are below it.
        median: Duration,
        /// One in a hundred is above it; above `median`.
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
    /// When the first arrives, after the run's start.
    pub start: Duration,
    /// How the others follow.
    pub arrivals: Arrivals,
    /// How often each task does its steps.
    pub repeat: Repeat,
    /// Limit on each repetition.
    pub timeout: Option<Draw>,
    /// What each does.
    pub steps: Vec<Step>,
}

/// How the tasks of a group follow one another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Arrivals {
    /// All at once.
    Together,
    /// One after each such pause.
    Every(Draw),
    /// At random, so many a second on average (a Poisson process).
    Rate(f64),
}

/// How often a task does its steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// So many times.
    Times(u64),
    /// Until it is stopped.
    Forever,
}

/// One thing that a task does.
#[derive(Clone, PartialEq, Debug)]
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
}

/// A computation.
#[derive(Clone, Copy, PartialEq, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
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
}

impl Kernel {
    /// Every kernel.
    pub const ALL: [Kernel; 6] = [
        Kernel::Matmul,
        Kernel::Mandelbrot,
        Kernel::Primes,
        Kernel::Hash,
        Kernel::Image,
        Kernel::Compress,
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
        }
    }
}

/// What a file step does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FileOp {
    /// Read a whole file of that size.
    Read,
    /// Write a whole file of that size and make it durable.
    Write,
}

/// In which manner an async task does what may block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
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
    /// Stop injected blocks, and give the service its first behaviour back.
    Calm,
}
