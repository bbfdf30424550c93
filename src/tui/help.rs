//! The help page: every action with its keys, and what the glyphs mean.

use super::action::Action;
use super::frame_context::FrameContext;
use super::theme::{ORPHANED, glyph};
use crate::model::State;
use crate::record::{Outcome, Reason};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

/// What each state means, in words for a class.
const LEGEND: [(State, &str); 14] = [
    (State::Running, "holds a lane, computes"),
    (State::Blocking, "holds a lane, sleeps!"),
    (State::Queued, "woken, waits for a lane"),
    (State::Unnoticed, "ready, nobody woke it"),
    (State::Suspended(Reason::Unknown), "waits, as it should"),
    (State::Ended(Outcome::Completed), ""),
    (State::Ended(Outcome::Failed), ""),
    (State::Ended(Outcome::Cancelled), ""),
    (State::Ended(Outcome::TimedOut), ""),
    (State::Ended(Outcome::Panicked), ""),
    (State::Ended(Outcome::UnobservedFailure), ""),
    (State::Ended(Outcome::NeverStarted), ""),
    (State::Ended(Outcome::Lost), ""),
    (State::Ended(Outcome::Unknown), ""),
];

/// Draws the page over whatever is there.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let rows = keys();
    let keys_width = rows.iter().map(|(keys, _)| text::width(keys)).max().unwrap_or(0) as u16;
    let words_width = rows.iter().map(|(_, words)| text::width(words)).max().unwrap_or(0) as u16;
    let legend_width = 28;
    let width = (keys_width + 2 + words_width + 3 + legend_width + 4).min(area.width);
    // A line for each state, one more for each meaning, and the orphans.
    let legend_height: usize = LEGEND
        .iter()
        .map(|(_, meaning)| 1 + usize::from(!meaning.is_empty()))
        .sum();
    let height = (rows.len().max(legend_height + 1) as u16 + 2).min(area.height);
    let popup = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(popup, buf);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(context.theme.quiet())
        .title(" keys and glyphs ")
        .title_style(context.theme.strong());
    let inside = block.inner(popup);
    block.render(popup, buf);

    let left = inside.x + 1;
    let right = inside.right().saturating_sub(legend_width);
    let words = left + keys_width + 2;
    for (y, (keys, description)) in (inside.y..inside.bottom()).zip(&rows) {
        buf.set_string(left, y, keys, context.theme.accent());
        buf.set_stringn(
            words,
            y,
            description,
            usize::from(right.saturating_sub(words + 1)),
            ratatui::style::Style::new(),
        );
    }
    let mut y = inside.y;
    for (state, meaning) in LEGEND {
        if y >= inside.bottom() {
            break;
        }
        let shown = glyph(state).repeat(2);
        buf.set_string(
            right,
            y,
            if meaning.is_empty() { glyph(state) } else { &shown },
            context.theme.state(state, 0),
        );
        buf.set_string(right + 3, y, state.into_str(), context.theme.word(state));
        if !meaning.is_empty() {
            y += 1;
            buf.set_stringn(
                right + 3,
                y,
                meaning,
                usize::from(legend_width) - 4,
                context.theme.quiet(),
            );
        }
        y += 1;
    }
    if y < inside.bottom() {
        buf.set_string(right, y, ORPHANED, context.theme.bad());
        buf.set_string(right + 3, y, "orphaned: nobody waits", context.theme.bad());
    }
}

/// Keys and what they do, one row per action.
fn keys() -> Vec<(String, &'static str)> {
    let row = |action: &Action| {
        let keys: Vec<_> = action.keys().iter().map(ToString::to_string).collect();
        (keys.join(" "), action.description())
    };
    Action::ALL.iter().map(row).collect()
}
