//! Several processes: each worker is tasklab itself, started anew, and runs its tasks' repetitions on one thread, first in, first
//! out. Tasks go to the worker that has the fewest.
//!
//! Processes share no memory: what they tell each other goes through pipes, in a protocol that others can speak too
//! (`PROTOCOL.md`, below). What a worker records comes in batches, with names instead of numbers and instants of the
//! clock that all processes share, and is put into this run's numbers and time before anybody looks at it.
//!
//! A process can be ended whatever it does, which no thread can: when the run ends, what is not over after the grace ends with
//! its process, as *cancelled*. And a process can die: its tasks are *lost* then, and the others go on.
//!
#![doc = include_str!("PROTOCOL.md")]

mod batch_translator;
mod link;
mod merge;
mod protocol;
mod task_table;
mod validate;
pub mod worker;

pub use merge::RemoteRecords;

use super::limits::{Needs, widest};
use super::{Arrival, Executor, Kind, Setup, StartError, Started};
use crate::probe::{IDS_ELSEWHERE, Registry, spawned_elsewhere};
use crate::record::{Ended, Outcome, Record};
use crate::scenario::{LogLevel, Scenario};
use crate::workload::Services;
use batch_translator::{BatchTranslator, Names};
use link::Link;
use protocol::{Begin, GroupOrder, Nothing, TaskOrder, ToWorker};
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use task_table::TaskTable;

/// How long a worker may take until it is ready.
const READY: Duration = Duration::from_secs(10);
/// Time between two looks at whether anybody still wants the workers.
const LOOK: Duration = Duration::from_millis(20);
/// How long a killed process may take to be gone.
const KILLED: Duration = Duration::from_secs(2);

/// How a worker process is started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

impl WorkerCommand {
    /// This tasklab, or another one.
    pub fn tasklab(program: impl Into<PathBuf>) -> WorkerCommand {
        WorkerCommand {
            program: program.into(),
            args: vec!["worker".into()],
        }
    }

    /// A program that speaks the protocol.
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
    roster: Arc<TaskTable>,
    /// By their numbers; one that could not be started has none.
    links: Vec<Option<Link>>,
    /// The scenario's groups.
    groups: Vec<String>,
    /// The run is over, and workers are meant to end.
    ending: Arc<AtomicBool>,
    /// It has been said that nobody is left.
    deserted: AtomicBool,
}

pub(super) const KIND: Kind = Kind { start, needs };

fn needs(scenario: &Scenario) -> Needs {
    let workers = scenario.executor.threads() as u64;
    Needs {
        // The worker's own, its monitor's, its reader's, and the three here that deal with it.
        threads: 6 * workers + widest(scenario),
        files: 4 * workers,
    }
}

/// Starts the workers and greets them. One that cannot be started is told of in the log, and the others do without it.
fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    let workers = setup.spec.threads();
    let command = match setup.worker {
        Some(command) => command.clone(),
        None => WorkerCommand::tasklab(env::current_exe().map_err(|error| {
            StartError::Workers(format!("tasklab does not know where its own program is: {error}"))
        })?),
    };
    let share = (u32::MAX - IDS_ELSEWHERE) / u32::try_from(workers).unwrap_or(u32::MAX);
    let own = |worker: usize| IDS_ELSEWHERE + share * worker as u32;
    let roster = Arc::new(TaskTable::new(
        setup.services.alive().clone(),
        (0..workers).map(|worker| own(worker)..own(worker) + share),
    ));
    let names = Arc::new(Mutex::new(Names::new(setup.labels.definitions())));
    let ending = Arc::new(AtomicBool::new(false));
    let (mail, inbox) = channel();
    let (ready, readiness) = channel();
    let mut first_refusal = None;
    let mut refuse = |worker: usize, why: String| {
        tracing::error!("process {worker} cannot be used: {why}");
        first_refusal.get_or_insert(why);
    };
    let mut links: Vec<Option<Link>> = Vec::new();
    for worker in 0..workers {
        let begin = begin(setup, worker, own(worker), share);
        let intake = |pid| BatchTranslator::new(worker, pid, setup.registry.clone(), roster.clone(), names.clone());
        let link = Link::start(&command, begin, ready.clone(), mail.clone(), ending.clone(), intake);
        links.push(match link {
            Ok(link) => Some(link),
            Err(error) => {
                refuse(
                    worker,
                    format!("{} cannot be started: {error}", command.program.display()),
                );
                None
            }
        });
    }
    let deadline = Instant::now() + READY;
    let mut silent: Vec<usize> = (0..workers).filter(|&worker| links[worker].is_some()).collect();
    while !silent.is_empty() {
        if (setup.cancelled)() {
            ending.store(true, Relaxed);
            links.iter().flatten().for_each(Link::kill);
            return Err(StartError::Cancelled);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let (worker, begun) = match readiness.recv_timeout(left.min(LOOK)) {
            Ok(heard) => heard,
            Err(RecvTimeoutError::Timeout) if left > LOOK => continue,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let slow = format!("it was not ready within {} s", READY.as_secs());
                (silent[0], Err(slow))
            }
        };
        silent.retain(|&other| other != worker);
        // One that was refused for its silence may speak yet.
        if let (Err(why), true) = (begun, links[worker].is_some()) {
            roster.buried(worker, &why);
            refuse(worker, why);
            if let Some(link) = links[worker].take() {
                link.kill();
            }
        }
    }
    if !roster.anybody() {
        // Who was ready may have died since.
        let why = first_refusal.or_else(|| roster.first_death());
        return Err(StartError::Workers(why.unwrap_or_default()));
    }
    Ok(Started {
        watch: None,
        elsewhere: Some(RemoteRecords::new(
            setup.registry.clone(),
            workers,
            links.iter().flatten().count(),
            inbox,
        )),
        executor: Box::new(Processes {
            registry: setup.registry.clone(),
            services: setup.services.clone(),
            roster,
            links,
            groups: setup.scenario.tasks.iter().map(|task| task.name.clone()).collect(),
            ending,
            deserted: AtomicBool::new(false),
        }),
    })
}

fn begin(setup: &Setup<'_>, worker: usize, first_task: u32, tasks: u32) -> Begin {
    Begin {
        worker,
        workers: setup.spec.threads(),
        first_task,
        tasks,
        seed: setup.scenario.seed,
        units_per_ms: setup.services.calibration().units_per_ms,
        http: setup.services.http().address(),
        scratch: setup.services.scratch().path().to_owned(),
        db: setup.scenario.db,
        log: setup.scenario.log.unwrap_or(LogLevel::Info),
        groups: setup.scenario.tasks.iter().map(GroupOrder::of).collect(),
    }
}

impl Processes {
    fn tell_all(&self, message: impl Fn() -> ToWorker) {
        for link in self.links.iter().flatten() {
            link.tell(message());
        }
    }

    fn all_over(&self) -> bool {
        self.links.iter().flatten().all(Link::is_over)
    }

    /// Until every worker is over, or this much time has passed.
    fn wait(&self, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        while !self.all_over() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Executor for Processes {
    fn spawn(&self, arrival: &Arrival) {
        let task = spawned_elsewhere(&self.registry, &arrival.group);
        let link = self
            .roster
            .place(task.id)
            .and_then(|worker| self.links[worker].as_ref());
        let Some(link) = link else {
            if !self.deserted.swap(true, Relaxed) {
                tracing::error!("no worker process is left: every task that arrives is lost");
            }
            let ended = Ended::heard(crate::probe::now(), task.id, Outcome::Lost);
            self.registry.outside(Record::Ended(ended));
            return;
        };
        if let Some(spec) = &arrival.injected {
            link.tell(ToWorker::Group(GroupOrder::of(spec)));
        }
        link.tell(ToWorker::Task(TaskOrder {
            task: task.id,
            group: arrival.group.name().to_owned(),
            index: task.index,
            since: self.registry.monotonic_ahead().to_monotonic(task.since),
        }));
    }

    fn close(&self, group: usize) {
        if let Some(name) = self.groups.get(group) {
            self.tell_all(|| ToWorker::Close(name.clone()));
        }
    }

    fn keep_log(&self, level: LogLevel) {
        self.tell_all(|| ToWorker::Log(level));
    }

    fn stop(self: Box<Self>, grace: Duration) {
        self.ending.store(true, Relaxed);
        self.services.stop().request();
        self.tell_all(|| ToWorker::Stop(Nothing {}));
        self.wait(grace);
        for link in self.links.iter().flatten().filter(|link| !link.is_over()) {
            link.kill();
        }
        self.wait(KILLED);
    }
}
