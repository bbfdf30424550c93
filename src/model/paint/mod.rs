//! Turns a span of time into a row of cells, and decides what a cell shows if it covers more than
//! one state.
//!
//! A cell shows the worst state that it covers. But a healthy task must not seem to have problems:
//!
//! 1. If the cell covers any blocking time, even 1 ns, it shows blocking. If it covers any hogging
//!    time and no notable wait (rules 2 and 3), it shows hogging.
//! 2. A queued or unnoticed interval is *notable* if its whole duration is at least
//!    [`NOTABLE_WAIT`]. If half of the cell's time is shorter than [`NOTABLE_WAIT`], an interval of
//!    half the cell's time is enough. The cell shows the longest notable interval that overlaps it.
//!    So an interval of 2 ms is visible at any zoom. An interval of half a cell is visible even if
//!    it lies on the boundary between two cells. Normal queueing for some microseconds is not
//!    visible. The granularity of timers is not visible either: tokio rounds each deadline up to
//!    the next millisecond, so every task with a timer is unnoticed for up to 1.1 ms.
//! 3. Many short queued or unnoticed intervals are also notable if together they fill more than
//!    half of the cell.
//! 4. The cell shows running or sleeping, whichever is longer, if the task holds a lane for an
//!    eighth of the cell's time, because a task that does some work must not look idle.
//! 5. Otherwise the cell shows the state that fills most of it. A cell shows an end only if it
//!    covers no other state.
//!
//! Each cell also contains the share of its time that the shown state covers. So a view can draw a
//! delay of 1 ms in a cell of 25 ms as a speck, and a delay of 25 ms as a pillar. If the shown
//! state is a speck, [`Cell::most`] says which state the cell mostly covers.
//!
//! The module `painter` assigns intervals to cells. The module `grid` computes the positions of the
//! cells. The module `breakdown` adds up the times in one cell and applies the rule above.

mod breakdown;
mod grid;
mod painter;

pub(super) use breakdown::{LaneBreakdown, TimeBreakdown};
pub(super) use painter::{LanePainter, Painter};

use super::state::State;
use crate::record::{Nanos, RunInstant, TaskId};

/// A queued or unnoticed interval of this length is visible at any zoom.
pub const NOTABLE_WAIT: Nanos = Nanos::from_millis(2);

/// The time that a row shows, divided into cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The first instant of the window.
    pub from: RunInstant,
    /// The first instant after the window.
    pub to: RunInstant,
    /// The number of cells.
    pub columns: usize,
}

impl Window {
    /// The first instant of the cell `column`. The first cell has the number 0. If `column` equals
    /// `columns`, the result is the end of the window.
    pub fn edge(&self, column: usize) -> RunInstant {
        let (span, columns) = ((self.to - self.from).0, self.columns.max(1) as u64);
        let column = column as u64;
        self.from + Nanos(span / columns * column + span % columns * column / columns)
    }
}

/// What a cell of a task's row shows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Cell {
    /// The state. `None` if the cell lies before the spawn, before the horizon, or in the future.
    pub state: Option<State>,
    /// The share of the cell in which the task was in this state, 0–1. If the state is waiting or
    /// suspended, this is the share of both together. The share is 0 only if the task has ended, or
    /// if there is no state.
    pub share: f32,
    /// The state in which the task was for more than half of the cell, if any.
    pub most: Option<State>,
    /// The share of the cell in which the task held a lane, 0–1.
    pub held_share: f32,
}

/// What a cell of a lane's row shows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LaneCell {
    /// [`State::Blocking`] if a task blocked the lane at any time in the cell, otherwise
    /// [`State::Hogging`] if a slice of the cell is hogging, otherwise [`State::Running`] if a task
    /// ran. For threads that may be held: sleeping instead of blocking, and running instead of
    /// hogging. `None` if the lane was idle, or if the cell lies before
    /// the horizon or in the future.
    pub state: Option<State>,
    /// The share of the cell in which the lane was in this state, 0–1.
    pub share: f32,
    /// The task with the longest slice in the cell. If `state` is blocking, only slices that block
    /// in this cell are compared.
    pub task: Option<TaskId>,
    /// The share of the cell in which the lane was held, 0–1.
    pub held_share: f32,
}
