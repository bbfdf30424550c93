//! Where tasks run.
//!
//! An executor takes tasks as they arrive and can be stopped at any time. Other modules decide when tasks arrive
//! (`run`), what they do (`workload`) and what is recorded (`probe`).
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
//! Write a file in this folder that implements [`Executor`] and has a constant `KIND`, and register it with one line
//! in `kind_of`. One line in `executors!` (`scenario/types/executor.rs`) gives it its name in scenarios and states
//! what it can do. Nothing else names it.

mod current_thread;
mod limits;
mod pool;
pub mod processes;
mod runtime;
mod threads;
mod tokio;

use crate::probe::{Group, Registry, RuntimeSampler};
use crate::scenario::{ExecutorKind, ExecutorSpec, LogLevel, Scenario, TaskSpec, Workers};
use crate::workload::{Cancelled, Labels, Program, Services};
pub use limits::Exceeded;
use limits::Needs;
use processes::{RemoteRecords, WorkerCommand};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Runs tasks until [`stop`](Executor::stop).
pub trait Executor: Send {
    /// Accepts one more task. Returns at once: the task runs elsewhere.
    fn spawn(&self, arrival: &Arrival);

    /// Reports that a group is closed: its tasks begin no further repetition. `group` is its index in
    /// [`Scenario::tasks`](crate::scenario::Scenario::tasks).
    ///
    /// Tasks in this process read it from their shared [`Program`]; an executor with tasks in other processes
    /// forwards it.
    fn close(&self, _group: usize) {}

    /// Sets the least severe level that the event log keeps, for an executor with tasks in other processes.
    fn keep_log(&self, _level: LogLevel) {}

    /// Cancels every task that can be cancelled and waits up to `grace` for the others. A task that is still running
    /// then goes on until the process exits.
    fn stop(self: Box<Self>, grace: Duration);
}

/// A task that arrives.
pub struct Arrival {
    /// The steps that it does.
    pub program: Arc<Program>,
    /// Its group.
    pub group: Arc<Group>,
    /// Its specification, if the task was injected: its group is not in the scenario.
    pub injected: Option<TaskSpec>,
}

/// What an executor needs to start.
pub struct Setup<'a> {
    /// Its kind and its knobs.
    pub spec: &'a ExecutorSpec,
    /// The scenario that is run.
    pub scenario: &'a Scenario,
    /// The names of the scenario's steps.
    pub labels: &'a Labels,
    /// The command that starts a worker process. `None` starts this program again.
    pub worker: Option<&'a WorkerCommand>,
    /// Where its threads record.
    pub registry: &'a Arc<Registry>,
    /// What its tasks share.
    pub services: &'a Arc<Services>,
    /// The groups of the scenario, in its order.
    pub groups: &'a [Arc<Group>],
    /// Polled while the start waits. Once it returns `true`, the start is abandoned.
    pub cancelled: &'a dyn Fn() -> bool,
}

impl Setup<'_> {
    /// The error for threads that the machine does not grant.
    fn no_threads(&self, error: io::Error) -> StartError {
        match self.spec.threads() {
            1 => StartError::Thread(error),
            threads => StartError::Threads(threads, error),
        }
    }
}

/// An executor that has started.
pub struct Started {
    /// Accepts the tasks.
    pub executor: Box<dyn Executor>,
    /// What tokio-metrics measures, if the executor is a tokio runtime.
    pub watch: Option<RuntimeSampler>,
    /// The records of worker processes, if tasks run there.
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
    /// The machine does not grant a thread.
    #[error("the machine does not grant another thread")]
    Thread(#[source] io::Error),
    /// The machine does not grant this many threads.
    #[error("the machine does not grant {0} threads to run tasks on")]
    Threads(usize, #[source] io::Error),
    /// The scenario needs more at the same time than the machine allows.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// No worker process can be used. The text is the first reason.
    #[error("no worker process can be used: {0}")]
    Workers(String),
    /// The caller cancelled the start.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What is known about a kind of executor before one has started.
struct Kind {
    /// Starts one.
    start: fn(&Setup<'_>) -> Result<Started, StartError>,
    /// What a scenario on it certainly needs of the machine at one instant.
    needs: fn(&Scenario) -> Needs,
}

/// The one line that registers each executor.
fn kind_of(kind: ExecutorKind) -> Kind {
    match kind {
        ExecutorKind::Tokio => tokio::KIND,
        ExecutorKind::CurrentThread => current_thread::KIND,
        ExecutorKind::Pool => pool::KIND,
        ExecutorKind::Threads => threads::KIND,
        ExecutorKind::Processes => processes::KIND,
    }
}

/// Starts the executor that `setup` asks for.
///
/// # Errors
/// [`StartError`], when the machine does not grant the threads or processes, or [`Setup::cancelled`] returns `true`.
pub fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    let kind = kind_of(setup.spec.kind);
    limits::check((kind.needs)(setup.scenario))?;
    (kind.start)(setup)
}

impl ExecutorSpec {
    /// Number of threads that run tasks, summed over all processes: the number asked for, or else the number of cores
    /// that this process may use. 0 if each task has a thread of its own.
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
