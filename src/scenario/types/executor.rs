//! The executors that a scenario can name, and what the language knows about each.
//!
//! To add an executor, add a line here, write its file in `executor`, and add a line to the list
//! `executors!` there. Reader, schema, command line and messages ask its [`Traits`].

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use schemars::JsonSchema;
use strum::{IntoStaticStr, VariantArray};

/// Where tasks run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExecutorSpec {
    /// Which executor.
    pub kind: ExecutorKind,
    /// Threads that run tasks. `None`: one per core (`current-thread` always has one, `threads` one
    /// per task).
    pub workers: Option<usize>,
    /// tokio's own knobs; all default on executors that have none.
    pub knobs: Knobs,
}

impl ExecutorSpec {
    /// Whether each worker has a last-in-first-out slot for the task woken last.
    pub fn has_lifo_slot(&self) -> bool {
        self.kind.traits().knobs == HasKnobs::All && !self.knobs.disable_lifo_slot
    }
}

/// What the language must know about an executor: what it can do, and what may be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traits {
    /// Whether tasks are futures. Otherwise a task keeps a thread while it does its steps.
    pub is_async: bool,
    /// Whether all tasks are in one process: only then can they share locks, semaphores and
    /// channels.
    pub shares_memory: bool,
    /// Whether a task can hand its worker's other tasks to another thread, or its thread has no
    /// other tasks.
    pub can_block_in_place: bool,
    /// What decides how many threads run tasks.
    pub workers: Workers,
    /// Which of tokio's knobs it has.
    pub knobs: HasKnobs,
}

/// What decides how many threads run tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Workers {
    /// The scenario.
    AsAsked,
    /// Nothing: there is one.
    One,
    /// The tasks: each has its own.
    OnePerTask,
}

/// Which of tokio's knobs an executor has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HasKnobs {
    /// Every one.
    All,
    /// Those that both of tokio's runtimes have.
    Common,
    /// None: it is not tokio's.
    None,
}

/// An executor of threads in this process, as many as asked for.
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
        /// Which executor.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoStaticStr, VariantArray, JsonSchema)]
        #[schemars(rename_all = "kebab-case")]
        #[strum(const_into_str, serialize_all = "kebab-case")]
        pub enum ExecutorKind {
            $( $(#[$doc])* $kind, )*
        }

        impl ExecutorKind {
            /// What it can do, and what may be set.
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
    /// A thread of its own for every task, on which its steps run synchronously.
    Threads => Traits { workers: Workers::OnePerTask, ..PLAIN };
    /// A thread in each of several processes, on which steps run synchronously.
    Processes => Traits { shares_memory: false, ..PLAIN };
}

/// tokio's own knobs by tokio's own names; `None` or `false` leaves tokio's default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Knobs {
    /// Polls between two checks of the I/O and timer driver.
    pub event_interval: Option<u32>,
    /// Polls between two checks of the global queue.
    pub global_queue_interval: Option<u32>,
    /// Ceiling of the blocking pool.
    pub max_blocking_threads: Option<usize>,
    /// No last-in-first-out slot for the task woken last (multi-thread only).
    pub disable_lifo_slot: bool,
    /// A worker that polled the driver hands it to another before it runs a task (multi-thread
    /// only).
    pub enable_eager_driver_handoff: bool,
    /// The alternative timer implementation (multi-thread only).
    pub enable_alt_timer: bool,
}
