//! What all tasks of a run share.

use super::calibrate::calibrate;
use super::db::Database;
use super::error_throttle::{ErrorKind, ErrorThrottle};
use super::files::Scratch;
use super::http::HttpService;
use super::labels::Labels;
use super::live_tasks::LiveTasks;
use super::services_error::ServicesError;
use super::shared::{Channel, Shared};
use super::spawn_limit::{SpawnLimit, SpawnLimitReached};
use super::stop::Stop;
use super::task::TaskCtx;
use crate::probe::TaskHandle;
use crate::record::{Calibration, Label};
use crate::scenario::{HttpSpec, Scenario};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};

/// The calibration, the loopback service, the scratch folder with the database, the locks,
/// semaphores and channels, the counters of tasks and errors, and the flag that ends all
/// computations.
pub struct Services {
    calibration: Calibration,
    stop: Stop,
    live_tasks: Arc<LiveTasks>,
    detached_spawner: OnceLock<Weak<dyn DetachedSpawner>>,
    spawn_limit: SpawnLimit,
    error_throttle: ErrorThrottle,
    shared: Shared,
    http: HttpService,
    /// How the scenario wants the loopback service to behave.
    initial_http: HttpSpec,
    scratch: Scratch,
    database: Database,
}

impl Services {
    /// Calibrates, starts the loopback service, and creates the scratch folder with the files that
    /// the scenario reads. Adds the names of channels to `labels`.
    ///
    /// This takes some 40 ms, nearly all of them for the calibration, which wants the machine idle:
    /// call this before any task runs. Large files take longer. While it writes them, this function
    /// calls `cancelled` between their pieces; once that returns true, it removes all that it
    /// created.
    ///
    /// # Errors
    /// When the machine does not grant what a run needs, or `cancelled` returns true.
    pub fn start(
        scenario: &Scenario,
        labels: &mut Labels,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Services, ServicesError> {
        let calibration = calibrate();
        let scratch = Scratch::new(scenario, cancelled)?;
        let database = Database::create(scenario, scratch.path(), cancelled)?;
        raise_file_limit();
        let http = HttpService::start(scenario.http, scenario.seed).map_err(ServicesError::Http)?;
        Ok(Services::assemble(
            scenario,
            labels,
            calibration,
            http,
            scratch,
            database,
        ))
    }

    /// The services of a worker process, which runs tasks for another process. Calibration,
    /// loopback service and scratch folder belong to that process; the worker neither stops nor
    /// removes them.
    pub fn for_worker(
        calibration: Calibration,
        http: SocketAddr,
        scratch: PathBuf,
        scenario: &Scenario,
        labels: &mut Labels,
    ) -> Services {
        raise_file_limit();
        let database = Database::new(&scratch, scenario.db);
        let http = HttpService::remote(http, scenario.seed);
        let scratch = Scratch::borrowed(scratch);
        Services::assemble(scenario, labels, calibration, http, scratch, database)
    }

    fn assemble(
        scenario: &Scenario,
        labels: &mut Labels,
        calibration: Calibration,
        http: HttpService,
        scratch: Scratch,
        database: Database,
    ) -> Services {
        let shared = Shared::new(scenario, labels);
        Services {
            calibration,
            stop: Stop::closing(shared.wait_places()),
            live_tasks: Arc::default(),
            detached_spawner: OnceLock::new(),
            spawn_limit: SpawnLimit::default(),
            error_throttle: ErrorThrottle::default(),
            shared,
            http,
            initial_http: scenario.http,
            scratch,
            database,
        }
    }

    /// The rate between work and time.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The flag that ends computations and waits.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// The tasks that have not ended.
    pub fn live_tasks(&self) -> &Arc<LiveTasks> {
        &self.live_tasks
    }

    /// How many tasks steps have spawned.
    #[cfg(test)]
    pub(super) fn spawn_limit(&self) -> &SpawnLimit {
        &self.spawn_limit
    }

    /// Counts `more` tasks that `task` is about to spawn. If they are too many, none is counted,
    /// and the log says so.
    ///
    /// # Errors
    /// When they are too many.
    pub(super) fn reserve_spawns(&self, task: &TaskHandle, more: usize) -> Result<(), SpawnLimitReached> {
        let reserved = self.spawn_limit.reserve(more);
        if let Err(error) = reserved {
            self.error_throttle.report(task, ErrorKind::SpawnLimit, error);
        }
        reserved
    }

    /// Logs errors that many tasks may share.
    pub(super) fn error_throttle(&self) -> &ErrorThrottle {
        &self.error_throttle
    }

    /// How full each channel is: its name, the items in it, and its capacity.
    pub fn channels(&self) -> impl Iterator<Item = (Label, u32, u32)> {
        let fill = |channel: &Channel| (channel.label(), channel.len(), channel.capacity());
        self.shared.channels.iter().map(fill)
    }

    /// Locks, semaphores and channels.
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Detached tasks, which another task spawns on a thread and does not wait for, go to `spawner`
    /// from now on. Only the first call of this method has an effect: there is one executor.
    pub fn set_detached_spawner(&self, spawner: Weak<dyn DetachedSpawner>) {
        let _ = self.detached_spawner.set(spawner);
    }

    /// Runs a task that another task has spawned on a thread and does not wait for: on the executor
    /// if it takes detached tasks, otherwise on a thread of its own.
    pub(super) fn spawn_detached(&self, task: TaskCtx) {
        match self.detached_spawner.get().map(Weak::upgrade) {
            Some(Some(spawner)) => spawner.spawn_detached(task),
            // The executor is gone, because the run is over. Dropping the task cancels it, like the
            // tasks in its queue.
            Some(None) => drop(task),
            None => task.run_on_thread(),
        }
    }

    /// The loopback service.
    pub fn http(&self) -> &HttpService {
        &self.http
    }

    /// Makes the loopback service behave as the scenario wants it, after a cue has changed that.
    pub fn reset_http(&self) {
        self.http
            .set_behaviour(Some(self.initial_http.latency), Some(self.initial_http.failure_rate));
    }

    /// The scratch folder.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// The database in the scratch folder.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Raises the stop flag, stops the loopback service and removes the scratch folder. Steps of
    /// tasks that still run then fail to use them.
    ///
    /// # Errors
    /// When something in the scratch folder cannot be removed.
    pub fn shut_down(&self) -> io::Result<()> {
        self.stop.request();
        self.http.stop();
        self.scratch.remove()
    }
}

/// A thread executor that runs detached tasks: tasks that another task spawns and does not wait
/// for.
pub trait DetachedSpawner: Send + Sync {
    /// Runs a task when its turn comes, after the tasks that are queued already. Never waits for
    /// the task.
    fn spawn_detached(self: Arc<Self>, task: TaskCtx);
}

/// Raises this process's own limit of open files to the hard limit, which every user may do.
///
/// Each task that uses HTTP needs two descriptors, its own end of the connection and the service's;
/// common limits are 1024.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // If the system refuses, connections beyond the limit fail, and their repetitions say so.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}
