//! The executors that a scenario can name, and what the language knows about each.
//!
//! To add an executor, add a line here. Then write its file in the folder `executor`, and add a
//! line to the list `executors!` in that folder. The reader, the schema, the command line and the
//! messages use the [`Traits`] of the executor.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use schemars::JsonSchema;
use strum::{IntoStaticStr, VariantArray};

/// The executor on which tasks run, with its settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExecutorSpec {
    /// Which executor.
    pub kind: ExecutorKind,
    /// The number of threads that run tasks. `None`: one thread per core. `current-thread` always
    /// has one thread, and `threads` has one thread per task.
    pub workers: Option<usize>,
    /// The knobs of tokio. On an executor without options, all fields have their default values.
    pub knobs: Knobs,
}

impl ExecutorSpec {
    /// Whether each worker has a last-in-first-out slot for the task that was woken last.
    pub fn has_lifo_slot(&self) -> bool {
        self.kind.traits().knobs == HasKnobs::All && !self.knobs.disable_lifo_slot
    }
}

/// What the language must know about an executor: its abilities and its settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traits {
    /// Whether tasks are futures. A task that is not a future keeps a thread while it does its
    /// steps.
    pub is_async: bool,
    /// Whether all tasks are in one process. Only tasks in one process can share locks, semaphores
    /// and channels.
    pub shares_memory: bool,
    /// Whether a task may block its thread without delaying other tasks. This is true if the thread
    /// has no other tasks, or if the executor moves the other tasks to another thread.
    pub can_block_in_place: bool,
    /// What decides how many threads run tasks.
    pub workers: Workers,
    /// Which of tokio's options the executor has.
    pub knobs: HasKnobs,
}

/// What decides how many threads run tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Workers {
    /// The scenario decides.
    AsAsked,
    /// The executor always has one thread.
    One,
    /// Each task has its own thread.
    OnePerTask,
}

/// Which of tokio's options an executor has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HasKnobs {
    /// All knobs.
    All,
    /// The options that both of tokio's runtimes have.
    Common,
    /// No options, because the executor does not use tokio.
    None,
}

/// The traits of an executor whose threads are in this process. The scenario gives the number of
/// threads.
const PLAIN: Traits = Traits {
    is_async: false,
    shares_memory: true,
    can_block_in_place: true,
    workers: Workers::AsAsked,
    knobs: HasKnobs::None,
};

/// One line for each executor: its name and its [`Traits`].
macro_rules! executors {
    ($( $(#[$doc:meta])* $kind:ident => $traits:expr; )*) => {
        /// An executor that a scenario can name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoStaticStr, VariantArray, JsonSchema)]
        #[schemars(rename_all = "kebab-case")]
        #[strum(const_into_str, serialize_all = "kebab-case")]
        pub enum ExecutorKind {
            $( $(#[$doc])* $kind, )*
        }

        impl ExecutorKind {
            /// The abilities and the settings of this executor.
            pub fn traits(self) -> Traits {
                match self {
                    $( ExecutorKind::$kind => $traits, )*
                }
            }
        }
    };
}

executors! {
    /// tokio's multi-thread runtime.
    Tokio => Traits { is_async: true, knobs: HasKnobs::All, ..PLAIN };
    /// tokio's current-thread runtime.
    CurrentThread => Traits {
        is_async: true, can_block_in_place: false, workers: Workers::One, knobs: HasKnobs::Common, ..PLAIN
    };
    /// A thread pool (rayon) on which steps run synchronously.
    Pool => PLAIN;
    /// One thread for each task, on which the steps of the task run synchronously.
    Threads => Traits { workers: Workers::OnePerTask, ..PLAIN };
    /// Several processes. Each process has one thread, and steps run synchronously on this thread.
    Processes => Traits { shares_memory: false, ..PLAIN };
}

/// The options of tokio, under tokio's own names. `None` or `false` keeps tokio's default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Knobs {
    /// The number of polls between two checks of the I/O and timer driver.
    pub event_interval: Option<u32>,
    /// The number of polls between two checks of the global queue.
    pub global_queue_interval: Option<u32>,
    /// The maximum number of threads in the blocking pool.
    pub max_blocking_threads: Option<usize>,
    /// Whether workers have no last-in-first-out slot for the task that was woken last
    /// (multi-thread only).
    pub disable_lifo_slot: bool,
    /// Whether a worker that has polled the driver first hands the driver to another worker, and
    /// then runs a task (multi-thread only).
    pub enable_eager_driver_handoff: bool,
    /// Whether to use the alternative timer implementation (multi-thread only).
    pub enable_alt_timer: bool,
}
