//! One run of one scenario, from start to stop. Two front ends use this module: the screen and the
//! headless report.
//!
//! ```text
//!   front end's thread          conductor's thread              the executor's threads
//!   Run::batch  ◄── rings ◄──────────────────────────────────── tasks
//!   Run::stop   ───────────►  arrivals, cues, the end  ───────►  spawn, stop
//! ```
//!
//! The conductor has its own thread outside the executor. So arrivals and cues keep their schedule
//! even when the executor is late. Such a load is called an open load.

mod actions;
mod conductor;
mod deadlock_log;
mod error;
mod injection;
mod progress;
mod schedule;
mod source;
mod timeline;

pub use deadlock_log::DeadlockLog;
pub use error::RunError;
pub use source::{RunState, Source};

use crate::executor::processes::{RemoteRecords, WorkerCommand};
use crate::executor::{self, Setup};
use crate::model::{CueInfo, PoolInfo, RunInfo};
use crate::probe::{self, Collector, Log, Registry, RuntimeSampler};
use crate::record::{
    Batch, Calibration, ChannelSample, Definition, LaneId, LaneKind, Nanos, RunInstant, Sample, Usage,
};
use crate::scenario::{ExecutorKind, Scenario, Step};
use crate::workload::{Labels, Services, compile, resources};
use conductor::{Command, Conductor};
use progress::Progress;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// Time between two samples of the channels.
const CHANNEL_INTERVAL: Nanos = Nanos::from_millis(100);

/// Settings of a run that are not part of the scenario.
#[derive(Default)]
pub struct Settings {
    /// The receiver of `tracing` events, if this process shows an event log.
    pub log: Option<Log>,
    /// Whether the timeline waits at each cue for a call of [`Source::next_cue`]. The timeline does
    /// not wait at a cue at the very beginning.
    pub presented: bool,
    /// The command that starts a worker process. `None` starts this program again.
    pub worker: Option<WorkerCommand>,
}

/// A run in progress.
pub struct Run {
    registry: Arc<Registry>,
    collector: Collector,
    watch: Option<RuntimeSampler>,
    remote: Option<RemoteRecords>,
    commands: Sender<Command>,
    progress: Arc<Progress>,
    /// The final state, which is set when the last batch has been returned.
    ended: Option<RunState>,
    lane_names: HashMap<LaneId, String>,
    services: Arc<Services>,
    /// The instant of the last channel sample.
    channels_at: Option<RunInstant>,
    /// The resources of the machine that the process had used before the first task arrived.
    used_before: Usage,
    interference: Option<Interference>,
    /// Whether the run was stopped because the ids for tasks are used up.
    is_out_of_ids: bool,
    info: RunInfo,
}

/// How a presenter or a signal changed a run. Such a run does not show what the scenario alone
/// would show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Interference {
    /// Someone injected a block or moved the timeline.
    ByHand,
    /// Someone stopped the run early.
    CutShort,
}

impl Run {
    /// Starts a run: calibrates, starts the services and the executor, and lets the first tasks
    /// arrive.
    ///
    /// If the scenario sets a log level, the event log uses this level. `cancelled` is called again
    /// and again while files are created and worker processes start. This may take seconds. If
    /// `cancelled` returns `true`, everything that was started is stopped and removed.
    ///
    /// # Errors
    /// Returns a [`RunError`] if the machine refuses something that the run needs, or if
    /// `cancelled` returned `true`.
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
        notify_when_idle(&services, commands.clone());
        let started = executor::start(&Setup {
            spec: &scenario.executor,
            scenario,
            labels: &labels,
            worker: settings.worker.as_ref(),
            registry: &registry,
            services: &services,
            groups: &groups,
            cancelled,
        })?;
        registry.start();
        let used_before = probe::usage();
        let progress = Arc::new(Progress::default());
        Conductor {
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
        }
        .start(scenario.clone())?;
        Ok(Run {
            collector: Collector::new(registry.clone(), lines),
            registry,
            watch: started.watch,
            remote: started.remote,
            commands,
            progress,
            ended: None,
            lane_names: HashMap::new(),
            services,
            channels_at: None,
            used_before,
            interference: settings.presented.then_some(Interference::ByHand),
            is_out_of_ids: false,
            info: info(scenario, threads),
        })
    }

    /// The information that a model needs before the first batch.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// The calibration of `cpu` work that this run uses.
    pub fn calibration(&self) -> &Calibration {
        self.services.calibration()
    }

    /// The resources of the machine that this process and its worker processes have used since the
    /// first task could arrive. The monitor is included. The result is complete only after the run
    /// has ended.
    pub fn usage(&self) -> Usage {
        let mut used = probe::usage() - self.used_before;
        if let Some(remote) = &self.remote {
            used += remote.used();
        }
        used
    }

    /// Asks the run to stop because none of its tasks can ever continue. Unlike
    /// [`stop`](Source::stop), this does not count as an interference: the run could not have ended
    /// otherwise.
    pub fn end_without_progress(&mut self) {
        let _ = self.commands.send(Command::Stop);
    }

    /// The most severe interference so far.
    pub fn interference(&self) -> Option<Interference> {
        self.interference
    }

    /// Remembers an interference, unless the run is over.
    fn interfere(&mut self, how: Interference) {
        if matches!(self.state(), RunState::Running | RunState::Waiting) {
            self.interference = self.interference.max(Some(how));
        }
    }

    /// Whether every worker process died before the end of the run. Then the run has failed.
    pub fn all_workers_died(&self) -> bool {
        self.remote.as_ref().is_some_and(RemoteRecords::all_dead)
    }

    /// The scratch folder of file steps. The folder exists until the run has ended.
    pub fn scratch(&self) -> &Path {
        self.services.scratch().path()
    }

    /// One sentence about the problems at the end of the run: threads that still run a task in the
    /// last batch, problems of the conductor, and the death of all worker processes.
    fn left_behind(&self, last: &Batch) -> Option<String> {
        let mut busy: Vec<_> = last
            .live
            .lanes
            .iter()
            .filter_map(|current| self.lane_names.get(&current.lane).map(String::as_str))
            .collect();
        busy.sort_unstable();
        let threads = match busy.len() {
            0 => None,
            1 => Some("a thread that could not be stopped"),
            _ => Some("threads that could not be stopped"),
        };
        let threads = threads.map(|threads| format!("left behind {threads}: {}", busy.join(", ")));
        let workers = self.all_workers_died().then(|| "no worker process was left".to_owned());
        let all: Vec<_> = threads
            .into_iter()
            .chain(workers)
            .chain(self.progress.take_problems())
            .collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// Sends a command to the conductor when the last task has ended. If the conductor has already
/// ended, the command is dropped.
fn notify_when_idle(services: &Services, commands: Sender<Command>) {
    let live_tasks = services.live_tasks();
    live_tasks.on_none_left(move || drop(commands.send(Command::NoTaskLeft)));
}

/// The number of threads of tokio's blocking pool, if the scenario does not set it (tokio 1.54:
/// `Builder::new`).
const MAX_BLOCKING_THREADS: usize = 512;

/// The threads that the jobs of a run share.
fn pool(scenario: &Scenario) -> Option<PoolInfo> {
    let spec = &scenario.executor;
    let (name, lanes, threads) = match spec.kind {
        ExecutorKind::Tokio | ExecutorKind::CurrentThread => {
            let threads = spec.knobs.max_blocking_threads.unwrap_or(MAX_BLOCKING_THREADS);
            ("blocking threads", LaneKind::Blocking, threads)
        }
        ExecutorKind::Pool => ("pool threads", LaneKind::Pool, spec.threads()),
        ExecutorKind::Threads | ExecutorKind::Processes => return None,
    };
    Some(PoolInfo {
        name,
        lanes,
        threads: u32::try_from(threads).unwrap_or(u32::MAX),
    })
}

fn has_in_place_steps(scenario: &Scenario) -> bool {
    let mut found = false;
    for step in scenario.tasks.iter().flat_map(|task| &task.steps) {
        step.visit(&mut |step| found |= matches!(step, Step::InPlace(_)));
    }
    found
}

fn info(scenario: &Scenario, workers: usize) -> RunInfo {
    RunInfo {
        title: scenario.title.clone(),
        about: scenario.about.clone(),
        executor: scenario.executor.kind.into_str().to_owned(),
        workers,
        async_executor: scenario.executor.kind.traits().is_async,
        lifo_slot: scenario.executor.has_lifo_slot(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        replaces_blocked_workers: scenario.executor.kind.traits().is_async && has_in_place_steps(scenario),
        duration: scenario.duration.map(Into::into),
        seed: scenario.seed,
        resources: resources(scenario),
        pool: pool(scenario),
        cues: scenario
            .cues
            .iter()
            .map(|cue| CueInfo {
                at: RunInstant::ZERO + cue.at.into(),
                caption: cue.say.clone(),
                is_question: cue.asks,
            })
            .collect(),
    }
}

impl Source for Run {
    fn drain(&mut self) -> usize {
        let remote = self.remote.as_mut().map_or(0, RemoteRecords::drain);
        remote + self.collector.drain()
    }

    fn batch(&mut self) -> Batch {
        // Check the stage before the drain. If the conductor has already stopped, this batch has
        // all records.
        let last = self.progress.get() == Progress::STOPPED && self.ended.is_none();
        // This flag must also be read before the drain: if no task can arrive any more, this batch
        // has the spawns of all tasks that have arrived.
        let arrivals_over = self.progress.arrivals_over();
        if let Some(remote) = &mut self.remote {
            remote.drain();
        }
        let mut batch = match last {
            true => self.collector.last_batch(),
            false => self.collector.batch(),
        };
        batch.arrivals_over = arrivals_over;
        batch.arrival_windows = self.progress.take_arrival_windows();
        if self.collector.is_out_of_ids() && !self.is_out_of_ids {
            self.is_out_of_ids = true;
            let problem = "stopped early: tasklab cannot tell more than two billion tasks apart";
            self.progress.add_problem(problem.to_owned());
            self.stop();
        }
        if let Some(remote) = &mut self.remote {
            remote.merge(&mut batch);
        }
        if let Some(watch) = &mut self.watch
            && self.ended.is_none()
        {
            batch.samples.extend(watch.sample(batch.now, last));
        }
        if self.channels_at.is_none_or(|at| batch.now - at >= CHANNEL_INTERVAL) {
            self.channels_at = Some(batch.now);
            let at = batch.now;
            batch.samples.extend(self.services.channels().map(|fill| {
                Sample::Channel(ChannelSample {
                    at,
                    label: fill.label,
                    len: fill.len,
                    item_bytes: fill.item_bytes,
                    capacity: fill.capacity,
                    oldest: fill.oldest.map(|sent| self.registry.run_start().to_run(sent)),
                })
            }));
        }
        for definition in &batch.definitions {
            if let Definition::Lane { id, name, .. } = definition {
                self.lane_names.insert(*id, name.clone());
            }
        }
        if last {
            self.ended = Some(RunState::Ended {
                left: self.left_behind(&batch),
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
        // This call fails if the conductor has ended. Then there is nothing to do.
        let _ = self.commands.send(Command::Block(lasts));
    }

    fn next_cue(&mut self) {
        self.interfere(Interference::ByHand);
        let _ = self.commands.send(Command::NextCue);
    }

    fn stop(&mut self) {
        self.interfere(Interference::CutShort);
        let _ = self.commands.send(Command::Stop);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // After an error or a panic of the screen, no task may continue and no file may remain.
            self.stop();
            let _ = self.services.shut_down();
        }
    }
}
