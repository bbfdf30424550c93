//! How a span of time becomes a row of cells, and what a cell shows when it covers more than one
//! state.
//!
//! The rule is *worst news wins*, but a healthy task must not look sick:
//!
//! 1. Any blocking, however short, makes the cell blocking.
//! 2. A single queued or unnoticed interval is *notable* if its whole length is at least
//!    [`NOTABLE_WAIT`], or at least half a cell where that is shorter. The longest notable interval
//!    that touches the cell decides. So an interval of 2 ms is never averaged away at any zoom, and
//!    an interval of half a cell is never lost between two cells. Ordinary queueing for
//!    microseconds stays out of sight. So does the granularity of timers: tokio rounds deadlines up
//!    to its next millisecond, which leaves every timer unnoticed for up to 1.1 ms.
//! 3. Many short queued or unnoticed intervals are notable too if they fill more than half of the
//!    cell together.
//! 4. Running wins if it fills an eighth of the cell: a task that works is not idle.
//! 5. Otherwise the state that fills most of the cell wins. A cell shows an end only if no other
//!    state touches it.
//!
//! Each cell also says which share of it a lane was held, so that a poll of 50 µs in a cell of 25
//! ms can be drawn as a thin tick.
//!
//! `painter` puts intervals into cells, `grid` knows where the cells are, and `breakdown` adds up
//! what lies in one cell and applies the rule.

mod breakdown;
mod grid;
mod painter;

pub(super) use breakdown::{LaneBreakdown, TimeBreakdown};
pub(super) use painter::{LanePainter, Painter};

use super::state::State;
use crate::record::{GroupId, Nanos, RunInstant, TaskId};

/// A queued or unnoticed interval of this length is visible at any zoom.
pub const NOTABLE_WAIT: Nanos = Nanos::from_millis(2);

/// The time that a row shows, divided into cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The first instant.
    pub from: RunInstant,
    /// The first instant after the window.
    pub to: RunInstant,
    /// The number of cells.
    pub columns: usize,
}

impl Window {
    /// The first instant of the cell `column`, counted from 0. For `columns`, the end of the
    /// window.
    pub fn edge(&self, column: usize) -> RunInstant {
        let (span, columns) = ((self.to - self.from).0, self.columns.max(1) as u64);
        let column = column as u64;
        self.from + Nanos(span / columns * column + span % columns * column / columns)
    }
}

/// What a cell of a task's row shows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Cell {
    /// The state. `None`: the cell lies before the spawn, before the horizon, or in the future.
    pub state: Option<State>,
    /// The share of the cell in which the task held a lane, 0–1.
    pub held_share: f32,
}

/// What a cell of a lane's row shows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LaneCell {
    /// [`State::Blocking`] if a task blocked the lane at any time in the cell, else
    /// [`State::Running`] if a task ran. `None`: the lane was idle, or the cell lies before the
    /// horizon or in the future.
    pub state: Option<State>,
    /// The task with the longest slice in the cell. If the cell is blocking, the task with the
    /// longest slice among those that blocked in it.
    pub task: Option<TaskId>,
    /// The group of `task`.
    pub group: Option<GroupId>,
    /// The share of the cell in which the lane was held, 0–1.
    pub held_share: f32,
}
