//! Where tasks run. An executor takes tasks as they arrive and can be stopped at any time; everything else (when tasks
//! arrive, what they do, what is recorded) is somebody else's.
//!
//! | executor | lanes | a slice is | how it stops |
//! |---|---|---|---|
//! | `tokio` | workers, blocking threads | a poll | futures are dropped at their next await |
//! | `current-thread` | one worker, blocking threads | a poll | the same |
//! | `pool` | rayon's threads | a repetition | queued jobs are dropped; running ones end at their next step |
//! | `threads` | every task's own thread | a repetition | each ends at its task's next step |
//! | `processes` | a thread in each worker process | a repetition | as `pool`; what then goes on ends with its process |
//!
//! To add one: a file here with its `KIND`, and its line in `of`; and, so that scenarios can name it, its line among the
//! [`ExecutorKind`]s.

mod current_thread;
mod limits;
mod pool;
pub mod processes;
mod runtime;
mod threads;
mod tokio;

use crate::probe::{Group, Registry, Watch};
use crate::scenario::{ExecutorKind, ExecutorSpec, LogLevel, Scenario, TaskSpec, Workers};
use crate::workload::{Labels, Program, Services};
pub use limits::Exceeded;
use limits::Needs;
use processes::{RemoteRecords, WorkerCommand};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Runs tasks until it is stopped.
pub trait Executor: Send {
    /// Takes in one more task. Never waits for it.
    fn spawn(&self, arrival: &Arrival);

    /// The group of this number (among [`Scenario::tasks`](crate::scenario::Scenario::tasks)) has been closed. Its program says so to
    /// whoever shares it; an executor whose tasks are elsewhere passes it on.
    fn close(&self, _group: usize) {}

    /// What is kept of the event log from now on, for an executor whose tasks are elsewhere.
    fn keep_log(&self, _level: LogLevel) {}

    /// Cancels every task where that is possible and gives the rest `grace` to end. What is not over then goes on until
    /// the process ends.
    fn stop(self: Box<Self>, grace: Duration);
}

/// A task that arrives.
pub struct Arrival {
    /// What it does.
    pub program: Arc<Program>,
    /// Its group.
    pub group: Arc<Group>,
    /// What it does, as a scenario says it, if its group is none of the scenario's.
    pub injected: Option<TaskSpec>,
}

/// What an executor needs to start.
pub struct Setup<'a> {
    /// Which, and its knobs.
    pub spec: &'a ExecutorSpec,
    /// What is run.
    pub scenario: &'a Scenario,
    /// The names of its steps.
    pub labels: &'a Labels,
    /// How a worker process is started; `None`: as this program is.
    pub worker: Option<&'a WorkerCommand>,
    /// Where it records.
    pub registry: &'a Arc<Registry>,
    /// What the tasks use.
    pub services: &'a Arc<Services>,
    /// The groups of the scenario.
    pub groups: &'a [Arc<Group>],
    /// Asked while something is waited for; once it says yes, nobody wants the executor any more.
    pub cancelled: &'a dyn Fn() -> bool,
}

impl Setup<'_> {
    /// The machine does not grant the threads, for this reason.
    fn no_threads(&self, error: io::Error) -> StartError {
        StartError::Threads(self.spec.threads(), error)
    }
}

/// An executor that has started.
pub struct Started {
    /// Takes the tasks.
    pub executor: Box<dyn Executor>,
    /// tokio-metrics' view, where the executor is tokio's.
    pub watch: Option<Watch>,
    /// What other processes tell, where tasks are there.
    pub elsewhere: Option<RemoteRecords>,
}

impl Started {
    /// One of which there is nothing more to know than what it records.
    fn here(executor: impl Executor + 'static) -> Started {
        Started {
            executor: Box::new(executor),
            watch: None,
            elsewhere: None,
        }
    }
}

/// Why an executor cannot start.
#[derive(Debug)]
pub enum StartError {
    /// The machine does not grant so many threads.
    Threads(usize, io::Error),
    /// The machine does not allow as much as the scenario needs at once.
    Limit(Exceeded),
    /// No worker process can be used, for this reason among others.
    Workers(String),
    /// Somebody no longer wants it to.
    Cancelled,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Threads(1, _) => f.write_str("the machine does not grant another thread"),
            StartError::Threads(n, _) => write!(f, "the machine does not grant {n} threads to run tasks on"),
            StartError::Limit(exceeded) => exceeded.fmt(f),
            StartError::Cancelled => f.write_str("the run was cancelled before it began"),
            StartError::Workers(why) => write!(f, "no worker process can be used: {why}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Threads(_, error) => Some(error),
            StartError::Limit(_) | StartError::Workers(_) | StartError::Cancelled => None,
        }
    }
}

/// What the rest of the program must know of an executor before there is one.
struct Kind {
    /// Starts it.
    start: fn(&Setup<'_>) -> Result<Started, StartError>,
    /// What a scenario on it has of the machine at one instant for certain.
    needs: fn(&Scenario) -> Needs,
}

/// The executor of this kind.
fn of(kind: ExecutorKind) -> Kind {
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
/// When the machine does not grant the threads or the processes, or [`Setup::cancelled`] says yes.
pub fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    let kind = of(setup.spec.kind);
    limits::check((kind.needs)(setup.scenario)).map_err(StartError::Limit)?;
    (kind.start)(setup)
}

impl ExecutorSpec {
    /// Threads that run tasks, of however many processes: as asked for, or as many as the machine runs in parallel. 0 where every
    /// task has its own.
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
