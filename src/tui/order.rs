//! In which order tasks stand.
//!
//! By default the worst of what is on screen comes first: who blocked a lane, then who waited longest to be noticed or to
//! run. A class cannot follow rows that dance, so rows change places at most once a second, lengths count only by powers
//! of two, and a frozen view keeps its order until it is panned or zoomed: then other trouble is on screen. Two exceptions: a
//! task that begins to block comes to the top at once, since it is what everybody is looking for; and so long as tasks multiply,
//! as at a run's start, all of them have rows at once.

use super::family;
use super::view::{Span, View};
use crate::model::paint::NOTABLE_WAIT;
use crate::model::{Model, State, Task};
use crate::record::{Nanos, Outcome, RunInstant, TaskId};
use std::cmp::Reverse;
use std::fmt;

/// How often rows may change places.
const PACE: Nanos = Nanos::from_millis(1_000);
/// How soon a newcomer must have a row.
const URGENT: Nanos = Nanos::from_millis(200);
/// A block shorter than this is no reason to move rows out of turn.
const LONG_BLOCK: Nanos = Nanos::from_millis(10);
/// How far back trouble is looked for, even if more is on screen.
const MEMORY: Nanos = Nanos::from_millis(5_000);

/// For how long a bad end is news.
const NEWS: Nanos = Nanos::from_millis(2_000);

/// How many tasks are ranked for one frame. Ranking 100,000 at once would cost several frames' time; so it is spread, and the
/// rows change places when the last has its rank.
const RANKED_PER_FRAME: usize = 8_000;

/// What decides the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SortBy {
    /// The worst on screen first.
    Trouble,
    /// By group, then by number.
    Name,
    /// The oldest first, and below each the tasks that it spawned.
    Spawn,
}

impl SortBy {
    /// The one after this, in a circle.
    pub fn next(self) -> SortBy {
        match self {
            SortBy::Trouble => SortBy::Name,
            SortBy::Name => SortBy::Spawn,
            SortBy::Spawn => SortBy::Trouble,
        }
    }
}

impl fmt::Display for SortBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SortBy::Trouble => "trouble",
            SortBy::Name => "name",
            SortBy::Spawn => "spawn",
        })
    }
}

/// Tasks in the order of their rows.
pub struct Order {
    by: SortBy,
    tasks: Vec<TaskId>,
    sorted_at: Option<RunInstant>,
    /// What was on screen when a live view was last looked at, or a frozen one sorted.
    seen: Option<Span>,
    /// How many of them have something to show, or had a moment ago.
    showing: Option<usize>,
    /// A ranking by trouble that goes on over several frames.
    pass: Option<Pass>,
}

/// A ranking under way.
struct Pass {
    /// What is on screen.
    span: Span,
    from: RunInstant,
    /// Of the model's first tasks.
    ranks: Vec<(Rank, usize, TaskId)>,
}

/// Sorts ascending: the smaller, the higher up.
type Rank = (u8, Reverse<u32>);

/// The first part of the rank of a task that has nothing to show.
const GONE: u8 = 5;

impl Order {
    /// No tasks yet.
    pub fn new(by: SortBy) -> Order {
        Order {
            by,
            tasks: Vec::new(),
            sorted_at: None,
            seen: None,
            showing: None,
            pass: None,
        }
    }

    /// What decides the order.
    pub fn sorted_by(&self) -> SortBy {
        self.by
    }

    /// Sorts differently from the next refresh on.
    pub fn sort_by(&mut self, by: SortBy) {
        self.by = by;
        self.sorted_at = None;
        self.pass = None;
    }

    /// Whether a ranking is under way.
    pub fn is_ranking(&self) -> bool {
        self.pass.is_some()
    }

    /// How many rows are worth their place: tasks that are not over, or were not at the left edge of the screen. It shrinks
    /// slowly, lest the panels below dance.
    pub fn showing(&self, model: &Model) -> usize {
        let all = model.tasks().len();
        self.showing.filter(|_| !self.is_outgrown(all)).unwrap_or(all)
    }

    /// The tasks, first row first.
    pub fn tasks(&self) -> &[TaskId] {
        &self.tasks
    }

    /// Follows the model, at its pace.
    pub fn refresh(&mut self, model: &Model, view: &View) {
        let span = view.span(model.now());
        if self.pass.is_none() {
            let due = self.is_due(model, &span, view.is_live());
            if due || view.is_live() {
                self.seen = Some(span);
            }
            if !due {
                return;
            }
            self.sorted_at = Some(model.now());
            if self.by == SortBy::Trouble {
                self.pass = Some(Pass {
                    span,
                    from: span.from.max(span.to - MEMORY),
                    ranks: Vec::with_capacity(model.tasks().len()),
                });
            }
        }
        let (sorted, showing): (Vec<TaskId>, usize) = match self.pass.take() {
            Some(mut pass) => {
                pass.go_on(model);
                if pass.ranks.len() < model.tasks().len() {
                    self.pass = Some(pass);
                    return;
                }
                pass.ranks.sort_unstable();
                let showing = pass.ranks.partition_point(|((rank, _), ..)| *rank < GONE);
                (pass.ranks.into_iter().map(|(.., id)| id).collect(), showing)
            }
            None => {
                let mut tasks: Vec<&Task> = match self.by {
                    SortBy::Spawn => family::tree(model),
                    SortBy::Name | SortBy::Trouble => model.tasks().iter().collect(),
                };
                if self.by == SortBy::Name {
                    tasks.sort_by_key(|task| (task.group, task.index));
                }
                let (first, last): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| shows(task, &span));
                let showing = first.len();
                (first.into_iter().chain(last).map(|task| task.id).collect(), showing)
            }
        };
        self.tasks = sorted;
        let before = self.showing.unwrap_or(0);
        self.showing = Some(showing.max(before - before.div_ceil(8)));
    }

    fn is_due(&self, model: &Model, span: &Span, live: bool) -> bool {
        let Some(sorted_at) = self.sorted_at else { return true };
        if !live {
            return self.seen.is_none_or(|seen| moved(&seen, span));
        }
        let age = model.now() - sorted_at;
        let tasks = model.tasks().len();
        age >= PACE
            || self.is_outgrown(tasks)
            || age >= URGENT && (tasks != self.tasks.len() || self.misses_a_block(model))
    }

    /// Whether there are at least twice as many tasks as rows. That happens so seldom, however many come, that nobody need wait
    /// for it.
    fn is_outgrown(&self, tasks: usize) -> bool {
        tasks > 0 && tasks / 2 >= self.tasks.len()
    }

    /// Whether somebody blocks a lane for a while and stands below where blockers stand.
    fn misses_a_block(&self, model: &Model) -> bool {
        let shared = || model.lanes().iter().filter(|lane| lane.is_shared());
        let blockers = shared().filter_map(|lane| {
            let current = lane.current?;
            let since = current.blocking_since?;
            (model.now() - since >= LONG_BLOCK).then_some(current.task)
        });
        let top = &self.tasks[..self.tasks.len().min(shared().count())];
        self.by == SortBy::Trouble
            && model.info().async_executor
            && blockers.into_iter().any(|task| !top.contains(&task))
    }
}

impl Pass {
    /// Ranks the next tasks. One that comes or is forgotten meanwhile may be missed; the next pass has it.
    fn go_on(&mut self, model: &Model) {
        let done = self.ranks.len();
        let next = model.tasks().iter().enumerate().skip(done).take(RANKED_PER_FRAME);
        let (span, from) = (self.span, self.from);
        let rank = |task| match shows(task, &span) {
            true => rank(model, task, from, span.to),
            false => (GONE, Reverse(0)),
        };
        // Equal ranks stay in the order of their spawn.
        self.ranks.extend(next.map(|(at, task)| (rank(task), at, task.id)));
    }
}

/// Whether a presenter has moved from one to the other: further than a freeze does, and less far than a pan.
fn moved(from: &Span, to: &Span) -> bool {
    let columns = (to.blank + to.columns) as u64;
    from.per_column != to.per_column || from.to.0.abs_diff(to.to.0) > to.per_column.0 * columns / 16
}

/// Whether anything of a task can be seen: it was there before the right edge, and not over before the left one.
fn shows(task: &Task, span: &Span) -> bool {
    task.spawned_at < span.to && task.ended_at().is_none_or(|over| over > span.from)
}

fn rank(model: &Model, task: &Task, from: RunInstant, to: RunInstant) -> Rank {
    let (mut blocked, mut waited) = (Nanos::ZERO, Nanos::ZERO);
    model.problems(task.id, from, to, NOTABLE_WAIT, |interval| match interval.state {
        State::Blocking if task.on_shared_lane => blocked = blocked.max(interval.len()),
        State::Queued | State::Unnoticed => waited = waited.max(interval.len()),
        _ => {}
    });
    let octave = |length: Nanos| Reverse(64 - (length.0 / NOTABLE_WAIT.0).leading_zeros());
    match task.ended.filter(|(at, _)| *at < to) {
        _ if blocked > Nanos::ZERO => (0, octave(blocked)),
        Some((at, outcome)) if at + NEWS >= to && is_bad(outcome) => (1, Reverse(0)),
        None if task.orphaned.is_some_and(|at| at < to) => (1, Reverse(0)),
        None if waited >= NOTABLE_WAIT => (2, octave(waited)),
        None => (3, Reverse(0)),
        Some(_) => (4, Reverse(0)),
    }
}

/// An end that somebody should look into.
pub fn is_bad(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Completed | Outcome::Cancelled | Outcome::Unknown => false,
        Outcome::Failed
        | Outcome::TimedOut
        | Outcome::Panicked
        | Outcome::UnobservedFailure
        | Outcome::NeverStarted
        | Outcome::Lost => true,
    }
}
