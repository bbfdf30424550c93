//! The time axis: tick labels above the lanes, and a mark where the presenter did something.
//!
//! A live axis counts back from now, since that is what an eye on a moving picture asks; a frozen one gives the run's own
//! clock, since that is what a note about it needs.

use super::frame_context::FrameContext;
use super::view::Span;
use crate::record::{Mark, Nanos, RunInstant};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns between two ticks, at least: a label and a gap.
const TICK: u64 = 12;

/// Draws the axis row.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let theme = context.theme;
    let row = context.layout.grid.row(area.y);
    buf.set_stringn(
        row.name.x,
        area.y,
        "lanes",
        usize::from(row.name.width),
        context.heading(super::app::Panel::Lanes),
    );
    buf.set_stringn(
        row.detail.x,
        area.y,
        if context.live() { " busy  now" } else { " busy  then" },
        usize::from(row.detail.width),
        theme.quiet(),
    );
    let mut marks = Vec::new();
    for marked in context.model.marks() {
        let Some(column) = context.span.column(marked.at) else {
            continue;
        };
        let style = match marked.mark {
            Mark::Injected(_) => theme.bad(),
            Mark::Cue(_) => theme.accent(),
        };
        buf.set_string(row.time.x + column as u16, area.y, "▼", style);
        marks.push(column);
    }
    for (column, label) in ticks(&context.span, context.live()) {
        let width = text::width(&label);
        let covers = |mark: &usize| (column + 1..=column + width).contains(&(mark + width));
        if !marks.iter().any(covers) {
            put(buf, row.time, column, &label, theme.quiet());
        }
    }
}

/// Writes a label whose *last* character stands over its column, as the instant that it names is the column's end.
fn put(buf: &mut Buffer, time: Rect, column: usize, label: &str, style: ratatui::style::Style) {
    let width = text::width(label);
    if column + 1 >= width {
        buf.set_stringn(time.x + (column + 1 - width) as u16, time.y, label, width, style);
    }
}

/// Which columns carry which labels, from right to left.
fn ticks(span: &Span, live: bool) -> Vec<(usize, String)> {
    let columns = (span.blank + span.columns) as u64;
    let step = round(TICK * span.per_column.0);
    let mut ticks = Vec::new();
    if live {
        ticks.push((columns as usize - 1, "now".to_owned()));
        for i in 1.. {
            let back = i * step / span.per_column.0;
            if back + 1 > columns {
                break;
            }
            ticks.push((
                (columns - 1 - back) as usize,
                format!("−{}", text::round_duration(Nanos(i * step))),
            ));
        }
    } else {
        let mut at = span.to.0 / step * step;
        while at > span.from.0 {
            let column = span.blank as u64 + (at - span.from.0) / span.per_column.0;
            ticks.push((column as usize - 1, text::instant(RunInstant::new(at), Nanos(step))));
            at -= step;
        }
    }
    ticks
}

/// The next 1, 2 or 5 times a power of ten, not below `n`.
fn round(n: u64) -> u64 {
    let mut unit = 1;
    loop {
        for multiple in [1, 2, 5] {
            if unit * multiple >= n {
                return unit * multiple;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::view::{Extent, View};

    #[test]
    fn a_live_axis_counts_back_from_now() {
        let span = View::new(100).span(RunInstant::from_millis(7_412));
        let labels: Vec<_> = ticks(&span, true).into_iter().take(3).collect();
        assert_eq!(
            labels,
            [(99, "now".into()), (74, "−500 ms".into()), (49, "−1 s".into())]
        );
    }

    #[test]
    fn a_frozen_axis_names_round_instants() {
        let mut view = View::new(100);
        let now = RunInstant::from_millis(7_412);
        view.freeze(Extent {
            horizon: RunInstant::ZERO,
            now,
        });
        let labels: Vec<_> = ticks(&view.span(now), false).into_iter().map(|(_, l)| l).collect();
        assert_eq!(labels, ["7 s", "6.5 s", "6 s", "5.5 s"]);
    }
}
