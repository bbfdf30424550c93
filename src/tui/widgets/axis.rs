//! The time axis: tick labels above the lanes, and a mark at each cue and each injected block.
//!
//! A live axis shows how long ago something happened, because viewers of a moving picture want to
//! know this. A frozen axis shows the time since the start of the run, because users want to note
//! exact instants.

use crate::record::{Mark, Nanos, RunInstant};
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::state::{Panel, TimeSpan};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The minimum distance between two ticks, in columns: the width of a label and a gap.
const TICK_DISTANCE: u64 = 12;

/// A label on the axis. The label names the instant at the end of the column `column`, so the last
/// character of the label is above this column.
#[derive(PartialEq, Eq, Debug)]
struct Tick {
    column: usize,
    label: String,
}

/// Draws the axis row.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let theme = context.theme;
    let row = context.layout.grid.row(area.y);
    let name_style = context.heading_style(Panel::Lanes);
    buf.set_stringn(row.name.x, area.y, "lanes", usize::from(row.name.width), name_style);
    let detail = if context.is_live() { " busy  now" } else { " busy  then" };
    buf.set_stringn(
        row.detail.x,
        area.y,
        detail,
        usize::from(row.detail.width),
        theme.quiet(),
    );
    let marks = render_marks(context, row.time, buf);
    for tick in ticks(&context.span, context.is_live()) {
        let width = text::width(&tick.label);
        let covers = |mark: &usize| (tick.column + 1..=tick.column + width).contains(&(mark + width));
        if !marks.iter().any(covers) {
            tick.render(row.time, theme.quiet(), buf);
        }
    }
}

/// Draws the visible marks and returns their columns.
fn render_marks(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) -> Vec<usize> {
    let mut columns = Vec::new();
    for marked in context.model.marks() {
        let Some(column) = context.span.column(marked.at) else {
            continue;
        };
        let style = match marked.mark {
            Mark::Injected(_) => context.theme.bad(),
            Mark::Cue(_) => context.theme.strong(),
        };
        buf.set_string(area.x + column as u16, area.y, "▼", style);
        columns.push(column);
    }
    columns
}

impl Tick {
    fn render(&self, area: Rect, style: Style, buf: &mut Buffer) {
        let width = text::width(&self.label);
        if let Some(start) = (self.column + 1).checked_sub(width) {
            buf.set_stringn(area.x + start as u16, area.y, &self.label, width, style);
        }
    }
}

/// The ticks of the axis, from right to left.
fn ticks(span: &TimeSpan, live: bool) -> Vec<Tick> {
    let step = round_up(TICK_DISTANCE * span.per_column.0);
    if live {
        live_ticks(span, step)
    } else {
        frozen_ticks(span, step)
    }
}

/// Returns a tick at the present, and a tick at each multiple of `step` nanoseconds before the
/// present.
fn live_ticks(span: &TimeSpan, step: u64) -> Vec<Tick> {
    let columns = (span.blank + span.columns) as u64;
    let mut ticks = vec![Tick {
        column: columns as usize - 1,
        label: "now".to_owned(),
    }];
    for i in 1.. {
        let columns_back = i * step / span.per_column.0;
        if columns_back + 1 > columns {
            break;
        }
        ticks.push(Tick {
            column: (columns - 1 - columns_back) as usize,
            label: format!("−{}", text::round_duration(Nanos(i * step))),
        });
    }
    ticks
}

/// A tick at each visible instant that is a multiple of `step` nanoseconds after the run's start.
fn frozen_ticks(span: &TimeSpan, step: u64) -> Vec<Tick> {
    let mut ticks = Vec::new();
    let mut at = span.to.0 / step * step;
    while at > span.from.0 {
        let column = span.blank as u64 + (at - span.from.0) / span.per_column.0;
        ticks.push(Tick {
            column: column as usize - 1,
            label: text::instant(RunInstant::new(at), Nanos(step)),
        });
        at -= step;
    }
    ticks
}

/// Rounds `n` up to 1, 2 or 5 times a power of ten.
fn round_up(n: u64) -> u64 {
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
    use crate::tui::state::{KnownTime, Viewport};

    fn labels(ticks: Vec<Tick>) -> Vec<(usize, String)> {
        ticks.into_iter().map(|tick| (tick.column, tick.label)).collect()
    }

    #[test]
    fn a_live_axis_shows_how_long_ago_each_tick_was() {
        let span = Viewport::new(100).span(RunInstant::from_millis(7_412));
        assert_eq!(
            labels(ticks(&span, true))[..3],
            [(99, "now".into()), (74, "−500 ms".into()), (49, "−1 s".into())]
        );
    }

    #[test]
    fn the_labels_of_a_frozen_axis_are_round_instants() {
        let mut viewport = Viewport::new(100);
        let now = RunInstant::from_millis(7_412);
        viewport.freeze(KnownTime {
            oldest: RunInstant::ZERO,
            now,
        });
        let ticks = labels(ticks(&viewport.span(now), false));
        let labels: Vec<_> = ticks.into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["7 s", "6.5 s", "6 s", "5.5 s"]);
    }
}
