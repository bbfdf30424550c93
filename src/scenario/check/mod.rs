//! From what is written to what is possible: every check that needs more than one value, or knows what a value is for.
//!
//! The rule of this folder: `None` means that the reason has been noted, here or by the reader, and that nothing more is
//! to be said of it. Whoever gets `None` goes on with the rest, so that one report holds all mistakes.

mod arrivals;
mod call;
mod cue;
mod draw;
mod executor;
mod expect;
mod held_locks;
mod shared;
mod step;
mod task;
mod text;
mod total;

use super::limits;
use super::notation::show_duration;
use super::report::{Diagnostic, Diagnostics, Place};
use super::syntax::{self, At, Table};
use super::types::{self, Draw, ExecutorKind, HttpSpec, Lang, Scenario, TaskSpec};
use call::{Call, Callable};
use held_locks::HeldLocks;
use shared::{Declared, Locks};

pub(super) use call::NO_RUNTIME;
pub(super) use shared::SharedKind;
use std::time::Duration;
pub(super) use step::{ListContext, StepContext};

/// How the loopback service behaves when the scenario says nothing.
const HTTP: HttpSpec = HttpSpec {
    latency: Draw::LogNormal {
        median: Duration::from_millis(20),
        p99: Duration::from_millis(120),
    },
    failure_rate: 0.0,
};

/// What the checks of tasks and cues know of the run as a whole.
pub(super) struct Checker<'a> {
    diagnostics: &'a mut Diagnostics,
    /// Which executor; the default, of which everything is possible, if what is written is unknown.
    executor: ExecutorKind,
    /// Where that was written; `None`: nowhere, it is the default.
    chosen: Option<Place>,
    /// Where the scenario says that it may run; empty: it does not say.
    listed: Vec<At<ExecutorKind>>,
    /// How long the run lasts, if that is written and readable.
    duration: Option<Duration>,
    /// Whether a duration is written at all.
    bounded: bool,
    /// In which language texts are wanted.
    lang: Lang,
    channels: Declared,
    semaphores: Declared,
    locks: Locks,
    /// The groups of tasks, in the file's order.
    groups: Vec<Callable>,
    /// Which steps name which groups, so far.
    calls: Vec<Call>,
    /// Whose steps are being read: an index into `groups`.
    group: usize,
    /// Which locks are held around the step that is being read, and who takes which.
    held: HeldLocks,
}

/// Checks and translates.
pub(super) fn scenario(syntax: &syntax::Scenario, lang: Lang, diagnostics: &mut Diagnostics) -> Option<Scenario> {
    // A step that could not be read may be the one that uses a channel or calls a group.
    let readable = diagnostics.is_empty();
    let listed = syntax.executors.as_ref().and_then(|list| list.value.first());
    let kind = syntax
        .executor
        .as_ref()
        .and_then(|executor| executor.value.kind.as_ref());
    let chosen = kind.or(listed);
    let mut r = Checker {
        diagnostics,
        executor: chosen.map_or(ExecutorKind::Tokio, |kind| kind.value),
        chosen: chosen.map(|kind| kind.place.clone()),
        listed: Vec::new(),
        duration: syntax.duration.as_ref().map(|duration| duration.value.0),
        bounded: syntax.duration.is_some() || syntax.has("duration"),
        lang,
        channels: Declared::new("channel", "capacity = 8"),
        semaphores: Declared::new("semaphore", "permits = 3"),
        locks: Locks::new(),
        groups: Vec::new(),
        calls: Vec::new(),
        group: 0,
        held: HeldLocks::default(),
    };
    let title = r.title(&syntax.title);
    let about = r.about(syntax.about.as_ref());
    let executors = r.executors(syntax.executors.as_ref());
    let duration = r.run_length(syntax.duration.as_ref());
    let executor = r.executor(syntax.executor.as_ref());
    let http = match &syntax.http {
        None => Some(HTTP),
        Some(http) => r.http(&http.value).map(|(latency, failure_rate)| HttpSpec {
            latency: latency.unwrap_or(HTTP.latency),
            failure_rate: failure_rate.unwrap_or(HTTP.failure_rate),
        }),
    };
    let db = r.db(syntax.db.as_ref());
    let channels = r.channels(syntax.channel.as_ref());
    let semaphores = r.semaphores(syntax.semaphore.as_ref());
    let tasks = r.tasks(&syntax.task);
    if readable {
        r.unused();
        r.uncalled();
    }
    let cues = r.cues(syntax.cue.as_ref());
    let expect = r.expect(syntax.expect.as_ref());
    let listed = !r.listed.is_empty();
    let locks = r.locks.into_iter().map(|(lock, _)| lock).collect();
    let tasks = tasks?;
    let mut executors = executors?;
    if !listed {
        executors.retain(|kind| can_run_all(*kind, &tasks));
    }
    Some(Scenario {
        title: title?,
        about: about?,
        duration: duration?,
        seed: syntax.seed.as_ref().map_or(0, |seed| seed.value),
        executor: executor?,
        executors,
        log: syntax.log.as_ref().map(|level| level.value),
        http: http?,
        db: db?,
        channels: channels?,
        semaphores: semaphores?,
        locks,
        tasks,
        cues: cues?,
        expect: expect?,
    })
}

impl Checker<'_> {
    fn run_length(&mut self, duration: Option<&At<syntax::Length>>) -> Option<Option<Duration>> {
        match duration {
            Some(At { value, place }) if value.0.is_zero() => {
                let diagnostic = Diagnostic::new(place.clone(), "the run's duration is zero");
                self.reject(diagnostic.help("leave `duration` out to run until every task has ended"))
            }
            // What the file says has been looked at where it was read.
            Some(At { value, place }) if value.0 > limits::LENGTH => {
                let title = format!("the run's duration is longer than {}", show_duration(limits::LENGTH));
                self.reject(Diagnostic::new(place.clone(), title).label("nothing may last longer"))
            }
            Some(duration) => Some(Some(duration.value.0)),
            None => Some(None),
        }
    }

    /// The keys that are written of `[http]`, or of a cue's `http`.
    pub(super) fn http(&mut self, http: &syntax::Http) -> Option<(Option<types::Draw>, Option<f64>)> {
        let latency = http.latency.as_ref().map(|latency| self.draw(latency));
        let failure_rate = http.failure_rate.as_ref().map(|rate| self.share("failure_rate", rate));
        Some((all_or_nothing(latency)?, all_or_nothing(failure_rate)?))
    }

    /// A share of a whole, 0–1.
    pub(super) fn share(&mut self, key: &str, share: &At<f64>) -> Option<f64> {
        let value = share.value;
        if (0.0..=1.0).contains(&value) {
            return Some(value);
        }
        let diagnostic = Diagnostic::new(
            share.place.clone(),
            format!("`{key}` is {value}, which is not between 0 and 1"),
        );
        let percent = value > 1.0 && value <= 100.0;
        self.reject(if percent {
            diagnostic.help(format!("write {} for {value} %", value / 100.0))
        } else {
            diagnostic
        })
    }

    /// Notes a mistake.
    pub(super) fn reject<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.diagnostics.push(diagnostic);
        None
    }

    /// Adds where the executor was chosen.
    fn with_choice(&self, diagnostic: Diagnostic) -> Diagnostic {
        match &self.chosen {
            Some(Place::Option(option)) => diagnostic.note(format!("the executor is chosen by {option}")),
            Some(place) => diagnostic.related(place, "the executor is chosen here"),
            None => diagnostic.note("the executor is `tokio` because the scenario names no other"),
        }
    }
}

/// Whether every step of these groups has a meaning on this executor.
fn can_run_all(kind: ExecutorKind, tasks: &[TaskSpec]) -> bool {
    let mut all = true;
    for step in tasks.iter().flat_map(|group| &group.steps) {
        step.visit(&mut |step| all &= step.can_run_on(kind));
    }
    all
}

/// What is absent is fine; what is there has to be right.
pub(super) fn all_or_nothing<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
    }
}
