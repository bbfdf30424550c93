//! The columns that lanes and tasks share. So a vertical line shows the same instant in every row.

use ratatui::layout::Rect;

/// A column of the grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Column {
    x: u16,
    width: u16,
}

impl Column {
    fn at(self, y: u16) -> Rect {
        Rect {
            x: self.x,
            y,
            width: self.width,
            height: 1,
        }
    }
}

/// The columns that lanes and tasks share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Grid {
    name: Column,
    time: Column,
    detail: Column,
}

/// One row of the [`Grid`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// The cursor's column, at the left edge.
    pub(crate) cursor: Rect,
    /// The name of the lane or task.
    pub(crate) name: Rect,
    /// The timeline of the lane or task.
    pub(crate) time: Rect,
    /// A text about what the lane or task does at the visible instant.
    pub(crate) detail: Rect,
}

impl Grid {
    /// Divides `area` into columns. `name_width` is the width of the longest name, in cells.
    pub(super) fn new(area: Rect, name_width: usize) -> Grid {
        let max_name_width = match area.width {
            ..100 => 13,
            100..150 => 18,
            _ => 24,
        };
        let name_width = u16::try_from(name_width).unwrap_or(u16::MAX);
        let name = Column {
            x: area.x + 1,
            width: name_width.clamp(9, max_name_width),
        };
        let detail_width = match area.width {
            ..70 => 20,
            70..100 => 27,
            100..150 => 40,
            _ => 52,
        };
        let detail = Column {
            x: area.x + area.width - detail_width,
            width: detail_width,
        };
        let time_x = name.x + name.width + 1;
        let time = Column {
            x: time_x,
            width: detail.x - 2 - time_x,
        };
        Grid { name, time, detail }
    }

    /// The number of columns of the time axis.
    pub(crate) fn time_columns(&self) -> usize {
        usize::from(self.time.width)
    }

    /// The row at `y`.
    pub(crate) fn row(&self, y: u16) -> Row {
        let cursor = Column {
            x: self.name.x - 1,
            width: 1,
        };
        Row {
            cursor: cursor.at(y),
            name: self.name.at(y),
            time: self.time.at(y),
            detail: self.detail.at(y),
        }
    }
}
