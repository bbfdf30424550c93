//! The services that all tasks of a run share.

use super::calibrate::calibrate;
use super::db::Database;
use super::error_throttle::{ErrorKind, ErrorThrottle};
use super::files::Scratch;
use super::http::HttpService;
use super::labels::Labels;
use super::live_tasks::LiveTasks;
use super::services_error::ServicesError;
use super::shared::{Channel, Fill, Results, Shared};
use super::spawn_limit::{SpawnLimit, SpawnLimitReached};
use super::stop::Stop;
use super::task::TaskCtx;
use crate::probe::TaskHandle;
use crate::record::Calibration;
use crate::scenario::{HttpSpec, Scenario};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};

/// Everything that the tasks of a run share: the calibration, the loopback service, the scratch
/// folder with the database, and all locks, semaphores and channels. The services also include the
/// counters of tasks and errors, and the flag that ends all computations.
pub struct Services {
    calibration: Calibration,
    stop: Stop,
    live_tasks: Arc<LiveTasks>,
    detached_spawner: OnceLock<Weak<dyn DetachedSpawner>>,
    spawn_limit: SpawnLimit,
    error_throttle: ErrorThrottle,
    shared: Shared,
    http: HttpService,
    /// The behaviour of the loopback service at the start of the run, from the scenario.
    initial_http: HttpSpec,
    scratch: Scratch,
    database: Database,
}

impl Services {
    /// Calibrates, starts the loopback service, and creates the scratch folder with the files that
    /// the scenario reads. Adds the names of channels to `labels`.
    ///
    /// This function usually takes about 40 ms, nearly all of it for the calibration. The
    /// calibration needs an idle machine, so call this function before any task runs. Large files
    /// take longer. This function calls `cancelled` between the chunks of a large file. If
    /// `cancelled` returns true, this function removes everything that it has created.
    ///
    /// # Errors
    /// Returns an error if the machine refuses something that the run needs, or if `cancelled`
    /// returns true.
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

    /// The services of a worker process, which runs tasks for its parent process. The calibration,
    /// the loopback service and the scratch folder belong to the parent. The worker does not stop
    /// the service and does not remove the folder.
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

    /// The calibration: how much work an idle core does in a millisecond.
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

    /// The number of tasks that steps have spawned, and its maximum.
    #[cfg(test)]
    pub(super) fn spawn_limit(&self) -> &SpawnLimit {
        &self.spawn_limit
    }

    /// Counts `more` tasks that `task` is about to spawn. If the total would exceed the limit,
    /// counts none of them and logs an error.
    ///
    /// # Errors
    /// Returns an error if the total would exceed the limit.
    pub(super) fn reserve_spawns(&self, task: &TaskHandle, more: usize) -> Result<(), SpawnLimitReached> {
        let reserved = self.spawn_limit.reserve(more);
        if let Err(error) = reserved {
            self.error_throttle.report(task, ErrorKind::SpawnLimit, error);
        }
        reserved
    }

    /// Logs errors that can occur in many tasks at once.
    pub(super) fn error_throttle(&self) -> &ErrorThrottle {
        &self.error_throttle
    }

    /// Returns how full each channel is, and how many results each group keeps. A `watch` channel
    /// is left out, because it has no queue.
    pub fn channels(&self) -> impl Iterator<Item = Fill> {
        let channels = self.shared.channels.iter().filter_map(Channel::fill);
        channels.chain(self.shared.results.iter().map(Results::fill))
    }

    /// Locks, semaphores and channels.
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Sets the spawner for detached tasks whose parents run on threads. A task is detached if its
    /// parent does not wait for it. Only the first call of this method has an effect, because a run
    /// has one executor.
    pub fn set_detached_spawner(&self, spawner: Weak<dyn DetachedSpawner>) {
        let _ = self.detached_spawner.set(spawner);
    }

    /// Runs a detached task whose parent runs on a thread. The executor runs the task if it accepts
    /// detached tasks. Otherwise, the task gets its own thread.
    pub(super) fn spawn_detached(&self, task: TaskCtx) {
        match self.detached_spawner.get().map(Weak::upgrade) {
            Some(Some(spawner)) => spawner.spawn_detached(task),
            // The executor has been dropped, because the run is over. Dropping the task cancels it.
            // The executor's queued tasks are cancelled in the same way.
            Some(None) => drop(task),
            None => task.run_on_thread(),
        }
    }

    /// The loopback service.
    pub fn http(&self) -> &HttpService {
        &self.http
    }

    /// Restores the initial behaviour of the loopback service, as the scenario defines it. A cue
    /// may have changed this behaviour.
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

    /// Raises the stop flag, stops the loopback service and removes the scratch folder. If a task
    /// still runs, its later requests and file operations fail.
    ///
    /// # Errors
    /// Returns an error if something in the scratch folder cannot be removed.
    pub fn shut_down(&self) -> io::Result<()> {
        self.stop.request(crate::probe::now());
        self.http.stop();
        self.scratch.remove()
    }
}

/// A thread executor that runs detached tasks. A task is detached if its parent does not wait for
/// it.
pub trait DetachedSpawner: Send + Sync {
    /// Queues a task behind the tasks that are already queued, and returns immediately.
    fn spawn_detached(self: Arc<Self>, task: TaskCtx);
}

/// Raises this process's soft limit on open files to the hard limit. Every user is allowed to raise
/// this limit.
///
/// Each task that uses HTTP needs two descriptors: one for the task's end of the connection, and
/// one for the service's end. A common soft limit is 1024.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // If the system refuses the new limit, connections beyond the old limit fail. The repetitions
    // that need these connections fail too.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}
