//! The thread that lets tasks arrive, makes the cues act, and ends the run.

use super::Progress;
use super::log_messages;
use super::schedule::{Item, Schedule};
use crate::executor::{Arrival, Executor};
use crate::probe::{Group, LogFilter, Registry};
use crate::record::{CompactDuration, Mark, Marked, Record};
use crate::scenario::{Arrivals, CueAction, Draw, How, INJECTED, Repeat, Scenario, Start, Step, TaskSpec};
use crate::workload::{Alive, Labels, Program, Services};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

/// How long blocking work may go on after the end.
const GRACE: Duration = Duration::from_secs(1);
/// If no task has ended for so long after the grace, none will.
const LULL: Duration = Duration::from_millis(200);
/// Due items that are handled before the next look at the inbox: however late the conductor is, it can be stopped.
const AT_ONCE: usize = 256;

/// What the conductor is told.
pub(super) enum Command {
    /// Inject one synchronous block.
    Block(Duration),
    /// Go on to the next cue.
    Next,
    /// End the run.
    Stop,
    /// The last task has ended.
    NobodyLeft,
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
    /// What the event log keeps.
    pub(super) log: Option<LogFilter>,
    /// The timeline waits for the presenter at each cue.
    pub(super) presented: bool,
}

/// The block that a cue repeats until another cue ends it.
#[derive(Default)]
struct Repeated {
    /// Tells this block from those before it.
    number: u64,
    block: Option<Block>,
}

#[derive(Clone, Copy)]
struct Block {
    lasts: Duration,
    /// `None`: it comes once.
    every: Option<Duration>,
    how: How,
}

impl Conductor {
    /// Plays the scenario to its end.
    pub(super) fn conduct(mut self, scenario: &Scenario) {
        let last = Last {
            services: self.services.clone(),
            progress: self.progress.clone(),
        };
        self.play(scenario);
        self.progress.set(Progress::STOPPING);
        self.services.stop().request();
        self.executor.stop(GRACE);
        await_stragglers(self.services.alive());
        drop(last);
    }

    /// Until the run is over, its time is up, or somebody stops it.
    fn play(&mut self, scenario: &Scenario) {
        let mut agenda = Schedule::new(scenario, self.presented);
        let mut repeated = Repeated::default();
        loop {
            let now: Duration = self.registry.elapsed().into();
            for _ in 0..AT_ONCE {
                let Some((at, item)) = agenda.due(now) else {
                    break;
                };
                match item {
                    Item::Arrival(group) => {
                        let (program, group) = self.programs[group].clone();
                        self.executor.spawn(&Arrival {
                            program,
                            group,
                            injected: None,
                        });
                    }
                    Item::Cue(n) => {
                        self.mark(Mark::Cue(u16::try_from(n).unwrap_or(u16::MAX)));
                        if let Some(action) = scenario.cues[n].action {
                            tracing::info!("{}", log_messages::cue(n, &action));
                            self.act(action, at, &mut agenda, &mut repeated);
                        }
                    }
                    Item::Again(number) => {
                        if let Some(block) = repeated.block.filter(|_| number == repeated.number) {
                            self.block(block.lasts, block.how, scenario.seed);
                            if let Some(every) = block.every {
                                // Blocks that were missed are not made up for.
                                agenda.add((at + every).max(now), Item::Again(number));
                            }
                        }
                    }
                    Item::Until(group) => {
                        self.programs[group].0.close();
                        self.executor.close(group);
                    }
                    Item::End => return,
                }
            }
            // More may be due than can be done: the end does not wait for it.
            if agenda.ends_at().is_some_and(|end| end <= now) || self.over(&agenda, scenario) {
                return;
            }
            let stop = agenda.stops_at();
            let waits = stop.is_some_and(|at| at <= now);
            self.progress
                .set(if waits { Progress::WAITING } else { Progress::RUNNING });
            let next = agenda.next().into_iter().chain(stop.filter(|_| !waits)).min();
            let pause = next.map_or(Duration::MAX, |at| at.saturating_sub(self.registry.elapsed().into()));
            // Never closed: `alive` holds a sender.
            let mut told = self.inbox.recv_timeout(pause).ok();
            while let Some(command) = told {
                match command {
                    Command::Block(lasts) => {
                        self.mark(Mark::Injected(CompactDuration::new(lasts.into())));
                        tracing::info!("{}", log_messages::injected(lasts));
                        self.block(lasts, How::Sync, scenario.seed);
                    }
                    Command::Next => agenda.go_on(self.registry.elapsed().into()),
                    Command::NobodyLeft => {}
                    Command::Stop => return,
                }
                told = self.inbox.try_recv().ok();
            }
        }
    }

    /// Without a duration, the run is over when every task has ended and none is to come.
    fn over(&self, agenda: &Schedule, scenario: &Scenario) -> bool {
        scenario.duration.is_none() && !agenda.promises_tasks() && self.services.alive().count() == 0
    }

    fn act(&mut self, action: CueAction, at: Duration, agenda: &mut Schedule, repeated: &mut Repeated) {
        match action {
            CueAction::Block { lasts, every, how } => {
                repeated.number += 1;
                repeated.block = Some(Block { lasts, every, how });
                agenda.add(at, Item::Again(repeated.number));
            }
            CueAction::Log(level) => {
                if let Some(log) = &self.log {
                    log.keep(level.into());
                }
                self.executor.keep_log(level);
            }
            CueAction::Http { latency, failure_rate } => self.services.http().set(latency, failure_rate),
            CueAction::Calm => {
                repeated.number += 1;
                repeated.block = None;
                self.services.calm_http();
            }
        }
    }

    /// Lets a task arrive that blocks once.
    fn block(&mut self, lasts: Duration, how: How, seed: u64) {
        let block = Step::Block(Draw::Fixed(lasts));
        let steps = match how {
            How::Offload => vec![Step::Offload(vec![block])],
            How::Sync | How::Async => vec![block],
        };
        let spec = TaskSpec {
            name: INJECTED.to_owned(),
            count: Some(1),
            start: Start::At(Duration::ZERO),
            arrivals: Arrivals::Together,
            until: None,
            repeat: Repeat::Times(1),
            timeout: None,
            steps,
        };
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
        self.registry.outside(Record::Marked(Marked { at, mark }));
    }
}

/// Waits as long as tasks go on ending: each is cancelled in no time, but a hundred thousand may take longer than the grace.
fn await_stragglers(alive: &Alive) {
    let mut left = alive.count();
    if left == 0 {
        return;
    }
    loop {
        thread::sleep(LULL);
        let now = alive.count();
        if now == left {
            return;
        }
        left = now;
    }
}

/// What comes last, also when the conductor panics: the scratch folder goes, and the front end learns that the run is over.
struct Last {
    services: Arc<Services>,
    progress: Arc<Progress>,
}

impl Drop for Last {
    fn drop(&mut self) {
        if thread::panicking() {
            self.progress
                .leave("the run broke off: its conductor panicked".to_owned());
        }
        if let Err(error) = self.services.shut_down() {
            let folder = self.services.scratch().path().display();
            self.progress
                .leave(format!("the scratch folder {folder} could not be removed: {error}"));
        }
        self.progress.set(Progress::STOPPED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conductor_that_panics_leaves_an_end_and_no_folder() {
        let text = "title = 't'\n[[task]]\nname = 'a'\nsteps = ['yield']";
        let scenario = crate::scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"));
        let services = Arc::new(Services::start(&scenario, &mut Labels::new(), &|| false).unwrap());
        let progress = Arc::new(Progress::default());
        let last = Last {
            services: services.clone(),
            progress: progress.clone(),
        };
        let conductor = thread::spawn(move || {
            let _last = last;
            panic!("a bug");
        });
        assert!(conductor.join().is_err());
        assert_eq!(progress.get(), Progress::STOPPED);
        assert_eq!(
            *progress.left.lock().unwrap(),
            ["the run broke off: its conductor panicked"]
        );
        assert!(services.stop().requested() && !services.scratch().path().exists());
    }
}
