//! The executors, which run tasks.
//!
//! An executor takes tasks as they arrive and can be stopped at any time. Other modules decide when
//! tasks arrive (`run`), what tasks do (`workload`) and what is recorded (`probe`).
//!
//! | executor | lanes | a slice is | how it stops |
//! |---|---|---|---|
//! | `tokio` | workers, blocking threads | a poll | futures are dropped at their next await |
//! | `current-thread` | one worker, blocking threads | a poll | the same |
//! | `pool` | rayon's threads | a repetition | queued jobs are dropped; running ones end at their next step |
//! | `threads` | each task's own thread | a repetition | each thread ends at its task's next step |
//! | `processes` | one thread in each worker process | a repetition | as `pool`; then the process is killed |
//!
//! # To add an executor
//! Write a file in this folder that implements [`Executor`] and has a constant `KIND`. Register it
//! with one line in `executors!` below. Add one line to `executors!` in
//! `scenario/types/executor.rs` with the executor's name in scenarios and its capabilities. No
//! other code names an executor.
//!
//! If the executor has threads of a new kind, add the kind to `LaneKind` in `record/kinds.rs`. The
//! compiler then names the places in `model` and `probe` that must handle the new kind.

mod limits;
mod runtime;

use crate::probe::{Group, Registry, RuntimeSampler};
use crate::scenario::{ExecutorKind, ExecutorSpec, LogLevel, Scenario, TaskSpec, Workers};
use crate::workload::{Cancelled, Labels, Program, Services};
pub use limits::Exceeded;
use limits::Needs;
use processes::{RemoteRecords, WorkerCommand};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Runs tasks until it is stopped with [`stop`](Executor::stop).
pub trait Executor: Send {
    /// Accepts a task that has arrived. Returns immediately, because the task runs on another
    /// thread or in another process.
    fn spawn(&self, arrival: &Arrival);

    /// Notifies the executor that a group is closed: the tasks of the group begin no further
    /// repetition. `group` is the index of the group in
    /// [`Scenario::tasks`](crate::scenario::Scenario::tasks).
    ///
    /// Tasks in this process see in their shared [`Program`] that the group is closed. An executor
    /// with tasks in other processes forwards the notification.
    fn close(&self, _group: usize) {}

    /// Sets the least severe level that the event log keeps. Only an executor with tasks in other
    /// processes needs this call.
    fn keep_log(&self, _level: LogLevel) {}

    /// Cancels every task that can be cancelled and waits up to `grace` for the other tasks. If a
    /// task is still running after `grace`, it continues until the process exits.
    fn stop(self: Box<Self>, grace: Duration);
}

/// A task that arrives.
pub struct Arrival {
    /// The program of the task.
    pub program: Arc<Program>,
    /// The group of the task.
    pub group: Arc<Group>,
    /// The specification of the task's group, if the task was injected. Such a group is not in the
    /// scenario.
    pub injected: Option<TaskSpec>,
}

/// The data that an executor needs to start.
pub struct Setup<'a> {
    /// The kind and the settings of the executor.
    pub spec: &'a ExecutorSpec,
    /// The scenario of the run.
    pub scenario: &'a Scenario,
    /// The names of the scenario's steps.
    pub labels: &'a Labels,
    /// The command that starts a worker process. `None` starts this program again.
    pub worker: Option<&'a WorkerCommand>,
    /// The registry in which the executor's threads record.
    pub registry: &'a Arc<Registry>,
    /// The services that the tasks share.
    pub services: &'a Arc<Services>,
    /// The groups of the scenario, in the scenario's order.
    pub groups: &'a [Arc<Group>],
    /// A function that is called again and again while the start waits. If the function returns
    /// `true`, the start is abandoned.
    pub cancelled: &'a dyn Fn() -> bool,
}

impl Setup<'_> {
    /// The error for threads that cannot be created.
    fn no_threads(&self, error: io::Error) -> StartError {
        match self.spec.threads() {
            1 => StartError::Thread(error),
            threads => StartError::Threads(threads, error),
        }
    }
}

/// An executor that has started.
pub struct Started {
    /// The executor, which accepts tasks.
    pub executor: Box<dyn Executor>,
    /// The sampler of tokio-metrics, if the executor is a tokio runtime.
    pub watch: Option<RuntimeSampler>,
    /// The records of worker processes, if tasks run in worker processes.
    pub remote: Option<RemoteRecords>,
}

impl Started {
    /// An executor in this process that has no tokio-metrics.
    fn local(executor: impl Executor + 'static) -> Started {
        Started {
            executor: Box::new(executor),
            watch: None,
            remote: None,
        }
    }
}

/// Why an executor cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A thread cannot be created.
    #[error("the machine refuses another thread")]
    Thread(#[source] io::Error),
    /// This number of threads cannot be created.
    #[error("the machine refuses {0} threads for tasks")]
    Threads(usize, #[source] io::Error),
    /// The scenario needs more threads or open files at the same time than the machine allows.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// No worker process can be used. The text is the reason that was found first.
    #[error("no worker process can be used: {0}")]
    Workers(String),
    /// The caller cancelled the start.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// A kind of executor: how to start it, and what it needs.
struct Kind {
    /// Starts an executor of this kind.
    start: fn(&Setup<'_>) -> Result<Started, StartError>,
    /// The threads and files that a scenario on this executor certainly needs at one instant.
    needs: fn(&Scenario) -> Needs,
}

/// The registry: a line for each executor, with its module and its name. The module has a constant
/// `KIND`.
///
/// `cargo fmt` does not see modules that a macro declares: format the files by `rustfmt --edition
/// 2024 FILE`.
macro_rules! executors {
    ($( $visibility:vis $module:ident: $kind:ident, )*) => {
        $( $visibility mod $module; )*

        fn kind_of(kind: ExecutorKind) -> Kind {
            match kind {
                $( ExecutorKind::$kind => self::$module::KIND, )*
            }
        }
    };
}

executors! {
    tokio: Tokio,
    current_thread: CurrentThread,
    pool: Pool,
    threads: Threads,
    pub processes: Processes,
}

/// Starts the executor that `setup` asks for.
///
/// # Errors
/// Returns a [`StartError`] if the machine refuses the threads or processes, or if
/// [`Setup::cancelled`] returns `true`.
pub fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    let kind = kind_of(setup.spec.kind);
    limits::check((kind.needs)(setup.scenario))?;
    (kind.start)(setup)
}

impl ExecutorSpec {
    /// The number of threads that run tasks, summed over all processes. This is the number from the
    /// scenario or, by default, the number of cores that this process may use. If each task has its
    /// own thread, the number is 0.
    pub fn threads(&self) -> usize {
        match self.kind.traits().workers {
            Workers::One => 1,
            Workers::OnePerTask => 0,
            Workers::AsAsked => self
                .workers
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        }
    }
}
