//! The groups table: one row per group of tasks. The table is drawn if the tasks leave enough room
//! for all groups. Then there are only a few groups, and the user probably wants to compare the
//! groups.
//!
//! ```text
//!  groups      finished   repetition p50     p99   poll p50     p99  delay p99  late p99
//!  eager            128           102 ms  104 ms     1.9 ms  2.2 ms      80 µs    1.1 ms
//!  lazy             128           101 ms  103 ms      12 µs   40 µs      70 µs    1.1 ms
//! ```
//!
//! The gauges above the table have the same names as some columns, but the gauges show the last
//! quarter of a second.

use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::state::group_table::{COLUMNS, GroupRow};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// The time span that the numbers of the table cover.
const WINDOW: &str = "   since the start";

/// Draws the table. If the last columns do not fit, they are omitted.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let rows = context.app.groups();
    let names = rows.iter().map(|row| text::width(name(context, row)));
    let name_width = names.max().unwrap_or(0).clamp(9, 24);
    let heading = Span::styled("groups", context.theme.strong());
    let headings = COLUMNS.iter().map(|column| column.heading);
    let heading = line(heading, name_width, headings, area.width);
    let end = area.x + heading.width() as u16;
    heading.style(context.theme.quiet()).render(area, buf);
    if usize::from(area.right() - end) >= WINDOW.len() {
        buf.set_string(end, area.y, WINDOW, context.theme.quiet());
    }
    for (y, row) in (area.y + 1..area.bottom()).zip(rows) {
        let name = text::fit(name(context, row), name_width).into_owned();
        let name = Span::styled(name, context.theme.group(context.group_position(row.id)));
        let cells = row.cells.iter().map(String::as_str);
        line(name, name_width, cells, area.width).render(Rect { y, height: 1, ..area }, buf);
    }
}

fn name<'a>(context: &FrameContext<'a>, row: &GroupRow) -> &'a str {
    let group = context.model.group(row.id);
    group.map_or("", |group| &group.name)
}

/// One line of the table, at most `max_width` columns wide.
fn line<'a>(
    name: Span<'static>,
    name_width: usize,
    cells: impl Iterator<Item = &'a str>,
    max_width: u16,
) -> Line<'static> {
    let padding = " ".repeat((name_width + 1).saturating_sub(name.width()));
    let mut line = Line::from(vec![Span::raw(" "), name, Span::raw(padding)]);
    for (cell, column) in cells.zip(COLUMNS) {
        let width = column.width;
        if line.width() + width > usize::from(max_width) {
            break;
        }
        line.push_span(Span::raw(format!("{cell:>width$}")));
    }
    line
}
