//! An executor with several worker processes. By default, each worker runs the tasklab program. A
//! worker runs the repetitions of its tasks on one thread, first in, first out. A new task goes to
//! the worker that has the fewest tasks.
//!
//! ```text
//!   link ──► worker process ──► batch_translator ──► remote_records ──► monitor
//!   (orders)  (worker)          (worker's ids to     (merges all
//!                                the run's ids)       workers)
//! ```
//!
//! Processes share no memory. tasklab and its workers exchange messages through pipes, in a
//! protocol that any program can speak (`PROTOCOL.md`, below). A worker sends its records in
//! batches, with its own ids and with instants on the clock that all processes share.
//! `BatchTranslator` replaces these ids and instants with the ids and instants of this run.
//!
//! Unlike a thread, a process can always be killed. If a task has not ended after the grace period
//! of the run, its process is killed, and the task ends as *cancelled*. If a process dies earlier,
//! its tasks are *lost*, and the other workers continue.
//!
#![doc = include_str!("PROTOCOL.md")]

mod batch_translator;
mod link;
mod log_quota;
mod names;
mod protocol;
mod remote_records;
mod start;
mod task_table;
mod validate;
pub mod worker;

pub use remote_records::RemoteRecords;

use super::limits::{Needs, widest_branches};
use super::{Arrival, Executor, Kind, Setup, StartError, Started};
use crate::probe::{Registry, RemoteTask};
use crate::record::{Ended, Outcome, Record};
use crate::scenario::{LogLevel, Scenario};
use crate::workload::{Services, wait_until};
use link::Link;
use protocol::{GroupOrder, Nothing, TaskOrder, ToWorker};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use task_table::TaskTable;

/// The maximum time to wait for more output of a killed process. The output ends at once, unless
/// another process keeps the pipe open.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum time to handle the last output of killed processes. On a busy machine, the ends of
/// 100,000 tasks take seconds.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(60);

/// The command that starts a worker process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkerCommand {
    /// The program to start.
    pub program: PathBuf,
    /// The arguments of the program.
    pub args: Vec<OsString>,
}

impl WorkerCommand {
    /// The command that starts a tasklab binary as a worker.
    pub fn tasklab(program: impl Into<PathBuf>) -> WorkerCommand {
        WorkerCommand {
            program: program.into(),
            args: vec!["worker".into()],
        }
    }

    /// The command that starts another program that speaks the protocol.
    pub fn other(program: impl Into<PathBuf>) -> WorkerCommand {
        WorkerCommand {
            program: program.into(),
            args: Vec::new(),
        }
    }
}

struct Processes {
    registry: Arc<Registry>,
    services: Arc<Services>,
    task_table: Arc<TaskTable>,
    /// One link per worker, by the worker's number. `None` if the worker could not be used.
    links: Vec<Option<Link>>,
    /// The names of the scenario's groups, in the scenario's order.
    groups: Vec<String>,
    /// Whether the run is over. Then the end of a worker is not an error.
    ending: Arc<AtomicBool>,
    /// Whether the log already contains the message that no worker is left.
    loss_reported: AtomicBool,
}

pub(super) const KIND: Kind = Kind {
    start: start::start,
    needs,
};

fn needs(scenario: &Scenario) -> Needs {
    let workers = scenario.executor.threads() as u64;
    Needs {
        // Each worker needs six threads. The worker process has its main thread, its pool thread
        // and its reader. This process has a writer, a reader of standard error and a listener.
        threads: 6 * workers + widest_branches(scenario),
        files: 4 * workers,
    }
}

impl Processes {
    fn send_to_all(&self, message: impl Fn() -> ToWorker) {
        for link in self.links.iter().flatten() {
            link.send(message());
        }
    }

    fn all_ended(&self) -> bool {
        self.links.iter().flatten().all(Link::has_ended)
    }

    /// Waits until the last output of all workers has been handled, after they have ended or have
    /// been killed. Until then, the ends of some tasks are not recorded.
    fn catch_up(&self) {
        let links = || self.links.iter().flatten();
        let mut idle_since = Instant::now();
        wait_until(Instant::now() + CATCH_UP_TIMEOUT, || {
            if links().any(|link| !link.has_ended() && !link.awaits_output()) {
                idle_since = Instant::now();
            }
            self.all_ended() || idle_since.elapsed() >= KILL_TIMEOUT
        });
    }
}

impl Executor for Processes {
    fn spawn(&self, arrival: &Arrival) {
        let task = RemoteTask::spawn(&self.registry, &arrival.group);
        let link = self
            .task_table
            .assign(task.id)
            .and_then(|worker| self.links[worker].as_ref());
        let Some(link) = link else {
            if !self.loss_reported.swap(true, Relaxed) {
                tracing::error!("no worker process is left: every task that arrives is lost");
            }
            let ended = Ended::observed(crate::probe::now(), task.id, Outcome::Lost);
            self.registry.record_off_lane(Record::Ended(ended));
            return;
        };
        if let Some(spec) = &arrival.injected {
            link.send(ToWorker::Group(GroupOrder::of(spec)));
        }
        link.send(ToWorker::Task(TaskOrder {
            task: task.id,
            group: arrival.group.name().to_owned(),
            index: task.index,
            since: self.registry.clock_offset().to_monotonic(task.since),
        }));
    }

    fn close(&self, group: usize) {
        if let Some(name) = self.groups.get(group) {
            self.send_to_all(|| ToWorker::Close(name.clone()));
        }
    }

    fn keep_log(&self, level: LogLevel) {
        self.send_to_all(|| ToWorker::Log(level));
    }

    fn stop(self: Box<Self>, grace: Duration) {
        self.ending.store(true, Relaxed);
        self.services.stop().request(crate::probe::now());
        self.send_to_all(|| ToWorker::Stop(Nothing {}));
        wait_until(Instant::now() + grace, || self.all_ended());
        for link in self.links.iter().flatten().filter(|link| !link.has_ended()) {
            link.kill();
        }
        self.catch_up();
    }
}
