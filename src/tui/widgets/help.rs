//! The help page. The left side lists every action with its keys. The right side lists every state
//! with its glyph and meaning. Beside the glyph of a state, the legend shows how the state looks if
//! it covers only a small share of a column.

use crate::model::State;
use crate::record::{Outcome, Reason};
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::keys::{KeyRow, key_table};
use crate::tui::theme::{ORPHANED, glyph};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use strum::VariantArray;

/// The states of a task that has not ended, and the meaning of each state.
const MEANINGS: [(State, &str); 8] = [
    (State::Running, "computes on a lane"),
    (State::Hogging, "a poll of 10 ms or more"),
    (State::Blocking, "sleeps on a worker!"),
    (State::Sleeping, "sleeps on its own thread"),
    (State::Queued, "woken, waits for a lane"),
    (State::Unnoticed, "ready, but not yet woken"),
    (State::Waiting(Reason::Lock), "waits for another task"),
    (State::Suspended(Reason::Unknown), "waits for time or I/O"),
];

/// What the second sign of a state means.
const SECOND_SIGN: &str = " second sign: a small share of the column ";
/// The share that the second sign of a state shows.
const SMALL_SHARE: f64 = 0.25;

/// The width of the legend, in columns.
const LEGEND_WIDTH: u16 = 28;
/// The width of a glyph in the legend and the gap after the glyph, in columns.
const GLYPH_WIDTH: u16 = 3;

/// Draws the help page over the other parts of the screen.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let keys = KeyTable::new();
    let width = (keys.width() + 3 + LEGEND_WIDTH + 4).min(area.width);
    let height = (keys.rows.len().max(legend_height()) as u16 + 2).min(area.height);
    let page = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(page, buf);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(context.theme.quiet())
        .title(" keys and glyphs ")
        .title_bottom(Line::styled(SECOND_SIGN, context.theme.quiet()).right_aligned())
        .title_style(context.theme.strong());
    let inside = block.inner(page);
    block.render(page, buf);

    let legend = Rect {
        x: inside.right().saturating_sub(LEGEND_WIDTH),
        width: LEGEND_WIDTH,
        ..inside
    };
    let x = inside.x + 1;
    let width = legend.x.saturating_sub(x + 1);
    keys.render(context, Rect { x, width, ..inside }, buf);
    render_legend(context, legend, buf);
}

/// One row for each action and its keys.
struct KeyTable {
    rows: Vec<(String, &'static str)>,
    keys_width: u16,
}

impl KeyTable {
    fn new() -> KeyTable {
        let row = |row: KeyRow| (row.keys.join(" "), row.description);
        let rows: Vec<_> = key_table().into_iter().map(row).collect();
        let keys_width = rows.iter().map(|(keys, _)| text::width(keys)).max().unwrap_or(0) as u16;
        KeyTable { rows, keys_width }
    }

    fn width(&self) -> u16 {
        let widths = self.rows.iter().map(|(_, description)| text::width(description));
        self.keys_width + 2 + widths.max().unwrap_or(0) as u16
    }

    fn render(&self, context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
        let x = area.x + self.keys_width + 2;
        let width = usize::from(area.right().saturating_sub(x));
        for (y, (keys, description)) in (area.y..area.bottom()).zip(&self.rows) {
            buf.set_string(area.x, y, keys, context.theme.strong());
            buf.set_stringn(x, y, description, width, Style::new());
        }
    }
}

/// The height of the legend, in rows: two rows for each entry of [`MEANINGS`], one row for each
/// outcome, and one row for the mark of orphans.
fn legend_height() -> usize {
    MEANINGS.len() * 2 + Outcome::VARIANTS.len() + 1
}

fn render_legend(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let theme = context.theme;
    let x = area.x + GLYPH_WIDTH;
    let width = usize::from(area.width - GLYPH_WIDTH) - 1;
    let mut rows = area.y..area.bottom();
    let mut row = |glyphs: Line<'_>, text: &str, text_style| {
        if let Some(y) = rows.next() {
            buf.set_line(area.x, y, &glyphs, GLYPH_WIDTH);
            buf.set_stringn(x, y, text, width, text_style);
        }
    };
    for (state, meaning) in MEANINGS {
        let (second, second_style) = match state {
            State::Waiting(_) | State::Suspended(_) => (glyph(state), theme.state(state)),
            _ => theme.small(state, SMALL_SHARE, None, (0, 1)),
        };
        let glyphs = [
            Span::styled(glyph(state), theme.state(state)),
            Span::styled(second, second_style),
        ];
        row(Line::from_iter(glyphs), state.into_str(), theme.word(state));
        row(Line::default(), meaning, theme.quiet());
    }
    for state in Outcome::VARIANTS.iter().copied().map(State::Ended) {
        let glyph = Line::styled(glyph(state), theme.state(state));
        row(glyph, state.into_str(), theme.word(state));
    }
    let orphaned = Line::styled(ORPHANED, theme.bad());
    row(orphaned, "orphaned: not awaited", theme.bad());
}
