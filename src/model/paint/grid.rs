//! The positions of a row's cells in time.

use super::Window;
use crate::record::{Nanos, RunInstant};

/// The edges of a row's cells, and the span of time that may be painted. Callers look up instants
/// in ascending order only. So a lookup moves forward from the previous column and needs no search.
#[derive(Debug)]
pub(super) struct Grid {
    edges: Vec<RunInstant>,
    bounds: (RunInstant, RunInstant),
    column: usize,
}

impl Grid {
    /// Creates the grid of `window`. Nothing outside `from..to` may be painted.
    pub(super) fn new(window: Window, from: RunInstant, to: RunInstant) -> Grid {
        let bounds = if window.columns == 0 {
            (RunInstant::ZERO, RunInstant::ZERO)
        } else {
            (window.from.max(from), window.to.min(to))
        };
        Grid {
            edges: (0..=window.columns).map(|column| window.edge(column)).collect(),
            bounds,
            column: 0,
        }
    }

    /// The span of time that may be painted.
    pub(super) fn bounds(&self) -> (RunInstant, RunInstant) {
        self.bounds
    }

    /// The column that contains `at`. `at` must lie within the bounds, and must not be earlier than
    /// in the previous call.
    #[inline]
    fn seek(&mut self, at: RunInstant) -> usize {
        while self.edges[self.column + 1] <= at {
            self.column += 1;
        }
        self.column
    }

    /// The column that contains all of `from..to`; `None` if no single column contains it.
    #[inline]
    pub(super) fn column_containing(&mut self, from: RunInstant, to: RunInstant) -> Option<usize> {
        if from < self.bounds.0 || to > self.bounds.1 || from >= to {
            return None;
        }
        let column = self.seek(from);
        (to <= self.edges[column + 1]).then_some(column)
    }

    /// Calls `each` with every column that overlaps `from..to`, and with the duration of the
    /// overlap.
    #[inline]
    pub(super) fn for_each_column(&mut self, from: RunInstant, to: RunInstant, mut each: impl FnMut(usize, Nanos)) {
        let (mut at, to) = (from.max(self.bounds.0), to.min(self.bounds.1));
        if at >= to {
            return;
        }
        let mut column = self.seek(at);
        while at < to {
            let edge = self.edges[column + 1];
            if edge > at {
                each(column, edge.min(to) - at);
                at = edge;
            }
            column += 1;
        }
    }

    /// The time that a column covers.
    pub(super) fn width(&self, column: usize) -> Nanos {
        self.edges[column + 1] - self.edges[column]
    }

    /// `time` as a share of the time that a column covers, 0–1.
    pub(super) fn share(&self, column: usize, time: Nanos) -> f32 {
        (time.0 as f64 / self.width(column).0.max(1) as f64).min(1.0) as f32
    }
}
