//! Starts the worker processes and waits until each of them is ready or has been rejected.

use super::batch_translator::BatchTranslator;
use super::link::{Link, Outputs};
use super::names::Names;
use super::protocol::{Begin, GroupOrder};
use super::remote_records::{self, Mail};
use super::task_table::TaskTable;
use super::{Processes, RemoteRecords, Setup, StartError, Started, WorkerCommand};
use crate::probe::REMOTE_IDS;
use crate::scenario::LogLevel;
use crate::text;
use crate::workload::Cancelled;
use parking_lot::Mutex;
use std::env;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

/// The maximum time until the next worker is ready.
const READY_TIMEOUT: Duration = Duration::from_secs(10);
/// The time between two checks for a cancelled start.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A worker's number, and the reason if the worker cannot be used.
pub(super) type Readiness = (usize, Result<(), String>);

/// Starts the workers. The log names each worker that cannot be used, and the run continues without
/// it.
///
/// # Errors
/// Returns an error if no worker is ready in time, or if the start was cancelled.
pub(super) fn start(setup: &Setup<'_>) -> Result<Started, StartError> {
    // Nobody receives messages before the run begins. Until then, workers that are ready wait.
    let (mail, inbox) = sync_channel(remote_records::most_waiting(setup.spec.threads()));
    let (ready, readiness) = channel();
    let mut startup = Startup::new(setup)?;
    startup.launch(&ready, &mail)?;
    startup.await_ready(&readiness)?;
    startup.finish(inbox)
}

/// The workers while they start.
struct Startup<'a> {
    setup: &'a Setup<'a>,
    command: WorkerCommand,
    /// For each worker, the range of ids for the tasks that the worker spawns itself.
    own_ids: Vec<Range<u32>>,
    task_table: Arc<TaskTable>,
    /// One link per worker, by the worker's number. `None` if the worker could not be used.
    links: Vec<Option<Link>>,
    ending: Arc<AtomicBool>,
    first_refusal: Option<String>,
}

impl<'a> Startup<'a> {
    fn new(setup: &'a Setup<'a>) -> Result<Startup<'a>, StartError> {
        let workers = setup.spec.threads();
        let own_ids: Vec<_> = own_ids(workers).collect();
        Ok(Startup {
            setup,
            command: worker_command(setup)?,
            task_table: Arc::new(TaskTable::new(
                setup.services.live_tasks().clone(),
                own_ids.iter().cloned(),
            )),
            own_ids,
            links: Vec::with_capacity(workers),
            ending: Arc::new(AtomicBool::new(false)),
            first_refusal: None,
        })
    }

    /// Starts a process for each worker.
    ///
    /// # Errors
    /// Returns an error if the start was cancelled. Then all workers have been killed.
    fn launch(&mut self, ready: &Sender<Readiness>, mail: &SyncSender<(usize, Mail)>) -> Result<(), StartError> {
        let names = Arc::new(Mutex::new(Names::new(self.setup.labels.definitions())));
        for worker in 0..self.own_ids.len() {
            self.check_cancelled()?;
            let (registry, table, names) = (self.setup.registry.clone(), self.task_table.clone(), names.clone());
            let translator = |pid| BatchTranslator::new(worker, pid, registry, table, names);
            let outputs = Outputs {
                ready: ready.clone(),
                mail: mail.clone(),
            };
            let started = Link::start(
                &self.command,
                self.begin(worker),
                outputs,
                self.ending.clone(),
                translator,
            );
            let link = match started {
                Ok(link) => Some(link),
                Err(error) => {
                    let program = text::clean(&self.command.program.to_string_lossy()).into_owned();
                    self.refuse(worker, format!("{program} cannot be started: {error}"));
                    None
                }
            };
            self.links.push(link);
        }
        Ok(())
    }

    /// # Errors
    /// Returns an error if the start was cancelled. Then all workers have been killed.
    fn check_cancelled(&self) -> Result<(), StartError> {
        if !(self.setup.cancelled)() {
            return Ok(());
        }
        self.ending.store(true, Relaxed);
        self.links.iter().flatten().for_each(Link::kill);
        Err(Cancelled.into())
    }

    /// Waits until each worker is ready, has been rejected, or is late.
    ///
    /// # Errors
    /// Returns an error if the start was cancelled during the wait. Then all workers have been
    /// killed.
    fn await_ready(&mut self, readiness: &Receiver<Readiness>) -> Result<(), StartError> {
        let mut deadline = Instant::now() + READY_TIMEOUT;
        let mut pending: Vec<usize> = (0..self.links.len())
            .filter(|&worker| self.links[worker].is_some())
            .collect();
        while let Some(&first) = pending.first() {
            self.check_cancelled()?;
            let left = deadline.saturating_duration_since(Instant::now());
            let (worker, begun) = match readiness.recv_timeout(left.min(POLL_INTERVAL)) {
                Ok(readiness) => {
                    // The machine starts only a few workers at a time. So the time for the workers
                    // that are not ready starts again whenever a worker becomes ready.
                    deadline = Instant::now() + READY_TIMEOUT;
                    readiness
                }
                Err(RecvTimeoutError::Timeout) if left > POLL_INTERVAL => continue,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let late = format!("it was not ready within {} s", READY_TIMEOUT.as_secs());
                    (first, Err(late))
                }
            };
            pending.retain(|&other| other != worker);
            // If a worker was rejected because it was late, it may still report that it is ready.
            if let Err(why) = begun
                && let Some(link) = self.links[worker].take()
            {
                self.task_table.worker_died(worker, &why);
                self.refuse(worker, why);
                link.kill();
            }
        }
        Ok(())
    }

    fn refuse(&mut self, worker: usize, why: String) {
        tracing::error!("process {worker} cannot be used: {why}");
        self.first_refusal.get_or_insert(why);
    }

    /// # Errors
    /// Returns an error if no worker can be used. A worker that was ready may have died in the
    /// meantime.
    fn finish(self, inbox: Receiver<(usize, Mail)>) -> Result<Started, StartError> {
        if !self.task_table.has_worker() {
            let why = self.first_refusal.or_else(|| self.task_table.first_death());
            return Err(StartError::Workers(why.unwrap_or_default()));
        }
        let Setup {
            registry,
            services,
            scenario,
            ..
        } = self.setup;
        let living = self.links.iter().flatten().count();
        let remote = RemoteRecords::new(Arc::clone(registry), self.links.len(), living, inbox);
        Ok(Started {
            watch: None,
            remote: Some(remote),
            executor: Box::new(Processes {
                registry: Arc::clone(registry),
                services: Arc::clone(services),
                task_table: self.task_table,
                links: self.links,
                groups: scenario.tasks.iter().map(|task| task.name.clone()).collect(),
                ending: self.ending,
                loss_reported: AtomicBool::new(false),
            }),
        })
    }

    fn begin(&self, worker: usize) -> Begin {
        let Setup { scenario, services, .. } = self.setup;
        let own_ids = &self.own_ids[worker];
        Begin {
            worker,
            workers: self.own_ids.len(),
            first_task: own_ids.start,
            tasks: own_ids.end - own_ids.start,
            seed: scenario.seed,
            units_per_ms: services.calibration().units_per_ms,
            http: services.http().address(),
            scratch: services.scratch().path().to_owned(),
            db: scenario.db,
            log: scenario.log.unwrap_or(LogLevel::Info),
            groups: scenario.tasks.iter().map(GroupOrder::of).collect(),
        }
    }
}

/// Divides the ids that are reserved for workers into ranges of equal size.
fn own_ids(workers: usize) -> impl Iterator<Item = Range<u32>> {
    let workers = u32::try_from(workers).unwrap_or(u32::MAX);
    let share = (u32::MAX - REMOTE_IDS) / workers;
    (0..workers).map(move |worker| {
        let first = REMOTE_IDS + share * worker;
        first..first + share
    })
}

fn worker_command(setup: &Setup<'_>) -> Result<WorkerCommand, StartError> {
    match setup.worker {
        Some(command) => Ok(command.clone()),
        None => env::current_exe()
            .map(WorkerCommand::tasklab)
            .map_err(|error| StartError::Workers(format!("tasklab cannot find its own program: {error}"))),
    }
}
