//! In which order tasks stand.
//!
//! By default the worst of what is on screen comes first: who blocked a lane, then who waited longest to be noticed or to
//! run. A class cannot follow rows that dance, so rows change places at most once a second, lengths count only by powers
//! of two, and a frozen view keeps its order. One exception: a task that begins to block comes to the top at once, since
//! it is what everybody is looking for.

use super::family;
use super::view::View;
use crate::model::paint::WORTH_SEEING;
use crate::model::{Model, State, Task};
use crate::record::{Nanos, Outcome, TaskId};
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
    sorted_at: Option<Nanos>,
    /// A ranking by trouble that goes on over several frames.
    pass: Option<Pass>,
}

/// A ranking under way.
struct Pass {
    from: Nanos,
    to: Nanos,
    /// Of the model's first tasks.
    ranks: Vec<(Rank, usize, TaskId)>,
}

/// Sorts ascending: the smaller, the higher up.
type Rank = (u8, Reverse<u32>);

impl Order {
    /// No tasks yet.
    pub fn new(by: SortBy) -> Order {
        Order {
            by,
            tasks: Vec::new(),
            sorted_at: None,
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

    /// The tasks, first row first.
    pub fn tasks(&self) -> &[TaskId] {
        &self.tasks
    }

    /// Follows the model, at its pace.
    pub fn refresh(&mut self, model: &Model, view: &View) {
        if self.pass.is_none() {
            if !self.is_due(model, view.is_live()) {
                return;
            }
            self.sorted_at = Some(model.now());
            if self.by == SortBy::Trouble {
                let span = view.span(model.now());
                self.pass = Some(Pass {
                    from: span.from.max(span.to - MEMORY),
                    to: span.to,
                    ranks: Vec::with_capacity(model.tasks().len()),
                });
            }
        }
        let sorted: Vec<TaskId> = match self.pass.take() {
            Some(mut pass) => {
                pass.go_on(model);
                if pass.ranks.len() < model.tasks().len() {
                    self.pass = Some(pass);
                    return;
                }
                pass.ranks.sort_unstable();
                pass.ranks.into_iter().map(|(.., id)| id).collect()
            }
            None => {
                let from = view.span(model.now()).from;
                let mut tasks: Vec<&Task> = match self.by {
                    SortBy::Spawn => family::tree(model),
                    SortBy::Name | SortBy::Trouble => model.tasks().iter().collect(),
                };
                if self.by == SortBy::Name {
                    tasks.sort_by_key(|task| (task.group, task.index));
                }
                // What was over before the left edge has nothing to show.
                let shows = |task: &&Task| task.over_at().is_none_or(|over| over > from);
                let (first, last): (Vec<_>, Vec<_>) = tasks.into_iter().partition(shows);
                first.into_iter().chain(last).map(|task| task.id).collect()
            }
        };
        self.tasks = sorted;
    }

    fn is_due(&self, model: &Model, live: bool) -> bool {
        let Some(sorted_at) = self.sorted_at else { return true };
        let age = model.now() - sorted_at;
        live && (age >= PACE
            || age >= URGENT && (model.tasks().len() != self.tasks.len() || self.misses_a_block(model)))
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
        let (from, to) = (self.from, self.to);
        // Equal ranks stay in the order of their spawn.
        self.ranks
            .extend(next.map(|(at, task)| (rank(model, task, from, to), at, task.id)));
    }
}

fn rank(model: &Model, task: &Task, from: Nanos, to: Nanos) -> Rank {
    let (mut blocked, mut waited) = (Nanos::ZERO, Nanos::ZERO);
    model.stretches(task.id, from, to, |stretch| match stretch.state {
        State::Blocking if task.on_shared_lane => blocked = blocked.max(stretch.len()),
        State::Queued | State::Unnoticed => waited = waited.max(stretch.len()),
        _ => {}
    });
    let octave = |length: Nanos| Reverse(64 - (length.0 / WORTH_SEEING.0).leading_zeros());
    match task.ended {
        _ if blocked > Nanos::ZERO => (0, octave(blocked)),
        Some((at, outcome)) if at >= from && is_bad(outcome) => (1, Reverse(0)),
        None if task.orphaned.is_some() => (1, Reverse(0)),
        None if waited >= WORTH_SEEING => (2, octave(waited)),
        None => (3, Reverse(0)),
        Some(_) => (4, Reverse(0)),
    }
}

/// An end that somebody should look into.
fn is_bad(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Completed | Outcome::Cancelled => false,
        Outcome::Failed
        | Outcome::TimedOut
        | Outcome::Panicked
        | Outcome::FailedUnseen
        | Outcome::NeverStarted
        | Outcome::Lost => true,
    }
}
