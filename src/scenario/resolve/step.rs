//! Steps: what each may hold, where each may stand, and which executor can do it.

use super::Resolver;
use super::shared::Shared;
use crate::scenario::limits;
use crate::scenario::raw::{self, At, Required};
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::types::{Choice, Cpu, How, Step};

/// Where a step stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    /// Steps around it.
    pub depth: usize,
    /// The step that took it away from the runtime, and where that is: `offload`, `in_place`, or a synchronous `lock`.
    pub synchronous: Option<(&'static str, &'a Place)>,
}

impl Resolver<'_> {
    /// All steps of a task.
    pub(super) fn steps(&mut self, raw: &Required<Vec<At<raw::Step>>>) -> Option<Vec<Step>> {
        let list = raw.0.as_ref()?;
        let count = count(&list.value);
        if count > limits::STEPS {
            let title = format!("{count} steps in one task, at most {} are possible", limits::STEPS);
            return self.refuse(Diagnostic::new(list.place.clone(), title));
        }
        self.list(
            list,
            Site {
                depth: 0,
                synchronous: None,
            },
        )
    }

    pub(super) fn list(&mut self, list: &At<Vec<At<raw::Step>>>, site: Site<'_>) -> Option<Vec<Step>> {
        if list.value.is_empty() {
            let diagnostic = Diagnostic::new(list.place.clone(), "no steps").label("there is nothing to do here");
            return self.refuse(diagnostic.help("add a step, such as { sleep = \"10ms\" }"));
        }
        self.list_or_nothing(list, site)
    }

    fn list_or_nothing(&mut self, list: &At<Vec<At<raw::Step>>>, site: Site<'_>) -> Option<Vec<Step>> {
        let At { value: raw, place } = list;
        if site.depth > limits::DEPTH {
            let title = format!("steps within steps, more than {} deep", limits::DEPTH);
            return self.refuse(Diagnostic::new(place.clone(), title));
        }
        for pair in raw.windows(2) {
            self.reaches(&pair[0], &pair[1]);
        }
        let steps: Vec<_> = raw.iter().map(|step| self.step(step, site)).collect();
        steps.into_iter().collect()
    }

    /// Notes that `next` never runs, if that is so.
    fn reaches(&mut self, before: &At<raw::Step>, next: &At<raw::Step>) {
        if let raw::Step::Loop(endless) = &before.value
            && let Some(At {
                value: raw::Repeat::Forever,
                ..
            }) = endless.times.0
        {
            let diagnostic = Diagnostic::new(next.place.clone(), "this step never runs");
            let diagnostic = diagnostic.related(&before.place, "this loop has no end");
            self.found
                .push(diagnostic.help("move it into the loop, or give the loop a number of `times`"));
        }
    }

    fn step(&mut self, raw: &At<raw::Step>, site: Site<'_>) -> Option<Step> {
        let place = &raw.place;
        let inner = Site {
            depth: site.depth + 1,
            ..site
        };
        Some(match &raw.value {
            raw::Step::Cpu(raw::Cpu::Work(work)) => Step::Cpu(Cpu::Work(self.draw(work)?)),
            raw::Step::Cpu(raw::Cpu::Kernel(run)) => Step::Cpu(self.kernel(run)?),
            raw::Step::Sleep(length) => Step::Sleep(self.draw(length)?),
            raw::Step::Block(length) => Step::Block(self.draw(length)?),
            raw::Step::Http(path) => Step::Http { path: path.0.clone() },
            raw::Step::File(file) => self.file(file, place, site)?,
            raw::Step::Yield => {
                self.needs_runtime("yield", "there is no other task to give way to", place, site)?;
                Step::Yield
            }
            raw::Step::Offload(steps) => {
                let allowed = self.needs_runtime("offload", "its steps have left the runtime already", place, site);
                let steps = self.list(
                    steps,
                    Site {
                        synchronous: Some(("offload", place)),
                        ..inner
                    },
                );
                allowed.and(steps).map(Step::Offload)?
            }
            raw::Step::InPlace(steps) => {
                let allowed = self
                    .needs_runtime(
                        "in_place",
                        "the worker's other tasks are elsewhere already",
                        place,
                        site,
                    )
                    .and_then(|()| self.can_block_in_place(place));
                let steps = self.list(
                    steps,
                    Site {
                        synchronous: Some(("in_place", place)),
                        ..inner
                    },
                );
                allowed.and(steps).map(Step::InPlace)?
            }
            raw::Step::Timeout(timeout) => {
                let zero = "a `timeout` of zero would end its steps before they begin";
                let after = timeout
                    .after
                    .0
                    .as_ref()
                    .and_then(|after| self.positive_draw(after, zero));
                let steps = timeout.steps.0.as_ref();
                let steps = steps.and_then(|steps| self.list(steps, inner));
                Step::Timeout {
                    after: after?,
                    steps: steps?,
                }
            }
            raw::Step::Fail(accident) => {
                let (message, chance) = self.accident(accident)?;
                Step::Fail { message, chance }
            }
            raw::Step::Panic(accident) => {
                let (message, chance) = self.accident(accident)?;
                Step::Panic { message, chance }
            }
            raw::Step::Db(db) => self.db_step(db, place, site)?,
            raw::Step::Log(event) => self.log_event(event)?,
            raw::Step::Lock(lock) => self.locked(lock, place, inner)?,
            raw::Step::Semaphore(permit) => {
                let possible = self.shares("semaphore", place);
                let name = permit
                    .name
                    .0
                    .as_ref()
                    .and_then(|name| self.named(Shared::Semaphore, name));
                let steps = permit.steps.0.as_ref().and_then(|steps| self.list(steps, inner));
                possible?;
                Step::Semaphore {
                    name: name?,
                    steps: steps?,
                }
            }
            raw::Step::Send(channel) => {
                let possible = self.shares("send", place);
                let channel = self.named(Shared::Channel, channel);
                possible.and(channel).map(|channel| Step::Send { channel })?
            }
            raw::Step::Recv(channel) => {
                let possible = self.shares("recv", place);
                let channel = self.named(Shared::Channel, channel);
                possible.and(channel).map(|channel| Step::Recv { channel })?
            }
            raw::Step::Gather(branches) => Step::Gather(self.branches("gather", branches, place, site)?),
            raw::Step::Group(branches) => Step::Group(self.branches("group", branches, place, site)?),
            raw::Step::Race(branches) => Step::Race(self.branches("race", branches, place, site)?),
            raw::Step::Spawn(spawn) => self.spawn(spawn, place, site)?,
            raw::Step::Unawaited(branch) => {
                let allowed = self.needs_runtime("unawaited", "there are no futures here", place, site);
                let branch = self.branch(branch, false, site);
                allowed.and(branch).map(Step::Unawaited)?
            }
            raw::Step::Choose(choices) => self.choose(choices, inner)?,
            raw::Step::Loop(raw) => {
                let times = self.repeat("times", raw.times.0.as_ref());
                let steps = raw.steps.0.as_ref().and_then(|steps| self.list(steps, inner));
                raw.times.0.as_ref()?;
                Step::Loop {
                    times: times?,
                    steps: steps?,
                }
            }
        })
    }

    /// Steps inside a lock. Those inside one that keeps its thread run synchronously: its guard cannot outlive a suspension.
    fn locked(&mut self, lock: &raw::Lock, place: &Place, site: Site<'_>) -> Option<Step> {
        let possible = self.shares("lock", place);
        let how = self.lock_manner(lock, place, site);
        let written = lock.how.as_ref().map_or(place, |how| &how.place);
        let name = lock.name.0.as_ref();
        let known = name.zip(how).and_then(|(name, how)| self.lock(name, how, written));
        let free = name.and_then(|name| self.not_held(name));
        if let Some(name) = name {
            self.take_lock(name);
        }
        let synchronous = match how {
            Some(How::Sync) => site.synchronous.or(Some((LOCK, place))),
            _ => site.synchronous,
        };
        let steps = lock
            .steps
            .0
            .as_ref()
            .and_then(|steps| self.list(steps, Site { synchronous, ..site }));
        if name.is_some() {
            self.give_lock_back();
        }
        possible.and(free)?;
        Some(Step::Lock {
            name: known?,
            steps: steps?,
        })
    }

    fn lock_manner(&mut self, lock: &raw::Lock, place: &Place, site: Site<'_>) -> Option<How> {
        let how = lock.how.as_ref().map_or(How::Async, |how| how.value);
        let written = lock.how.as_ref().map_or(place, |how| &how.place);
        if how == How::Offload {
            let diagnostic = Diagnostic::new(written.clone(), "a lock is never `offload`");
            return self
                .refuse(diagnostic.help("it is `async`, which suspends who waits, or `sync`, which keeps the thread"));
        }
        if let (How::Async, Some((around, outer))) = (how, site.synchronous) {
            let title = format!("an async `lock` has no meaning inside `{around}`");
            let diagnostic = Diagnostic::new(written.clone(), title).label("who waits cannot be suspended here");
            let diagnostic = diagnostic.related(outer, inside(around));
            return self.refuse(diagnostic.help("write `how = \"sync\"`"));
        }
        Some(how)
    }

    fn choose(&mut self, raw: &At<Vec<At<raw::Weighted>>>, site: Site<'_>) -> Option<Step> {
        let diagnostic = |title: String| Diagnostic::new(raw.place.clone(), title);
        match raw.value.len() {
            0 => {
                let help = "write { choose = [{ weight = 9, steps = … }, { steps = … }] }";
                return self.refuse(diagnostic("`choose` without choices".to_owned()).help(help));
            }
            n if n > limits::CHOICES => {
                return self.refuse(diagnostic(format!(
                    "{n} choices, at most {} are possible",
                    limits::CHOICES
                )));
            }
            _ => {}
        }
        let choices: Vec<_> = raw
            .value
            .iter()
            .map(|choice| self.choice(&choice.value, site))
            .collect();
        choices.into_iter().collect::<Option<_>>().map(Step::Choose)
    }

    fn choice(&mut self, raw: &raw::Weighted, site: Site<'_>) -> Option<Choice> {
        let weight = match &raw.weight {
            None => Some(1.0),
            Some(At { value, place }) if *value <= 0.0 => {
                let title = format!("`weight` is {value}, which is not above zero");
                let diagnostic = Diagnostic::new(place.clone(), title).label("it would never be chosen");
                self.refuse(diagnostic.help("leave the choice out"))
            }
            Some(weight) => Some(weight.value),
        };
        let steps = raw.steps.0.as_ref().and_then(|steps| self.list_or_nothing(steps, site));
        Some(Choice {
            weight: weight?,
            steps: steps?,
        })
    }

    /// Refuses what has no meaning once `offload`, `in_place` or a lock has taken the steps away from the runtime.
    pub(super) fn needs_runtime(&mut self, step: &str, why: &str, place: &Place, site: Site<'_>) -> Option<()> {
        let Some((around, outer)) = site.synchronous else {
            return Some(());
        };
        let help = match around {
            LOCK => "move it out of the lock, or make the lock `async`".to_owned(),
            _ => format!("move it out of `{around}`, or leave it out"),
        };
        let title = format!("`{step}` has no meaning inside `{around}`");
        let diagnostic = Diagnostic::new(place.clone(), title).label(why);
        self.refuse(diagnostic.related(outer, inside(around)).help(help))
    }

    fn can_block_in_place(&mut self, place: &Place) -> Option<()> {
        let why = "there is no second worker to take the other tasks";
        self.possible(
            "in_place",
            place,
            |kind| kind.traits().can_block_in_place,
            why,
            "write `offload`",
        )
    }

    /// Refuses what tasks share, where they share nothing.
    fn shares(&mut self, step: &str, place: &Place) -> Option<()> {
        let why = "its tasks are in several processes, which share no memory";
        self.possible(
            step,
            place,
            |kind| kind.traits().shares_memory,
            why,
            "use another executor",
        )
    }
}

/// A lock around a step that is not `async`.
const LOCK: &str = "lock";

/// What is said beside the step that took others away from the runtime.
pub(super) fn inside(around: &str) -> &'static str {
    match around {
        LOCK => "inside this lock, which is `sync`",
        _ => "inside this",
    }
}

/// How many steps there are, those within others included.
fn count(steps: &[At<raw::Step>]) -> usize {
    let within = |step: &At<raw::Step>| {
        step.value
            .within()
            .iter()
            .map(|steps| count(&steps.value))
            .sum::<usize>()
    };
    steps.iter().map(|step| 1 + within(step)).sum()
}
