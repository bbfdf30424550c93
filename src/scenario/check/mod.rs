//! Checks the meaning of a scenario. The checks in this module need more than one value, or depend
//! on the purpose of a value.
//!
//! If a function here returns `None`, the function or the reader of the file has reported the
//! reason. The caller does not report this reason again. The caller goes on with the other checks,
//! so that one report contains all mistakes.

mod arrivals;
mod call;
mod cue;
mod draw;
mod executor;
mod expect;
mod held;
mod shared;
mod step;
mod task;
mod text;
mod total;

use super::limits;
use super::notation::show_duration;
use super::report::{Diagnostic, Diagnostics, Place};
use super::syntax::{self, At, Table};
use super::types::{self, Draw, ExecutorKind, HttpSpec, Lang, ResultsSpec, Scenario, TaskSpec};
use call::{Call, Callable};
use held::Held;
use shared::{Declared, Locks};
use std::collections::HashMap;
use std::time::Duration;

pub(super) use call::{NO_POLLS, NO_RUNTIME};
pub(super) use held::Holdable;
pub(super) use shared::{NamedKind, SharedKind};
pub(super) use step::{INSIDE, ListContext, StepContext};

/// The default behaviour of the loopback service.
const HTTP: HttpSpec = HttpSpec {
    latency: Draw::LogNormal {
        median: Duration::from_millis(20),
        p99: Duration::from_millis(120),
    },
    failure_rate: 0.0,
};

/// The maximum number of unknown names of groups and resources that get a suggestion. Finding a
/// suggestion among many names takes long. A scenario with so many unknown names also gets no
/// messages about unused names, because the unknown names may be misspelt names of groups or
/// resources.
const SUGGESTIONS: usize = 500;

/// What the checks of tasks and cues know about the scenario as a whole.
pub(super) struct Checker<'a> {
    diagnostics: &'a mut Diagnostics,
    /// The executor. If the name in the file is unknown, the field holds the default executor,
    /// which supports every step.
    executor: ExecutorKind,
    /// The place where the executor is chosen. `None`: nothing chooses the executor, so the default
    /// executor is used.
    chosen: Option<Place>,
    /// The executors that the scenario lists. Empty if the scenario does not list any.
    listed: Vec<At<ExecutorKind>>,
    /// The duration of the run. `None`: the file has no duration, or the duration cannot be read.
    duration: Option<Duration>,
    /// Whether the file has a duration. True even if the duration cannot be read.
    bounded: bool,
    /// The chosen language for texts.
    lang: Lang,
    channels: Declared,
    semaphores: Declared,
    barriers: Declared,
    locks: Locks,
    /// The names of the read-write locks that steps have used so far.
    rwlocks: Vec<String>,
    /// The names of the notifications that steps have used so far.
    notifies: Vec<String>,
    /// The results that groups keep, and the place of the first step that keeps them.
    results: Vec<(ResultsSpec, Place)>,
    /// The groups of tasks, in the file's order.
    groups: Vec<Callable>,
    /// The groups by their names.
    group_names: HashMap<String, usize>,
    /// The number of unknown names in steps: no group and no resource has such a name.
    unknown_names: usize,
    /// The calls of groups in the steps that have been checked so far.
    calls: Vec<Call>,
    /// The group whose steps are being checked: an index into `groups`.
    group: usize,
    /// The locks and permits that are held during the step that is being checked, and the locks and
    /// permits that groups take.
    held: Held,
}

/// Checks a scenario. Returns `None` if the scenario has mistakes, which are then in `diagnostics`.
pub(super) fn scenario(syntax: &syntax::Scenario, lang: Lang, diagnostics: &mut Diagnostics) -> Option<Scenario> {
    // A step that cannot be read may use a channel or call a group. So unused names are reported
    // only if the whole file could be read.
    let readable = diagnostics.is_empty();
    let mut checker = Checker::new(syntax, lang, diagnostics);
    let title = checker.title(&syntax.title);
    let about = checker.about(syntax.about.as_ref());
    let executors = checker.executors(syntax.executors.as_ref());
    let duration = checker.run_length(syntax.duration.as_ref());
    let executor = checker.executor(syntax.executor.as_ref());
    let http = checker.http_service(syntax.http.as_ref());
    let db = checker.db(syntax.db.as_ref());
    let channels = checker.channels(syntax.channel.as_ref());
    let semaphores = checker.semaphores(syntax.semaphore.as_ref());
    let barriers = checker.barriers(syntax.barrier.as_ref());
    let tasks = checker.tasks(&syntax.task);
    if readable {
        checker.report_unused();
        checker.report_uncalled();
    }
    let cues = checker.cues(syntax.cue.as_ref());
    let expect = checker.expect(syntax.expect.as_ref());
    let tasks = tasks?;
    let mut executors = executors?;
    if checker.listed.is_empty() {
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
        barriers: barriers?,
        locks: checker.locks.into_iter().map(|(lock, _)| lock).collect(),
        rwlocks: checker.rwlocks,
        notifies: checker.notifies,
        results: checker.results.into_iter().map(|(results, _)| results).collect(),
        tasks,
        cues: cues?,
        expect: expect?,
    })
}

impl<'a> Checker<'a> {
    fn new(syntax: &syntax::Scenario, lang: Lang, diagnostics: &'a mut Diagnostics) -> Checker<'a> {
        let listed = syntax.executors.as_ref().and_then(|list| list.value.first());
        let executor = syntax.executor.as_ref();
        let chosen = executor.and_then(|executor| executor.value.kind.as_ref()).or(listed);
        Checker {
            diagnostics,
            executor: chosen.map_or(ExecutorKind::Tokio, |kind| kind.value),
            chosen: chosen.map(|kind| kind.place.clone()),
            listed: Vec::new(),
            duration: syntax.duration.as_ref().map(|duration| duration.value.0),
            bounded: syntax.duration.is_some() || syntax.has("duration"),
            lang,
            channels: Declared::new("channel", "capacity = 8"),
            semaphores: Declared::new("semaphore", "permits = 3"),
            barriers: Declared::new("barrier", "tasks = 3"),
            locks: Locks::new(),
            rwlocks: Vec::new(),
            notifies: Vec::new(),
            results: Vec::new(),
            groups: Vec::new(),
            group_names: HashMap::new(),
            unknown_names: 0,
            calls: Vec::new(),
            group: 0,
            held: Held::default(),
        }
    }
}

impl Checker<'_> {
    fn run_length(&mut self, duration: Option<&At<syntax::Length>>) -> Option<Option<Duration>> {
        match duration {
            Some(At { value, place }) if value.0.is_zero() => {
                let diagnostic = Diagnostic::new(place.clone(), "the run's duration is zero");
                self.reject(diagnostic.help("leave `duration` out to run until every task has ended"))
            }
            // The reader has already checked the duration in the file, so only a duration of the
            // command line can exceed the limit here.
            Some(At { value, place }) if value.0 > limits::LENGTH => {
                let title = format!("the run's duration is longer than {}", show_duration(limits::LENGTH));
                self.reject(Diagnostic::new(place.clone(), title).label("no duration may be longer"))
            }
            Some(duration) => Some(Some(duration.value.0)),
            None => Some(None),
        }
    }

    /// Checks the behaviour of the loopback service at the start of the run.
    fn http_service(&mut self, http: Option<&At<syntax::Http>>) -> Option<HttpSpec> {
        let Some(http) = http else { return Some(HTTP) };
        let (latency, failure_rate) = self.http(&http.value)?;
        Some(HttpSpec {
            latency: latency.unwrap_or(HTTP.latency),
            failure_rate: failure_rate.unwrap_or(HTTP.failure_rate),
        })
    }

    /// Checks the keys of `[http]`, or of the `http` action of a cue. A missing key is `None`.
    pub(super) fn http(&mut self, http: &syntax::Http) -> Option<(Option<types::Draw>, Option<f64>)> {
        let latency = http.latency.as_ref().map(|latency| self.draw(latency));
        let failure_rate = http.failure_rate.as_ref().map(|rate| self.share("failure_rate", rate));
        Some((all_or_nothing(latency)?, all_or_nothing(failure_rate)?))
    }

    /// Checks a share, 0–1. `key` is the key of the share in the file.
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

    /// Reports a mistake.
    pub(super) fn reject<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.diagnostics.push(diagnostic);
        None
    }

    /// Adds to the message where the executor is chosen.
    fn with_choice(&self, diagnostic: Diagnostic) -> Diagnostic {
        match &self.chosen {
            Some(Place::Option(option)) => diagnostic.note(format!("the executor is chosen by {option}")),
            Some(place) => diagnostic.related(place, "the executor is chosen here"),
            None => diagnostic.note("the executor is `tokio` because the scenario does not choose one"),
        }
    }
}

/// Whether this executor can run every step of these groups.
fn can_run_all(kind: ExecutorKind, tasks: &[TaskSpec]) -> bool {
    let mut all = true;
    for step in tasks.iter().flat_map(|group| &group.steps) {
        step.visit(&mut |step| all &= step.can_run_on(kind));
    }
    all
}

/// Returns `Some(None)` if the value is absent, and `None` if the value is wrong.
pub(super) fn all_or_nothing<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
    }
}
