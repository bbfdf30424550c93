//! Where tasks run.

use super::Step;
use schemars::JsonSchema;

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
