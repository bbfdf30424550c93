//! One row of time: what the model says of each half column becomes a glyph.
//!
//! ```text
//!   ▌ ▐ █   held for most of the left half, the right half, both
//!   ▁ ▂ ▃ ▄ held for so small a part of the column
//!   ▓ ▒ ░   blocking, queued, unnoticed: trouble takes the whole column and has its own glyph
//!   ·       suspended
//! ```
//!
//! A column holds two halves, so work is resolved twice as finely as the terminal's grid. Trouble in either half is drawn
//! as one glyph over both: worst news wins here too, and a reader who sees no colours misses nothing.

use super::theme::{Theme, glyph};
use crate::model::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// Half a column.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Half {
    /// The state that stands for it; `None`: nothing to show.
    pub state: Option<State>,
    /// Position of the group that it belongs to.
    pub group: usize,
    /// The share of it in which a lane was held, 0–1.
    pub share: f32,
}

/// Glyphs for a column that was held for less than half of either half, in eighths of a row.
const LOW: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws `halves`, two to a column, into `area`, right-aligned: columns that have no halves stay empty. In an area of
/// several rows everything is as tall as that, and small shares of a column are told more finely.
pub fn render(halves: &[Half], theme: Theme, area: Rect, buf: &mut Buffer) {
    let columns = (halves.len() / 2).min(usize::from(area.width));
    let first = area.right() - columns as u16;
    // What ended before the row's left edge has no end to show.
    let mut over = true;
    for (x, pair) in (first..).zip(halves.chunks_exact(2).take(columns)) {
        let column = Column::of(pair[0], pair[1]);
        let ended = matches!(column, Column::Whole(State::Ended(_), _));
        if !(ended && over) {
            for row in 0..area.height {
                let (symbol, style) = column.look(theme, area.height, row);
                buf[(x, area.bottom() - 1 - row)].set_symbol(symbol).set_style(style);
            }
        }
        over = ended;
    }
}

/// How a column is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Column {
    Empty,
    /// One state stands for both halves.
    Whole(State, usize),
    /// Each half held for the most part, by a task of a group, or not.
    Split(Option<usize>, Option<usize>),
    /// Held for this share by a task of that group.
    Low(f32, usize),
}

impl Column {
    fn of(left: Half, right: Half) -> Column {
        let (worst, calm) = if severity(right.state) > severity(left.state) {
            (right, left)
        } else {
            (left, right)
        };
        let Some(state) = worst.state else { return Column::Empty };
        if !matches!(state, State::Running | State::Suspended(_)) {
            return Column::Whole(state, worst.group);
        }
        let held = |half: Half| (half.share >= 0.5).then_some(half.group);
        match (held(left), held(right)) {
            (Some(l), Some(r)) if l == r => Column::Whole(State::Running, l),
            (None, None) => {
                let share = (left.share + right.share) / 2.0;
                let group = if calm.share > worst.share {
                    calm.group
                } else {
                    worst.group
                };
                if share > 0.0 {
                    Column::Low(share, group)
                } else {
                    Column::Whole(state, group)
                }
            }
            (l, r) => Column::Split(l, r),
        }
    }

    /// What it looks like in a row, counted from the bottom, of a timeline that many rows tall.
    fn look(self, theme: Theme, rows: u16, row: u16) -> (&'static str, Style) {
        match self {
            Column::Empty => (" ", Style::new()),
            Column::Whole(State::Suspended(_) | State::Ended(_), _) if row > 0 => (" ", Style::new()),
            Column::Whole(state, group) => (glyph(state), theme.state(state, group)),
            Column::Split(Some(left), Some(right)) => match theme.group(right).fg {
                Some(ground) => ("▌", theme.group(left).bg(ground)),
                None => (glyph(State::Running), Style::new()),
            },
            Column::Split(Some(left), None) => ("▌", theme.group(left).bg(Color::Reset)),
            Column::Split(None, right) => ("▐", theme.group(right.unwrap_or(0)).bg(Color::Reset)),
            Column::Low(share, group) => {
                let eighths = (share * 8.0 * f32::from(rows)).ceil() as usize;
                (
                    LOW[eighths.saturating_sub(usize::from(row) * 8).min(8)],
                    theme.group(group),
                )
            }
        }
    }
}

/// Worst news wins.
fn severity(state: Option<State>) -> u8 {
    match state {
        Some(State::Blocking) => 6,
        Some(State::Ended(_)) => 5,
        Some(State::Unnoticed) => 4,
        Some(State::Queued) => 3,
        Some(State::Running) => 2,
        Some(State::Suspended(_)) => 1,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, Reason};
    use crate::tui::theme::Depth;

    fn half(state: State, group: usize, share: f32) -> Half {
        Half {
            state: Some(state),
            group,
            share,
        }
    }

    fn run() -> Half {
        half(State::Running, 0, 1.0)
    }

    fn wait() -> Half {
        half(State::Suspended(Reason::Timer), 0, 0.0)
    }

    fn row(halves: &[Half], depth: Depth) -> Buffer {
        let area = Rect::new(0, 0, 8, 1);
        let mut buf = Buffer::empty(area);
        render(halves, Theme::new(depth), area, &mut buf);
        buf
    }

    fn text(halves: &[Half]) -> String {
        let [colour, plain] = [Depth::True, Depth::None].map(|depth| {
            let buf = row(halves, depth);
            buf.content().iter().map(|c| c.symbol()).collect::<String>()
        });
        assert_eq!(colour, plain, "states are told by glyph alone");
        colour
    }

    #[test]
    fn halves_resolve_work_and_trouble_takes_the_column() {
        let (none, tick) = (Half::default(), half(State::Suspended(Reason::Timer), 0, 0.01));
        let block = half(State::Blocking, 0, 1.0);
        let queue = half(State::Queued, 0, 0.0);
        let pairs = [(run(), wait()), (wait(), run()), (run(), run()), (wait(), wait())];
        let others = [(run(), block), (queue, wait()), (none, none), (tick, wait())];
        let halves: Vec<Half> = pairs.into_iter().chain(others).flat_map(|(l, r)| [l, r]).collect();
        assert_eq!(text(&halves), "▌▐█·▓▒ ▁");
    }

    #[test]
    fn a_taller_row_tells_small_shares_more_finely() {
        let area = Rect::new(0, 0, 3, 2);
        let mut buf = Buffer::empty(area);
        let low = |share| half(State::Running, 0, share);
        let halves = [low(0.1), low(0.1), low(0.4), low(0.4), run(), wait()];
        render(&halves, Theme::new(Depth::True), area, &mut buf);
        let rows: Vec<String> = buf
            .content()
            .chunks(3)
            .map(|r| r.iter().map(|c| c.symbol()).collect())
            .collect();
        assert_eq!(rows, ["  ▌", "▂▇▌"]);
    }

    #[test]
    fn a_short_row_ends_at_the_right_edge() {
        assert_eq!(text(&[run(), run(), wait(), wait()]), "      █·");
    }

    #[test]
    fn an_end_shows_once() {
        let end = half(State::Ended(Outcome::Panicked), 0, 0.0);
        assert_eq!(text(&[run(), run(), run(), end, end, end, end, end]), "    █!  ");
        assert_eq!(text(&[end, end, end, end]), "        ");
    }

    #[test]
    fn two_groups_in_one_column_show_both_colours() {
        let buf = row(&[run(), half(State::Running, 1, 1.0)], Depth::True);
        let theme = Theme::new(Depth::True);
        assert_eq!(Some(buf[(7, 0)].fg), theme.group(0).fg);
        assert_eq!(Some(buf[(7, 0)].bg), theme.group(1).fg);
    }

    #[test]
    fn blocking_is_red_on_red() {
        let buf = row(&[run(), half(State::Blocking, 0, 1.0)], Depth::Ansi16);
        assert_eq!((buf[(7, 0)].fg, buf[(7, 0)].bg), (Color::LightRed, Color::Red));
    }
}
