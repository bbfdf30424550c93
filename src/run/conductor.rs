//! The thread that plays the scenario: it spawns tasks when they arrive, applies cues, and ends the
//! run.

use super::actions::{self, ActionContext, RepeatedBlock};
use super::injection;
use super::progress::Progress;
use super::schedule::{Item, Schedule};
use crate::executor::{self, Arrival, Executor};
use crate::probe::{Group, LogFilter, Registry};
use crate::record::{CompactDuration, Mark, Marked, Record};
use crate::scenario::{How, INJECTED, Scenario};
use crate::workload::{Labels, LiveTasks, Program, Services};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

/// How long blocking work may continue after the end of the run.
const GRACE: Duration = Duration::from_secs(1);
/// After the grace period, the conductor stops waiting for tasks if no task ends within this time.
const LULL: Duration = Duration::from_millis(200);
/// A message to the conductor.
pub(super) enum Command {
    /// Inject a task that blocks its worker for this long.
    Block(Duration),
    /// Jump to the next cue.
    NextCue,
    /// End the run.
    Stop,
    /// The last task has ended.
    NoTaskLeft,
}

pub(super) struct Conductor {
    pub(super) registry: Arc<Registry>,
    pub(super) services: Arc<Services>,
    pub(super) executor: Box<dyn Executor>,
    pub(super) inbox: Receiver<Command>,
    pub(super) progress: Arc<Progress>,
    pub(super) programs: Vec<(Arc<Program>, Arc<Group>)>,
    pub(super) labels: Labels,
    pub(super) injected: Option<Arc<Group>>,
    /// The filter of the event log, which cues can change.
    pub(super) log: Option<LogFilter>,
    /// Whether the timeline waits for the presenter at each cue.
    pub(super) presented: bool,
}

impl Conductor {
    /// Plays the scenario on a new thread.
    ///
    /// # Errors
    /// Returns an error if the thread cannot be created.
    pub(super) fn start(self, scenario: Scenario) -> Result<(), executor::StartError> {
        thread::Builder::new()
            .name("tasklab-conductor".into())
            .spawn(move || self.conduct(&scenario))
            .map(drop)
            .map_err(executor::StartError::Thread)
    }

    fn conduct(mut self, scenario: &Scenario) {
        let cleanup = Cleanup {
            services: self.services.clone(),
            progress: self.progress.clone(),
        };
        self.play(scenario);
        let end = self.registry.end_run();
        self.progress.set(Progress::STOPPING);
        self.services.stop().request(end);
        self.executor.stop(GRACE);
        await_stragglers(self.services.live_tasks());
        drop(cleanup);
    }

    /// Plays the scenario until the run is over, its time is up, or a command stops it.
    ///
    /// A conductor may be late. For example, if 2,000 tasks arrive together and each task has its
    /// own thread, the machine may need a millisecond per thread. So the clock and the inbox are
    /// checked after each item.
    fn play(&mut self, scenario: &Scenario) {
        let mut schedule = Schedule::new(scenario, self.presented);
        let mut repeated = RepeatedBlock::default();
        loop {
            let now = self.now();
            let is_time_up = |schedule: &Schedule, now| schedule.ends_at().is_some_and(|end| end <= now);
            let pause = match schedule.due(now) {
                Some((at, item)) => {
                    if self
                        .handle(at, item, scenario, &mut schedule, &mut repeated, now)
                        .is_break()
                    {
                        return;
                    }
                    // If tasks arrive faster than they can be spawned, the run still ends on time.
                    let is_load = matches!(item, Item::Arrival(_) | Item::RepeatBlock(_));
                    if is_load && is_time_up(&schedule, self.now()) {
                        return;
                    }
                    Duration::ZERO
                }
                None if is_time_up(&schedule, now) || self.is_over(&schedule, scenario) => return,
                None => {
                    self.progress.set_arrivals_over(!schedule.may_bring_tasks());
                    self.pause(&schedule, now)
                }
            };
            if self.await_commands(&mut schedule, pause, scenario.seed).is_break() {
                return;
            }
        }
    }

    /// Time since the run's start.
    fn now(&self) -> Duration {
        self.registry.run_now().since_zero().into()
    }

    /// Handles an item that was due at `at`. Breaks at the end of the timeline.
    fn handle(
        &mut self,
        at: Duration,
        item: Item,
        scenario: &Scenario,
        schedule: &mut Schedule,
        repeated: &mut RepeatedBlock,
        now: Duration,
    ) -> ControlFlow<()> {
        match item {
            Item::Arrival(group) => {
                let window = schedule.arrival_window(group);
                let (program, group) = self.programs[group].clone();
                if let Some(window) = window {
                    self.progress.set_arrival_window(group.id, window.into());
                }
                self.executor.spawn(&Arrival {
                    program,
                    group,
                    injected: None,
                });
            }
            Item::Cue(n) => {
                self.mark(Mark::Cue(u16::try_from(n).unwrap_or(u16::MAX)));
                if let Some(action) = &scenario.cues[n].action {
                    tracing::info!("{}", actions::message(n, action));
                    let mut context = ActionContext {
                        services: &self.services,
                        executor: &*self.executor,
                        log: self.log.as_ref(),
                        schedule,
                        repeated,
                        at,
                    };
                    actions::apply(action, &mut context);
                }
            }
            Item::RepeatBlock(number) => {
                if let Some(block) = repeated.get(number) {
                    self.inject_block(block.lasts, block.how, scenario.seed);
                    if let Some(every) = block.every {
                        // Missed blocks are skipped.
                        schedule.add((at + every).max(now), Item::RepeatBlock(number));
                    }
                }
            }
            Item::Until(group) => {
                self.programs[group].0.close();
                self.executor.close(group);
            }
            Item::End => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    /// The time until the next item or the next stop of the timeline. Also publishes whether the
    /// timeline waits
    /// for the presenter.
    fn pause(&self, schedule: &Schedule, now: Duration) -> Duration {
        let stop = schedule.stops_at();
        let waits = stop.is_some_and(|at| at <= now);
        self.progress
            .set(if waits { Progress::WAITING } else { Progress::RUNNING });
        let next = schedule.next().into_iter().chain(stop.filter(|_| !waits)).min();
        next.map_or(Duration::MAX, |at| at.saturating_sub(self.now()))
    }

    /// Waits for a command for at most `pause`, and executes all commands that have arrived. Breaks
    /// at the command to stop.
    fn await_commands(&mut self, schedule: &mut Schedule, pause: Duration, seed: u64) -> ControlFlow<()> {
        // The channel is never closed: the callback for the end of the last task holds a sender.
        let mut command = self.inbox.recv_timeout(pause).ok();
        while let Some(current) = command {
            match current {
                Command::Block(lasts) => {
                    self.mark(Mark::Injected(CompactDuration::new(lasts.into())));
                    tracing::info!("{}", injection::message(lasts));
                    self.inject_block(lasts, How::Sync, seed);
                }
                Command::NextCue => schedule.next_cue(self.now()),
                Command::NoTaskLeft => {}
                Command::Stop => return ControlFlow::Break(()),
            }
            command = self.inbox.try_recv().ok();
        }
        ControlFlow::Continue(())
    }

    /// Whether a run without a duration is over: every task has ended, and no further task can
    /// arrive.
    fn is_over(&self, schedule: &Schedule, scenario: &Scenario) -> bool {
        scenario.duration.is_none() && !schedule.may_bring_tasks() && self.services.live_tasks().count() == 0
    }

    /// Spawns a task that blocks once.
    fn inject_block(&mut self, lasts: Duration, how: How, seed: u64) {
        let spec = injection::block(lasts, how);
        let program = Arc::new(Program::new(&spec, seed, &mut self.labels));
        self.registry.define(self.labels.definitions());
        let registry = &self.registry;
        let group = self
            .injected
            .get_or_insert_with(|| registry.group_named(INJECTED))
            .clone();
        self.executor.spawn(&Arrival {
            program,
            group,
            injected: Some(spec),
        });
    }

    fn mark(&self, mark: Mark) {
        let at = crate::probe::now();
        self.registry.record_off_lane(Record::Marked(Marked { at, mark }));
    }
}

/// Waits while tasks continue to end. Each task is cancelled quickly, but 100,000 tasks may take
/// longer than the grace period.
fn await_stragglers(live_tasks: &LiveTasks) {
    let mut left = live_tasks.count();
    if left == 0 {
        return;
    }
    loop {
        thread::sleep(LULL);
        let now = live_tasks.count();
        if now == left {
            return;
        }
        left = now;
    }
}

/// Removes the scratch folder and reports to the front end that the run is over, even after a panic
/// of
/// the conductor.
struct Cleanup {
    services: Arc<Services>,
    progress: Arc<Progress>,
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        if thread::panicking() {
            self.progress
                .add_problem("the run was aborted: its conductor panicked".to_owned());
        }
        if let Err(error) = self.services.shut_down() {
            let folder = self.services.scratch().path().display();
            self.progress
                .add_problem(format!("the scratch folder {folder} could not be removed: {error}"));
        }
        self.progress.set(Progress::STOPPED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::sync::mpsc::{Sender, channel};

    /// An executor that asks the conductor to stop when the third task arrives.
    struct ThreeTasks {
        spawned: Arc<AtomicUsize>,
        commands: Sender<Command>,
    }

    impl Executor for ThreeTasks {
        fn spawn(&self, _: &Arrival) {
            if self.spawned.fetch_add(1, Relaxed) == 2 {
                self.commands.send(Command::Stop).expect("a conductor");
            }
        }

        fn stop(self: Box<Self>, _: Duration) {}
    }

    #[test]
    fn a_run_can_be_stopped_between_any_two_of_many_arrivals() {
        let text = "title = 't'\n[[task]]\nname = 'a'\ncount = 100000\nsteps = ['yield']";
        let scenario = crate::scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"));
        let mut labels = Labels::new();
        let services = Arc::new(Services::start(&scenario, &mut labels, &|| false).unwrap());
        let registry = Registry::new();
        registry.start();
        let programs = crate::workload::compile(&scenario, &mut labels);
        let group = registry.group_named("a");
        let (commands, inbox) = channel();
        let spawned = Arc::<AtomicUsize>::default();
        let mut conductor = Conductor {
            registry,
            services,
            executor: Box::new(ThreeTasks {
                spawned: spawned.clone(),
                commands,
            }),
            inbox,
            progress: Arc::default(),
            programs: programs.into_iter().map(|program| (program, group.clone())).collect(),
            labels,
            injected: None,
            log: None,
            presented: false,
        };
        conductor.play(&scenario);
        assert_eq!(spawned.load(Relaxed), 3);
    }

    #[test]
    fn a_conductor_that_panics_ends_the_run_and_removes_the_folder() {
        let text = "title = 't'\n[[task]]\nname = 'a'\nsteps = ['yield']";
        let scenario = crate::scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"));
        let services = Arc::new(Services::start(&scenario, &mut Labels::new(), &|| false).unwrap());
        let progress = Arc::new(Progress::default());
        let cleanup = Cleanup {
            services: services.clone(),
            progress: progress.clone(),
        };
        let conductor = thread::spawn(move || {
            let _cleanup = cleanup;
            panic!("a bug");
        });
        assert!(conductor.join().is_err());
        assert_eq!(progress.get(), Progress::STOPPED);
        assert_eq!(
            progress.take_problems(),
            ["the run was aborted: its conductor panicked"]
        );
        assert!(services.stop().is_requested() && !services.scratch().path().exists());
    }
}
