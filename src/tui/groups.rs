//! One row per group of tasks: what its polls, its waits and its repetitions have been like since the run's start. Drawn where
//! tasks leave room: then there are few groups, and somebody wants to compare them.
//!
//! ```text
//!  groups      finished   repetition p50     p99   poll p50     p99  delay p99  late p99
//!  eager            128           102 ms  104 ms     1.9 ms  2.2 ms      80 µs    1.1 ms
//!  lazy             128           101 ms  103 ms      12 µs   40 µs      70 µs    1.1 ms
//! ```

use super::frame_context::FrameContext;
use crate::model::{Group, Model};
use crate::record::{GroupId, Outcome};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// A group's name and numbers, as they are written. They cost more than a frame may spend on each of them, so they are made
/// only now and then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    id: GroupId,
    cells: [String; COLUMNS.len()],
}

/// Headings, and columns of each.
const COLUMNS: [(&str, usize); 7] = [
    ("finished", 9),
    ("repetition p50", 17),
    ("p99", 8),
    ("poll p50", 11),
    ("p99", 8),
    ("delay p99", 11),
    ("late p99", 10),
];

/// The groups that the scenario made and that have begun, in the order of their ids.
pub fn summaries(model: &Model) -> Vec<Summary> {
    let begun = |group: &&Group| !group.library && group.spawned > 0;
    model.groups().iter().filter(begun).map(summary).collect()
}

fn summary(group: &Group) -> Summary {
    let [repetition, poll, delay, late] = [
        group.repetition_time(),
        group.poll_time(),
        group.delay(),
        group.lateness(),
    ];
    let finished = group.repetitions[Outcome::Completed as usize];
    let time = |count: u64, length| match count {
        0 => "–".to_owned(),
        _ => text::duration(length),
    };
    Summary {
        id: group.id,
        cells: [
            text::count(finished),
            time(repetition.count, repetition.p50),
            time(repetition.count, repetition.p99),
            time(poll.count, poll.p50),
            time(poll.count, poll.p99),
            time(delay.count, delay.p99),
            time(late.count, late.p99),
        ],
    }
}

/// Draws the table; what does not fit at its right is left out whole.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let summaries = context.app.groups();
    let names = summaries.iter().map(|summary| text::width(&name(context, summary)));
    let width = names.max().unwrap_or(0).clamp(9, 24);
    let headings = COLUMNS.map(|(heading, _)| heading.to_owned());
    let heading = line(
        width,
        Span::styled("groups", context.theme.strong()),
        &headings,
        area.width,
    );
    heading.style(context.theme.quiet()).render(area, buf);
    for (y, summary) in (area.y + 1..area.bottom()).zip(summaries) {
        let name = text::fit(&name(context, summary), width).into_owned();
        let name = Span::styled(name, context.theme.group(context.group_position(summary.id)));
        line(width, name, &summary.cells, area.width).render(Rect { y, height: 1, ..area }, buf);
    }
}

fn name(context: &FrameContext<'_>, summary: &Summary) -> String {
    context
        .model
        .group(summary.id)
        .map_or(String::new(), |group| group.name.clone())
}

fn line(width: usize, name: Span<'static>, cells: &[String], most: u16) -> Line<'static> {
    let padding = " ".repeat((width + 1).saturating_sub(name.width()));
    let mut line = Line::from(vec![Span::raw(" "), name, Span::raw(padding)]);
    for (cell, (_, columns)) in cells.iter().zip(COLUMNS) {
        if line.width() + columns > usize::from(most) {
            break;
        }
        line.push_span(Span::raw(format!("{cell:>columns$}")));
    }
    line
}
