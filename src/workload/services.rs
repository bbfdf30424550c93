//! What all tasks of a run share.

use super::alive::Alive;
use super::calibrate::Calibration;
use super::children::SpawnLimit;
use super::db::Database;
use super::error_throttle::ErrorThrottle;
use super::files::Scratch;
use super::http::HttpService;
use super::label::Labels;
use super::shared::{Channel, Shared};
use super::stop::Stop;
use super::task::TaskCtx;
use crate::record::Label;
use crate::scenario::{HttpSpec, Scenario};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};

/// The rate between work and time, the loopback service, the scratch folder, and the flag that ends it all.
pub struct Services {
    calibration: Calibration,
    stop: Stop,
    alive: Arc<Alive>,
    intake: OnceLock<Weak<dyn Intake>>,
    made: SpawnLimit,
    troubles: ErrorThrottle,
    shared: Shared,
    http: HttpService,
    /// How the scenario wants the service to behave.
    http_at_first: HttpSpec,
    scratch: Scratch,
    database: Database,
}

impl Services {
    /// Calibrates, then starts the service and makes the scratch folder with the files that the scenario reads. Takes some
    /// 40 ms, nearly all of them for the calibration, which wants the machine idle: so call it before any task runs. Channels get
    /// their labels. Large files take longer: `cancelled` is asked between their pieces, and once it says yes, nothing is left of them.
    ///
    /// # Errors
    /// [`StartError`], when the machine does not grant what a run needs, or `cancelled` says yes.
    pub fn start(
        scenario: &Scenario,
        labels: &mut Labels,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Services, StartError> {
        let calibration = Calibration::measure();
        let scratch = Scratch::new(scenario, cancelled)?;
        let database = Database::create(scenario, scratch.path(), cancelled)?;
        raise_open_files();
        let http = HttpService::start(scenario.http, scenario.seed).map_err(StartError::Http)?;
        Ok(Services::of(scenario, labels, calibration, http, scratch, database))
    }

    /// What a process uses that runs tasks for another one: the other's calibration, service and scratch folder, none of which it
    /// ends or removes.
    pub fn lent(
        calibration: Calibration,
        http: SocketAddr,
        scratch: PathBuf,
        scenario: &Scenario,
        labels: &mut Labels,
    ) -> Services {
        raise_open_files();
        let database = Database::new(&scratch, scenario.db);
        let http = HttpService::elsewhere(http, scenario.seed);
        Services::of(scenario, labels, calibration, http, Scratch::lent(scratch), database)
    }

    fn of(
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
            stop: Stop::closing(shared.gates()),
            alive: Arc::default(),
            intake: OnceLock::new(),
            made: SpawnLimit::default(),
            troubles: ErrorThrottle::default(),
            shared,
            http,
            http_at_first: scenario.http,
            scratch,
            database,
        }
    }

    /// The rate between work and time.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The flag that ends computations.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Knows when no task is left.
    pub fn alive(&self) -> &Arc<Alive> {
        &self.alive
    }

    /// How many tasks steps have made.
    pub(super) fn made(&self) -> &SpawnLimit {
        &self.made
    }

    /// What tasks lacked.
    pub(super) fn error_throttle(&self) -> &ErrorThrottle {
        &self.troubles
    }

    /// How full each channel is: its name, what is in it, and what fits.
    pub fn channels(&self) -> impl Iterator<Item = (Label, u32, u32)> {
        let fill = |channel: &Channel| (channel.label(), channel.len(), channel.capacity());
        self.shared.channels.iter().map(fill)
    }

    /// Locks, semaphores, channels.
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// From now on tasks that other tasks spawn, and do not wait for, go here. Only the first call of this counts: there is
    /// one executor.
    pub fn set_intake(&self, intake: Weak<dyn Intake>) {
        let _ = self.intake.set(intake);
    }

    /// Has a task run that a task on a thread has spawned and does not wait for: by the executor, or on a thread of its own.
    pub(super) fn take_in(&self, task: TaskCtx) {
        match self.intake.get().map(Weak::upgrade) {
            Some(Some(intake)) => intake.take(task),
            // The executor is gone, and the run over: the task is cancelled, as those that queue are.
            Some(None) => drop(task),
            None => task.run_on_thread(),
        }
    }

    /// The loopback service.
    pub fn http(&self) -> &HttpService {
        &self.http
    }

    /// Gives the loopback service its first behaviour back.
    pub fn calm_http(&self) {
        self.http
            .set(Some(self.http_at_first.latency), Some(self.http_at_first.failure_rate));
    }

    /// The scratch folder.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// The database in the scratch folder.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Raises the flag, stops the service and removes the scratch folder. Tasks that are still at work find both gone.
    ///
    /// # Errors
    /// When something in the scratch folder cannot be removed.
    pub fn shut_down(&self) -> io::Result<()> {
        self.stop.request();
        self.http.stop();
        self.scratch.remove()
    }
}

/// Where a thread executor takes in the tasks that other tasks spawn and do not wait for.
pub trait Intake: Send + Sync {
    /// Runs a task when its turn comes, behind those that wait already. Never waits for it.
    fn take(self: Arc<Self>, task: TaskCtx);
}

/// Each task that uses HTTP needs two descriptors, its own end and the service's. Common limits are 1024; raising one's
/// own up to the hard limit is allowed to everybody.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // If it is refused, connections beyond the limit fail, and their repetitions say so.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}

/// Why a run cannot start.
#[derive(Debug)]
pub enum StartError {
    /// Files cannot be made in this folder, or the folder itself.
    Scratch(PathBuf, io::Error),
    /// The loopback service cannot listen.
    Http(io::Error),
    /// Somebody no longer wants it to.
    Cancelled,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Scratch(path, _) => write!(
                f,
                "cannot make scratch files in {} (TMPDIR says where else)",
                path.display()
            ),
            StartError::Http(_) => f.write_str("the loopback HTTP service cannot listen on 127.0.0.1"),
            StartError::Cancelled => f.write_str("the run was cancelled before it began"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Scratch(_, error) | StartError::Http(error) => Some(error),
            StartError::Cancelled => None,
        }
    }
}
