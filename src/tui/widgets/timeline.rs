//! Draws one timeline. Each column of the screen shows two cells of the model.
//!
//! ```text
//!   ▌ ▐ █   a lane was held for most of the left half, the right half, both
//!   ▁ ▂ ▃ ▄ a lane was held for a small share of the column's time: 1/8, 2/8, 3/8, 4/8
//!   ▓ ▒ ░   blocking, queued, unnoticed: each problem has its own glyph, over the whole column
//!   ╌       waiting for another task
//!   ·       suspended
//! ```
//!
//! With two halves per column, work is shown at twice the resolution of the terminal. A problem in
//! one half is drawn as one glyph over both halves. If the halves have different states, the glyph
//! shows the worse state. So users without colours see every problem.

use crate::model::State;
use crate::tui::theme::{Theme, bar, glyph};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// One half of a column.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Half {
    /// The state that this half shows. `None` if there is nothing to show.
    pub(crate) state: Option<State>,
    /// The position of the group whose colour this half has.
    pub(crate) group: usize,
    /// The share of the half column's time during which a lane was held, from 0 to 1.
    pub(crate) share: f32,
}

/// Draws `halves` into `area`: two halves per column, aligned to the right. If `area` has several
/// rows, full bars are as tall as `area`, and small shares of a column are shown more precisely.
pub(crate) fn render(halves: &[Half], theme: Theme, area: Rect, buf: &mut Buffer) {
    let columns = (halves.len() / 2).min(usize::from(area.width));
    let first = area.right() - columns as u16;
    // The end of a task is drawn only in the first column after the end. The end is not drawn if
    // the task ended before the left edge.
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

/// How a column is drawn. Each `usize` is the position of a group.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Column {
    Empty,
    /// The whole column shows this state.
    Whole(State, usize),
    /// For each half, the group whose tasks held a lane for at least half of the time. `None` if
    /// there is no such group.
    Split(Option<usize>, Option<usize>),
    /// Tasks of the group held a lane for this share of the column's time.
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
        if !matches!(state, State::Running | State::Waiting(_) | State::Suspended(_)) {
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
            Column::Whole(State::Waiting(_) | State::Suspended(_) | State::Ended(_), _) if row > 0 => {
                (" ", Style::new())
            }
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

/// The severity of a state. If the halves of a column have different states, the column shows the
/// more severe state.
fn severity(state: Option<State>) -> u8 {
    match state {
        Some(State::Blocking) => 7,
        Some(State::Ended(_)) => 6,
        Some(State::Unnoticed) => 5,
        Some(State::Queued) => 4,
        Some(State::Running) => 3,
        Some(State::Waiting(_)) => 2,
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
            buf.content()
                .iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect::<String>()
        });
        assert_eq!(coloured, plain, "the glyphs do not depend on colours");
        coloured
    }

    #[test]
    fn work_is_drawn_in_halves_and_a_problem_fills_the_column() {
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
    fn a_taller_timeline_shows_small_shares_more_precisely() {
        let area = Rect::new(0, 0, 3, 2);
        let mut buf = Buffer::empty(area);
        let low = |share| half(State::Running, 0, share);
        let halves = [low(0.1), low(0.1), low(0.4), low(0.4), running(), suspended()];
        render(&halves, Theme::new(ColorDepth::TrueColor), area, &mut buf);
        let rows: Vec<String> = buf
            .content()
            .chunks(3)
            .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect();
        assert_eq!(rows, ["  ▌", "▂▇▌"]);
    }

    #[test]
    fn a_short_timeline_ends_at_the_right_edge() {
        assert_eq!(text(&[running(), running(), suspended(), suspended()]), "      █·");
    }

    #[test]
    fn the_end_of_a_task_is_drawn_once() {
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
    fn blocking_is_a_red_glyph_on_a_red_background() {
        let buf = draw(&[running(), half(State::Blocking, 0, 1.0)], ColorDepth::Ansi16);
        assert_eq!((buf[(7, 0)].fg, buf[(7, 0)].bg), (Color::LightRed, Color::Red));
    }
}
