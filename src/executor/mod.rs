//! Where tasks run. An executor takes tasks as they arrive and can be stopped at any time; everything else (when tasks
//! arrive, what they do, what is recorded) is somebody else's.
//!
//! | executor | lanes | a slice is | how it stops |
//! |---|---|---|---|
//! | `tokio` | workers, blocking threads | a poll | futures are dropped at their next await |
//! | `current-thread` | one worker, blocking threads | a poll | the same |
//! | `pool` | rayon's threads | a repetition | queued jobs are dropped; running ones end at their next step |
//! | `threads` | every task's own thread | a repetition | each ends at its task's next step |
//!
//! To add one: a file here, and a line in [`start`].

mod current_thread;
mod pool;
mod runtime;
mod threads;
mod tokio;

use crate::probe::{Group, Hub, Watch};
use crate::scenario::{ExecutorKind, ExecutorSpec, LogLevel};
use crate::workload::{Program, Services};
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
}

/// What an executor needs to start.
pub struct Setup<'a> {
    /// Which, and its knobs.
    pub spec: &'a ExecutorSpec,
    /// Where it records.
    pub hub: &'a Arc<Hub>,
    /// What the tasks use.
    pub services: &'a Arc<Services>,
    /// The groups of the scenario.
    pub groups: &'a [Arc<Group>],
}

/// An executor that has started.
pub struct Started {
    /// Takes the tasks.
    pub executor: Box<dyn Executor>,
    /// tokio-metrics' view, where the executor is tokio's.
    pub watch: Option<Watch>,
}

/// Starts the executor that `setup` asks for.
///
/// # Errors
/// When the machine does not grant the threads.
pub fn start(setup: &Setup<'_>) -> io::Result<Started> {
    match setup.spec.kind {
        ExecutorKind::Tokio => tokio::start(setup),
        ExecutorKind::CurrentThread => current_thread::start(setup),
        ExecutorKind::Pool => pool::start(setup),
        ExecutorKind::Threads => Ok(threads::start(setup)),
    }
}

impl ExecutorSpec {
    /// Threads that run tasks: as asked for, or as many as the machine runs in parallel. 0 where every task has its own.
    pub fn threads(&self) -> usize {
        match self.kind {
            ExecutorKind::CurrentThread => 1,
            ExecutorKind::Threads => 0,
            ExecutorKind::Tokio | ExecutorKind::Pool => self
                .workers
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        }
    }
}
