//! One run of one scenario, from start to stop, as its two front ends (the screen and the headless report) see it.
//!
//! ```text
//!   front end's thread          conductor's thread              the executor's threads
//!   Run::batch  ◄── rings ◄──────────────────────────────────── tasks
//!   Run::stop   ───────────►  arrivals, cues, the end  ───────►  spawn, stop
//! ```
//!
//! The conductor is a thread of its own, outside the executor, so that arrivals and cues come when they should whatever the executor suffers: the load is open.

mod conductor;
mod log_messages;
mod schedule;
mod timeline;

use crate::executor::processes::{RemoteRecords, WorkerCommand};
use crate::executor::{self, Setup};
use crate::model::{CueInfo, RunInfo};
use crate::probe::{self, Collector, Log, Registry, Watch};
use crate::record::{Batch, ChannelSample, Definition, LaneId, Nanos, Resources, Sample};
use crate::scenario::Scenario;
use crate::workload::{Calibration, Labels, Services, StartError, compile};
use conductor::{Command, Conductor};
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Records that wait for a batch no longer: some 3 ms of a model's work.
pub const MANY: usize = 10_000;

/// Time between two looks at the channels.
const CHANNELS: Nanos = Nanos::from_millis(100);

/// Where a front end's batches come from, and whom it tells what the presenter wants.
///
/// A live run is one; so is whatever else can replay records.
pub trait Source {
    /// Empties the rings into memory, and tells how many records wait there for the next batch. Cheap: to be called every few
    /// milliseconds, for a ring fills in no more. From [`MANY`] on it is time for a batch: while a greater one is taken in, the
    /// rings would overflow.
    fn drain(&mut self) -> usize;
    /// Everything recorded since the call before. Never waits.
    fn batch(&mut self) -> Batch;
    /// Whether anything is still to come.
    fn state(&self) -> RunState;
    /// Injects one synchronous block of this length into the runtime, now.
    fn inject_block(&mut self, lasts: Duration);
    /// Goes on to the next cue of the scenario's timeline, if one is to come.
    fn next_cue(&mut self);
    /// Asks the run to stop. Returns at once; [`Source::state`] tells when it has.
    fn stop(&mut self);
}

/// How far a run is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunState {
    /// Tasks run, or may still arrive.
    Running,
    /// The same, but the scenario's timeline stands until [`Source::next_cue`].
    Waiting,
    /// It was asked to stop, or its time is up; blocking work is given a second.
    Stopping,
    /// Nothing more will be recorded.
    Ended {
        /// What could not be stopped or removed, or that no worker process was left, in a sentence; `None`: it ended as it should.
        left: Option<String>,
    },
}

/// How far the conductor is.
#[derive(Default)]
struct Progress {
    stage: AtomicU8,
    /// What went wrong at the end, in words that may stand in one sentence.
    left: Mutex<Vec<String>>,
}

impl Progress {
    const RUNNING: u8 = 0;
    const WAITING: u8 = 1;
    const STOPPING: u8 = 2;
    const STOPPED: u8 = 3;

    fn set(&self, to: u8) {
        self.stage.store(to, Ordering::Release);
    }

    fn get(&self) -> u8 {
        self.stage.load(Ordering::Acquire)
    }

    fn leave(&self, words: String) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).push(words);
    }
}

/// How a run is shown, as far as the run must know.
#[derive(Default)]
pub struct Settings {
    /// Where `tracing` events arrive, if this process makes lines of them.
    pub log: Option<Log>,
    /// The timeline waits at each cue until [`Source::next_cue`]; only what is said at the very beginning does not wait.
    pub presented: bool,
    /// How a worker process is started; `None`: as this program is.
    pub worker: Option<WorkerCommand>,
}

/// A run under way.
pub struct Run {
    collector: Collector,
    watch: Option<Watch>,
    elsewhere: Option<RemoteRecords>,
    commands: Sender<Command>,
    progress: Arc<Progress>,
    /// Set when the last batch has been handed out.
    ended: Option<RunState>,
    lanes: HashMap<LaneId, String>,
    services: Arc<Services>,
    /// When the channels were looked at last.
    channels_at: Option<Nanos>,
    /// What the process had used before the first task arrived.
    used_before: Resources,
    interference: Option<Interference>,
    info: RunInfo,
}

/// What somebody outside did to a run, which so is no longer all the scenario's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Interference {
    /// Injected a block, or moved the timeline.
    ByHand,
    /// Ended it before its end.
    CutShort,
}

impl Run {
    /// Starts everything: calibrates, starts the services and the executor, and lets the first tasks arrive.
    ///
    /// The event log keeps what the scenario says, if it says anything. `cancelled` is asked while files are made and worker
    /// processes get ready, which may take seconds; once it says yes, everything is taken back.
    ///
    /// # Errors
    /// When the machine does not grant what the run needs, or `cancelled` says yes.
    pub fn start(scenario: &Scenario, settings: Settings, cancelled: &dyn Fn() -> bool) -> Result<Run, RunError> {
        let (filter, lines) = settings.log.map(|log| (log.filter, log.lines)).unzip();
        if let (Some(filter), Some(level)) = (&filter, scenario.log) {
            filter.keep(level.into());
        }
        let mut labels = Labels::new();
        let services = Arc::new(Services::start(scenario, &mut labels, cancelled)?);
        let programs = compile(scenario, &mut labels);
        let threads = scenario.executor.threads();
        let registry = Registry::new();
        registry.define(labels.definitions());
        let groups: Vec<_> = scenario
            .tasks
            .iter()
            .map(|task| registry.group_named(&task.name))
            .collect();
        let (commands, inbox) = channel();
        let nobody = commands.clone();
        // A conductor that is over needs no telling.
        services
            .alive()
            .when_none_left(move || drop(nobody.send(Command::NobodyLeft)));
        let started = executor::start(&Setup {
            spec: &scenario.executor,
            scenario,
            labels: &labels,
            worker: settings.worker.as_ref(),
            registry: &registry,
            services: &services,
            groups: &groups,
            cancelled,
        })
        .map_err(RunError::Executor)?;
        registry.start();
        let used_before = probe::usage();
        let progress = Arc::new(Progress::default());
        let conductor = Conductor {
            registry: registry.clone(),
            services: services.clone(),
            executor: started.executor,
            inbox,
            progress: progress.clone(),
            programs: programs.into_iter().zip(groups).collect(),
            labels,
            injected: None,
            log: filter,
            presented: settings.presented,
        };
        let plan = scenario.clone();
        thread::Builder::new()
            .name("tasklab-conductor".into())
            .spawn(move || conductor.conduct(&plan))
            .map_err(|error| RunError::Executor(executor::StartError::Threads(1, error)))?;
        Ok(Run {
            collector: Collector::new(registry, lines),
            watch: started.watch,
            elsewhere: started.elsewhere,
            commands,
            progress,
            ended: None,
            lanes: HashMap::new(),
            services,
            channels_at: None,
            used_before,
            interference: settings.presented.then_some(Interference::ByHand),
            info: info(scenario, threads),
        })
    }

    /// What a model must know before the first batch.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// The rate between work and time that this run uses.
    pub fn calibration(&self) -> &Calibration {
        self.services.calibration()
    }

    /// What this process has used since the first task could arrive, what watches the run included, and its worker processes with
    /// it. Ask once the run has ended for the whole of it.
    pub fn resources(&self) -> Resources {
        let mut used = probe::usage() - self.used_before;
        if let Some(elsewhere) = &self.elsewhere {
            used += elsewhere.used();
        }
        used
    }

    /// What somebody outside has done to the run so far, the gravest of it.
    pub fn interference(&self) -> Option<Interference> {
        self.interference
    }

    /// Notes what somebody does to the run while it goes on.
    fn interfere(&mut self, how: Interference) {
        if matches!(self.state(), RunState::Running | RunState::Waiting) {
            self.interference = self.interference.max(Some(how));
        }
    }

    /// No worker process is left, though the run is not over, or was not: it cannot do what it was asked to.
    pub fn is_deserted(&self) -> bool {
        self.elsewhere.as_ref().is_some_and(RemoteRecords::is_deserted)
    }

    /// The folder that file steps use, until the run has ended.
    pub fn scratch(&self) -> &Path {
        self.services.scratch().path()
    }

    /// What is left behind: what still holds a lane in the last batch, and what the conductor could not do, in a sentence. Or that
    /// no worker process was left to do anything: such a run has not done what it was asked to, either.
    fn left(&self, last: &Batch) -> Option<String> {
        let mut busy: Vec<_> = last
            .live
            .lanes
            .iter()
            .filter_map(|current| self.lanes.get(&current.lane).map(String::as_str))
            .collect();
        busy.sort_unstable();
        let threads = match busy.len() {
            0 => None,
            1 => Some("a thread that could not be stopped"),
            _ => Some("threads that could not be stopped"),
        };
        let threads = threads.map(|threads| format!("left behind {threads}: {}", busy.join(", ")));
        let rest = std::mem::take(&mut *self.progress.left.lock().unwrap_or_else(PoisonError::into_inner));
        let deserted = self.is_deserted().then(|| "no worker process was left".to_owned());
        let all: Vec<_> = threads.into_iter().chain(deserted).chain(rest).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn info(scenario: &Scenario, workers: usize) -> RunInfo {
    RunInfo {
        title: scenario.title.clone(),
        about: scenario.about.clone(),
        executor: scenario.executor.kind.word().to_owned(),
        workers,
        async_executor: scenario.executor.kind.traits().is_async,
        lifo_slot: scenario.executor.has_lifo_slot(),
        duration: scenario.duration.map(Into::into),
        seed: scenario.seed,
        cues: scenario
            .cues
            .iter()
            .map(|cue| CueInfo {
                at: cue.at.into(),
                say: cue.say.clone(),
                asks: cue.asks,
            })
            .collect(),
    }
}

impl Source for Run {
    fn drain(&mut self) -> usize {
        let elsewhere = self.elsewhere.as_mut().map_or(0, RemoteRecords::drain);
        elsewhere + self.collector.drain()
    }

    fn batch(&mut self) -> Batch {
        // Looked at before the rings: then everything is in this batch.
        let last = self.progress.get() == Progress::STOPPED && self.ended.is_none();
        if let Some(elsewhere) = &mut self.elsewhere {
            elsewhere.drain();
        }
        let mut batch = self.collector.batch();
        if let Some(elsewhere) = &mut self.elsewhere {
            elsewhere.merge(&mut batch);
        }
        if let Some(watch) = &mut self.watch
            && self.ended.is_none()
        {
            batch.samples.extend(watch.sample(batch.now, last));
        }
        if self.channels_at.is_none_or(|at| batch.now - at >= CHANNELS) {
            self.channels_at = Some(batch.now);
            let at = batch.now;
            batch
                .samples
                .extend(self.services.channels().map(|(label, len, capacity)| {
                    Sample::Channel(ChannelSample {
                        at,
                        label,
                        len,
                        capacity,
                    })
                }));
        }
        for definition in &batch.definitions {
            if let Definition::Lane { id, name, .. } = definition {
                self.lanes.insert(*id, name.clone());
            }
        }
        if last {
            self.ended = Some(RunState::Ended {
                left: self.left(&batch),
            });
        }
        batch
    }

    fn state(&self) -> RunState {
        match (&self.ended, self.progress.get()) {
            (Some(ended), _) => ended.clone(),
            (None, Progress::RUNNING) => RunState::Running,
            (None, Progress::WAITING) => RunState::Waiting,
            (None, _) => RunState::Stopping,
        }
    }

    fn inject_block(&mut self, lasts: Duration) {
        self.interfere(Interference::ByHand);
        // A conductor that is over cannot be asked any more, nor need it.
        let _ = self.commands.send(Command::Block(lasts));
    }

    fn next_cue(&mut self) {
        self.interfere(Interference::ByHand);
        let _ = self.commands.send(Command::Next);
    }

    fn stop(&mut self) {
        self.interfere(Interference::CutShort);
        let _ = self.commands.send(Command::Stop);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // Whoever leaves early (an error, a panic of the screen) leaves neither tasks nor files behind.
            self.stop();
            let _ = self.services.shut_down();
        }
    }
}

/// Why a run cannot start.
#[derive(Debug)]
pub enum RunError {
    /// The services cannot.
    Services(StartError),
    /// The executor cannot.
    Executor(executor::StartError),
}

impl From<StartError> for RunError {
    fn from(error: StartError) -> RunError {
        RunError::Services(error)
    }
}

impl RunError {
    /// Whether it is because somebody no longer wanted the run.
    pub fn is_cancelled(&self) -> bool {
        use executor::StartError::Cancelled;
        matches!(
            self,
            RunError::Services(StartError::Cancelled) | RunError::Executor(Cancelled)
        )
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Services(error) => error.fmt(f),
            RunError::Executor(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RunError::Services(error) => error.source(),
            RunError::Executor(error) => error.source(),
        }
    }
}
