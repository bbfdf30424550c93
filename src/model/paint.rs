//! A stretch of time as a row of cells: what each cell shows when it covers more than one thing.
//!
//! The rule is *worst news wins*, without painting a healthy task as sick:
//!
//! 1. Any blocking, however short, makes the cell blocking.
//! 2. A single stretch of waiting for a lane or for somebody to notice is *worth seeing* when it lasts, as a whole,
//!    2 ms, or half a cell if that is less. The longest such stretch that touches the cell decides. So a stretch of
//!    2 ms is never averaged away at any zoom, and one of half a cell never by straddling two cells; while the
//!    microseconds of ordinary queueing stay out of sight, and so does a timer's granularity: tokio rounds deadlines up
//!    to its next millisecond, which leaves every timer unnoticed for up to 1.1 ms.
//! 3. Many short such stretches that together fill more than half of the cell are worth seeing too.
//! 4. Running wins if it fills an eighth of the cell: a task that works is not idle.
//! 5. Otherwise that which fills most. A cell is ended only when nothing else touches it.
//!
//! Each cell also says what share of it was spent running, so that a poll of 50 µs in a cell of 25 ms can be a thin tick.

use super::state::{State, Stretch};
use crate::record::{GroupId, Nanos, Outcome, Reason, TaskId};

/// Waiting for this long is always worth seeing.
pub const WORTH_SEEING: Nanos = Nanos::from_millis(2);

/// A row's worth of time: `from` inclusive, `to` exclusive, in so many cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The first instant.
    pub from: Nanos,
    /// The first instant after it.
    pub to: Nanos,
    /// How many cells.
    pub columns: usize,
}

impl Window {
    /// The first instant of a cell; for `columns`, the end of the window.
    pub fn edge(&self, column: usize) -> Nanos {
        let span = u128::from((self.to - self.from).0);
        self.from + Nanos((span * column as u128 / self.columns.max(1) as u128) as u64)
    }

    /// The cell that holds an instant of the window.
    pub fn column(&self, at: Nanos) -> usize {
        let span = u128::from((self.to - self.from).0).max(1);
        let mut column = (u128::from((at - self.from).0) * self.columns as u128 / span) as usize;
        // Edges are rounded down, so the cell after may have begun.
        while column + 1 < self.columns && self.edge(column + 1) <= at {
            column += 1;
        }
        column.min(self.columns.saturating_sub(1))
    }

    fn width(&self) -> Nanos {
        Nanos((self.to - self.from).0 / self.columns.max(1) as u64)
    }
}

/// What a cell of a task's row shows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Cell {
    /// The state; `None`: it was not spawned yet, the time is forgotten, or it has not come.
    pub state: Option<State>,
    /// The share of the cell in which it held a lane, 0–1.
    pub ran: f32,
}

/// What a cell of a lane's row shows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LaneCell {
    /// [`State::Blocking`] if a task blocked the lane at any time in the cell, else [`State::Running`] if one ran;
    /// `None`: idle, forgotten, or not come yet.
    pub state: Option<State>,
    /// Who held the lane longest at one go; if the cell is blocking, of those who blocked.
    pub task: Option<TaskId>,
    /// That task's group.
    pub group: Option<GroupId>,
    /// The share of the cell in which the lane was held, 0–1.
    pub share: f32,
}

/// What lies in a task's cell so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mix {
    running: Nanos,
    blocking: Nanos,
    queued: Nanos,
    unnoticed: Nanos,
    suspended: Nanos,
    longest_queued: Nanos,
    longest_unnoticed: Nanos,
    longest_suspended: Nanos,
    reason: Reason,
    ended: Option<Outcome>,
}

impl Mix {
    /// `part` of a stretch lies in the cell.
    #[inline]
    pub fn add(&mut self, stretch: &Stretch, part: Nanos) {
        match stretch.state {
            State::Running => self.running += part,
            State::Blocking => self.blocking += part,
            State::Queued => {
                self.queued += part;
                self.longest_queued = self.longest_queued.max(stretch.len());
            }
            State::Unnoticed => {
                self.unnoticed += part;
                self.longest_unnoticed = self.longest_unnoticed.max(stretch.len());
            }
            State::Suspended(reason) => {
                self.suspended += part;
                if stretch.len() >= self.longest_suspended {
                    self.longest_suspended = stretch.len();
                    self.reason = reason;
                }
            }
            State::Ended(outcome) => self.ended = Some(outcome),
        }
    }

    fn state(&self, width: Nanos) -> Option<State> {
        if self.blocking > Nanos::ZERO {
            return Some(State::Blocking);
        }
        let worth_seeing = WORTH_SEEING.min(Nanos(width.0 / 2)).max(Nanos(1));
        let (queued, unnoticed) = (self.longest_queued, self.longest_unnoticed);
        if queued.max(unnoticed) >= worth_seeing {
            return Some(if queued > unnoticed {
                State::Queued
            } else {
                State::Unnoticed
            });
        }
        let covered = self.running + self.queued + self.unnoticed + self.suspended;
        if covered == Nanos::ZERO {
            return self.ended.map(State::Ended);
        }
        if (self.queued + self.unnoticed).0 > covered.0 / 2 {
            return Some(if self.queued > self.unnoticed {
                State::Queued
            } else {
                State::Unnoticed
            });
        }
        if self.running > Nanos::ZERO && (self.running.0 >= covered.0 / 8 || self.running >= self.suspended) {
            return Some(State::Running);
        }
        [
            (self.suspended, State::Suspended(self.reason)),
            (self.queued, State::Queued),
            (self.unnoticed, State::Unnoticed),
        ]
        .into_iter()
        .rev()
        .max_by_key(|&(time, _)| time)
        .map(|(_, state)| state)
    }
}

/// Puts the stretches of a row, in order, into its cells.
#[derive(Debug)]
pub(super) struct Painter {
    window: Window,
    mixes: Vec<Mix>,
}

impl Painter {
    pub fn new(window: Window) -> Painter {
        Painter {
            window,
            mixes: vec![Mix::default(); window.columns],
        }
    }

    pub fn stretch(&mut self, stretch: Stretch) {
        spread(&self.window, stretch.from, stretch.to, |column, part| {
            self.mixes[column].add(&stretch, part)
        });
    }

    pub fn finish(self, cells: &mut Vec<Cell>) {
        cells.clear();
        let width = self.window.width();
        cells.extend(self.mixes.iter().enumerate().map(|(column, mix)| Cell {
            state: mix.state(width),
            ran: share(
                mix.running + mix.blocking,
                self.window.edge(column),
                self.window.edge(column + 1),
            ),
        }));
    }
}

/// The part of a cell that `time` is, 0–1.
pub(super) fn share(time: Nanos, from: Nanos, to: Nanos) -> f32 {
    let width = (to - from).0.max(1);
    (time.0 as f64 / width as f64).min(1.0) as f32
}

/// The cells that `from..to` touches, each with how much of it lies there.
pub(super) fn spread(window: &Window, from: Nanos, to: Nanos, mut each: impl FnMut(usize, Nanos)) {
    let (from, to) = (from.max(window.from), to.min(window.to));
    if from >= to || window.columns == 0 {
        return;
    }
    let mut column = window.column(from);
    let mut at = from;
    while at < to {
        let edge = window.edge(column + 1);
        if edge > at {
            each(column, edge.min(to) - at);
            at = edge;
        }
        column += 1;
    }
}
