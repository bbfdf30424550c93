//! What a task does, step by step.

use super::{Draw, LogLevel, Repeat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
        /// Which of [`Scenario::locks`](super::Scenario::locks).
        name: String,
        /// What is done meanwhile.
        steps: Vec<Step>,
    },
    /// Do these steps while holding a permit.
    Semaphore {
        /// Which of [`Scenario::semaphores`](super::Scenario::semaphores).
        name: String,
        /// What is done meanwhile.
        steps: Vec<Step>,
    },
    /// Put something into a channel; waits while it is full.
    Send {
        /// Which of [`Scenario::channels`](super::Scenario::channels).
        channel: String,
    },
    /// Take something out of a channel; waits while it is empty.
    Recv {
        /// Which of [`Scenario::channels`](super::Scenario::channels).
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
    /// What the tasks of this group do; its start is [`Start::Called`](super::Start::Called).
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
