//! In which order tasks stand.
//!
//! By default the worst of what is on screen comes first: who blocked a lane, then who waited longest to be noticed or to
//! run. A class cannot follow rows that dance, so rows change places at most once a second, lengths count only by powers
//! of two, and a frozen view keeps its order. One exception: a task that begins to block comes to the top at once, since
//! it is what everybody is looking for.

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

/// What decides the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SortBy {
    /// The worst on screen first.
    Trouble,
    /// By group, then by number.
    Name,
    /// The oldest first.
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
}

impl Order {
    /// No tasks yet.
    pub fn new(by: SortBy) -> Order {
        Order {
            by,
            tasks: Vec::new(),
            sorted_at: None,
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
    }

    /// The tasks, first row first.
    pub fn tasks(&self) -> &[TaskId] {
        &self.tasks
    }

    /// Follows the model, at its pace.
    pub fn refresh(&mut self, model: &Model, view: &View) {
        if !self.is_due(model, view.is_live()) {
            return;
        }
        self.sorted_at = Some(model.now());
        let mut tasks: Vec<&Task> = model.tasks().iter().collect();
        match self.by {
            SortBy::Spawn => {}
            SortBy::Name => tasks.sort_by_key(|task| (task.group, task.index)),
            SortBy::Trouble => {
                let span = view.span(model.now());
                let from = span.from.max(span.to - MEMORY);
                tasks.sort_by_cached_key(|task| rank(model, task, from, span.to));
            }
        }
        self.tasks.clear();
        self.tasks.extend(tasks.into_iter().map(|task| task.id));
    }

    fn is_due(&self, model: &Model, live: bool) -> bool {
        let Some(sorted_at) = self.sorted_at else { return true };
        let age = model.now() - sorted_at;
        live && (age >= PACE
            || age >= URGENT && (model.tasks().len() != self.tasks.len() || self.misses_a_block(model)))
    }

    /// Whether somebody blocks a lane for a while and stands below where blockers stand.
    fn misses_a_block(&self, model: &Model) -> bool {
        let blockers = model.lanes().iter().filter_map(|lane| {
            let current = lane.current?;
            let since = current.blocking_since?;
            (model.now() - since >= LONG_BLOCK).then_some(current.task)
        });
        let top = &self.tasks[..self.tasks.len().min(model.lanes().len())];
        self.by == SortBy::Trouble && blockers.into_iter().any(|task| !top.contains(&task))
    }
}

/// Sorts ascending: the smaller, the higher up. Equal ranks stay in the order of their spawn.
fn rank(model: &Model, task: &Task, from: Nanos, to: Nanos) -> (u8, Reverse<u32>) {
    let (mut blocked, mut waited) = (Nanos::ZERO, Nanos::ZERO);
    model.stretches(task.id, from, to, |stretch| match stretch.state {
        State::Blocking => blocked = blocked.max(stretch.len()),
        State::Queued | State::Unnoticed => waited = waited.max(stretch.len()),
        _ => {}
    });
    let octave = |length: Nanos| Reverse(64 - (length.0 / WORTH_SEEING.0).leading_zeros());
    match task.ended {
        _ if blocked > Nanos::ZERO => (0, octave(blocked)),
        Some((at, Outcome::Failed | Outcome::TimedOut | Outcome::Panicked)) if at >= from => (1, Reverse(0)),
        None if waited >= WORTH_SEEING => (2, octave(waited)),
        None => (3, Reverse(0)),
        Some(_) => (4, Reverse(0)),
    }
}
