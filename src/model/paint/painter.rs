//! Assigns intervals and slices to the cells of a row. The intervals and slices come in order of
//! time.

use super::super::state::{State, StateInterval};
use super::grid::Grid;
use super::{Cell, LaneBreakdown, LaneCell, TimeBreakdown, Window};
use crate::record::{Nanos, RunInstant, TaskId};

/// Paints the row of a task.
#[derive(Debug)]
pub(in crate::model) struct Painter {
    grid: Grid,
    cells: Vec<TimeBreakdown>,
}

impl Painter {
    /// Creates a painter that paints nothing outside `from..to`.
    pub(crate) fn new(window: Window, from: RunInstant, to: RunInstant) -> Painter {
        Painter {
            grid: Grid::new(window, from, to),
            cells: vec![TimeBreakdown::default(); window.columns],
        }
    }

    /// The span of time that is painted.
    pub(crate) fn bounds(&self) -> (RunInstant, RunInstant) {
        self.grid.bounds()
    }

    /// The cell that contains all of `from..to`; `None` if no single cell contains it.
    #[inline]
    pub(crate) fn cell_containing(&mut self, from: RunInstant, to: RunInstant) -> Option<&mut TimeBreakdown> {
        let column = self.grid.column_containing(from, to)?;
        Some(&mut self.cells[column])
    }

    /// If a single cell contains all of `from..to`, adds `summary` to this cell and returns `true`.
    /// Otherwise paints nothing and returns `false`.
    #[inline]
    pub(crate) fn add_whole(&mut self, from: RunInstant, to: RunInstant, summary: &TimeBreakdown) -> bool {
        let cell = self.cell_containing(from, to).map(|cell| cell.merge(summary));
        cell.is_some()
    }

    #[inline]
    pub(crate) fn add(&mut self, interval: &StateInterval) {
        let cells = &mut self.cells;
        self.grid.for_each_column(interval.from, interval.to, |column, part| {
            cells[column].add(interval, part);
        });
    }

    /// Replaces the content of `cells` with the row. `on_worker`: the task has held a worker of an
    /// async runtime.
    pub(crate) fn finish(self, on_worker: bool, cells: &mut Vec<Cell>) {
        cells.clear();
        cells.extend(self.cells.iter().enumerate().map(|(column, breakdown)| {
            let state = breakdown.state(self.grid.width(column), on_worker);
            let share = |time| self.grid.share(column, time);
            Cell {
                state,
                share: state.map_or(0.0, |state| share(breakdown.time(state, on_worker))),
                most: breakdown.most(self.grid.width(column), on_worker),
                held_share: share(breakdown.held()),
            }
        }));
    }
}

/// Paints the row of a lane.
#[derive(Debug)]
pub(in crate::model) struct LanePainter {
    grid: Grid,
    cells: Vec<LaneBreakdown>,
}

impl LanePainter {
    /// Creates a painter that paints nothing outside `from..to`.
    pub(crate) fn new(window: Window, from: RunInstant, to: RunInstant) -> LanePainter {
        LanePainter {
            grid: Grid::new(window, from, to),
            cells: vec![LaneBreakdown::default(); window.columns],
        }
    }

    /// The span of time that is painted.
    pub(crate) fn bounds(&self) -> (RunInstant, RunInstant) {
        self.grid.bounds()
    }

    /// If a single cell contains all of `from..to`, adds `summary` to this cell and returns `true`.
    /// Otherwise paints nothing and returns `false`.
    #[inline]
    pub(crate) fn add_whole(&mut self, from: RunInstant, to: RunInstant, summary: &LaneBreakdown) -> bool {
        let column = self.grid.column_containing(from, to);
        if let Some(column) = column {
            self.cells[column].merge(summary);
        }
        column.is_some()
    }

    /// Paints a slice and its blocking parts. The parts come in order of time.
    #[inline]
    pub(crate) fn slice(
        &mut self,
        task: TaskId,
        from: RunInstant,
        to: RunInstant,
        blocking: impl Iterator<Item = (RunInstant, RunInstant)>,
    ) {
        let (cells, len) = (&mut self.cells, to - from);
        self.grid
            .for_each_column(from, to, |column, part| cells[column].add(task, len, part));
        for (from, to) in blocking {
            self.grid
                .for_each_column(from, to, |column, part| cells[column].block(task, len, part));
        }
    }

    /// Replaces the content of `cells` with the row. `on_worker`: the lane is a worker of an async
    /// runtime, and slices of at least `hogging_poll` are hogging.
    pub(crate) fn finish(self, on_worker: bool, hogging_poll: Nanos, cells: &mut Vec<LaneCell>) {
        cells.clear();
        cells.extend(self.cells.iter().enumerate().map(|(column, breakdown)| {
            let task = breakdown.task();
            let state = if breakdown.is_blocked() {
                State::Blocking
            } else if breakdown.longest() >= hogging_poll {
                State::Hogging
            } else {
                State::Running
            };
            LaneCell {
                state: task.map(|_| state.on_lane(on_worker)),
                share: self.grid.share(column, breakdown.time(state)),
                task,
                held_share: self.grid.share(column, breakdown.busy),
            }
        }));
    }
}
