//! One timeline: each column of the screen shows two cells of the model.
//!
//! ```text
//!   ▌ ▐ █   a lane was held for most of the left half, the right half, both
//!   ▁ ▂ ▃ ▄ a lane was held for so small a part of the column
//!   ▓ ▒ ░   blocking, queued, unnoticed: trouble takes the whole column and has its own glyph
//!   ·       suspended
//! ```
//!
//! With two halves in a column, work is shown twice as finely as the terminal's grid. Trouble in
//! either half is drawn as one glyph over both: the worst state wins here too, and users without
//! colours miss nothing.

use crate::model::State;
use crate::tui::theme::{Theme, bar, glyph};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// Half a column.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Half {
    /// The state that stands for it. `None` if there is nothing to show.
    pub(crate) state: Option<State>,
    /// The position of the group that it belongs to.
    pub(crate) group: usize,
    /// The share of it in which a lane was held, 0–1.
    pub(crate) share: f32,
}

/// Draws `halves`, two per column, right-aligned into `area`. In an area of several rows everything
/// is as tall as the area, and small shares of a column are shown more finely.
pub(crate) fn render(halves: &[Half], theme: Theme, area: Rect, buf: &mut Buffer) {
    let columns = (halves.len() / 2).min(usize::from(area.width));
    let first = area.right() - columns as u16;
    // An end shows only in the first column after it. The end of what ended before the left edge
    // does not show.
    let mut after_end = true;
    for (x, pair) in (first..).zip(halves.chunks_exact(2).take(columns)) {
        let column = Column::of(pair[0], pair[1]);
        let ended = matches!(column, Column::Whole(State::Ended(_), _));
        if !(ended && after_end) {
            for row in 0..area.height {
                let (symbol, style) = column.cell(theme, area.height, row);
                buf[(x, area.bottom() - 1 - row)].set_symbol(symbol).set_style(style);
            }
        }
        after_end = ended;
    }
}

/// How a column is drawn. Numbers are positions of groups.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Column {
    Empty,
    /// One state stands for both halves.
    Whole(State, usize),
    /// For each half, the group whose tasks held it for most of it, if any did.
    Split(Option<usize>, Option<usize>),
    /// Tasks of the group held this share of the column.
    Low(f32, usize),
}

impl Column {
    fn of(left: Half, right: Half) -> Column {
        let (worst, other) = if severity(right.state) > severity(left.state) {
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
                let group = if other.share > worst.share {
                    other.group
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

    /// The column's glyph and style in one row of a timeline of `rows` rows. `row` counts from the
    /// bottom.
    fn cell(self, theme: Theme, rows: u16, row: u16) -> (&'static str, Style) {
        match self {
            Column::Empty => (" ", Style::new()),
            Column::Whole(State::Suspended(_) | State::Ended(_), _) if row > 0 => (" ", Style::new()),
            Column::Whole(state, group) => (glyph(state), theme.state(state, group)),
            Column::Split(Some(left), Some(right)) => match theme.group(right).fg {
                Some(background) => ("▌", theme.group(left).bg(background)),
                None => (glyph(State::Running), Style::new()),
            },
            Column::Split(Some(left), None) => ("▌", theme.group(left).bg(Color::Reset)),
            Column::Split(None, right) => ("▐", theme.group(right.unwrap_or(0)).bg(Color::Reset)),
            Column::Low(share, group) => (bar(share.into(), rows, row), theme.group(group)),
        }
    }
}

/// The state of the higher severity stands for the column.
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
    use crate::tui::theme::ColorDepth;

    fn half(state: State, group: usize, share: f32) -> Half {
        Half {
            state: Some(state),
            group,
            share,
        }
    }

    fn running() -> Half {
        half(State::Running, 0, 1.0)
    }

    fn suspended() -> Half {
        half(State::Suspended(Reason::Timer), 0, 0.0)
    }

    fn draw(halves: &[Half], depth: ColorDepth) -> Buffer {
        let area = Rect::new(0, 0, 8, 1);
        let mut buf = Buffer::empty(area);
        render(halves, Theme::new(depth), area, &mut buf);
        buf
    }

    fn text(halves: &[Half]) -> String {
        let [coloured, plain] = [ColorDepth::TrueColor, ColorDepth::None].map(|depth| {
            let buf = draw(halves, depth);
            buf.content().iter().map(|cell| cell.symbol()).collect::<String>()
        });
        assert_eq!(coloured, plain, "the glyphs do not depend on colours");
        coloured
    }

    #[test]
    fn work_has_two_halves_and_trouble_takes_the_column() {
        let (empty, brief) = (Half::default(), half(State::Suspended(Reason::Timer), 0, 0.01));
        let blocking = half(State::Blocking, 0, 1.0);
        let queued = half(State::Queued, 0, 0.0);
        let columns = [
            (running(), suspended()),
            (suspended(), running()),
            (running(), running()),
            (suspended(), suspended()),
            (running(), blocking),
            (queued, suspended()),
            (empty, empty),
            (brief, suspended()),
        ];
        let halves: Vec<Half> = columns.into_iter().flat_map(|(left, right)| [left, right]).collect();
        assert_eq!(text(&halves), "▌▐█·▓▒ ▁");
    }

    #[test]
    fn a_taller_timeline_shows_small_shares_more_finely() {
        let area = Rect::new(0, 0, 3, 2);
        let mut buf = Buffer::empty(area);
        let low = |share| half(State::Running, 0, share);
        let halves = [low(0.1), low(0.1), low(0.4), low(0.4), running(), suspended()];
        render(&halves, Theme::new(ColorDepth::TrueColor), area, &mut buf);
        let rows: Vec<String> = buf
            .content()
            .chunks(3)
            .map(|row| row.iter().map(|cell| cell.symbol()).collect())
            .collect();
        assert_eq!(rows, ["  ▌", "▂▇▌"]);
    }

    #[test]
    fn a_short_timeline_ends_at_the_right_edge() {
        assert_eq!(text(&[running(), running(), suspended(), suspended()]), "      █·");
    }

    #[test]
    fn an_end_shows_once() {
        let end = half(State::Ended(Outcome::Panicked), 0, 0.0);
        assert_eq!(
            text(&[running(), running(), running(), end, end, end, end, end]),
            "    █!  "
        );
        assert_eq!(text(&[end, end, end, end]), "        ");
    }

    #[test]
    fn two_groups_in_one_column_show_both_colours() {
        let buf = draw(&[running(), half(State::Running, 1, 1.0)], ColorDepth::TrueColor);
        let theme = Theme::new(ColorDepth::TrueColor);
        assert_eq!(Some(buf[(7, 0)].fg), theme.group(0).fg);
        assert_eq!(Some(buf[(7, 0)].bg), theme.group(1).fg);
    }

    #[test]
    fn blocking_is_red_on_red() {
        let buf = draw(&[running(), half(State::Blocking, 0, 1.0)], ColorDepth::Ansi16);
        assert_eq!((buf[(7, 0)].fg, buf[(7, 0)].bg), (Color::LightRed, Color::Red));
    }
}
