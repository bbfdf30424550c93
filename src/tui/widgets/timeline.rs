//! Draws one timeline. Each column of the screen shows two cells of the model.
//!
//! ```text
//!   ▌ ▐ █   a lane was held for most of the left half, the right half, both
//!   ▓ ▒ ░   blocking, queued, unnoticed: each problem has its own glyph, over the whole column
//!   ╍       waiting for another task
//!   ·       suspended
//!   ▁ ▂ ▃ ▄ the state of this colour covers a small share of the column: 1/8, 2/8, 3/8, 4/8
//!   ■ : '   without colours: blocking, queued, unnoticed cover a small share of the column
//! ```
//!
//! With two halves per column, work is shown at twice the resolution of the terminal. A problem in
//! one half is drawn as one glyph over both halves. If the halves have different states, the glyph
//! shows the worse state. So users without colours see every problem.
//!
//! The height of a problem follows its share of the column. So a timer that fires 1 ms late does
//! not look like a delay of a whole column. But the bar of a problem is never empty, so a problem
//! is visible at every zoom level. Behind the bar is the colour of the state around the problem.

use crate::model::State;
use crate::tui::theme::{Theme, glyph};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// One half of a column.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Half {
    /// The state that this half shows. `None` if there is nothing to show.
    pub(crate) state: Option<State>,
    /// The share of the half column's time in that state, from 0 to 1.
    pub(crate) share: f32,
    /// The state that covers most of the half column's time, if any.
    pub(crate) most: Option<State>,
    /// The share of the half column's time during which a lane was held, from 0 to 1.
    pub(crate) held: f32,
}

/// Draws `halves` into `area`: two halves per column, aligned to the right. If `area` has several
/// rows, full glyphs are as tall as `area`, and small shares of a column are shown more precisely.
pub(crate) fn render(halves: &[Half], theme: Theme, area: Rect, buf: &mut Buffer) {
    let columns = (halves.len() / 2).min(usize::from(area.width));
    let first = area.right() - columns as u16;
    // The end of a task is drawn only in the first column after the end. The end is not drawn if
    // the task ended before the left edge.
    let mut after_end = true;
    for (x, pair) in (first..).zip(halves.chunks_exact(2).take(columns)) {
        let column = Column::of(pair[0], pair[1]);
        let ended = matches!(column, Column::Whole(State::Ended(_)));
        if !(ended && after_end) {
            for row in 0..area.height {
                let (symbol, style) = column.cell(theme, (row, area.height));
                buf[(x, area.bottom() - 1 - row)].set_symbol(symbol).set_style(style);
            }
        }
        after_end = ended;
    }
}

/// How a column is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Column {
    Empty,
    /// The whole column shows this state.
    Whole(State),
    /// A lane was held for most of only one half.
    Split(&'static str),
    /// The state covers this share of the column's time, which is less than half.
    Small {
        state: State,
        share: f64,
        most: Option<State>,
    },
}

impl Column {
    fn of(left: Half, right: Half) -> Column {
        let (worst, other) = if severity(right.state) > severity(left.state) {
            (right, left)
        } else {
            (left, right)
        };
        let Some(state) = worst.state else { return Column::Empty };
        if matches!(state, State::Ended(_)) {
            return Column::Whole(state);
        }
        if matches!(state, State::Running | State::Waiting(_) | State::Suspended(_)) {
            let computed = |half: Half| match half.state {
                Some(State::Sleeping) => 0.0,
                _ => half.held,
            };
            return Column::of_work(state, computed(left), computed(right));
        }
        let same = severity(other.state) == severity(worst.state);
        let share = f64::midpoint(worst.share.into(), if same { other.share.into() } else { 0.0 });
        if share >= 0.5 {
            return Column::Whole(state);
        }
        let most = [left.most, right.most].into_iter();
        let most = most.filter(|most| severity(*most) != severity(worst.state));
        Column::Small {
            state,
            share,
            most: most.max_by_key(|most| severity(*most)).flatten(),
        }
    }

    /// A column without problems. `left` and `right` are the shares of the halves during which a
    /// task computed.
    fn of_work(state: State, left: f32, right: f32) -> Column {
        match (left >= 0.5, right >= 0.5) {
            (true, true) => Column::Whole(State::Running),
            (true, false) => Column::Split("▌"),
            (false, true) => Column::Split("▐"),
            (false, false) if left + right > 0.0 => Column::Small {
                state: State::Running,
                share: f64::midpoint(left.into(), right.into()),
                most: None,
            },
            (false, false) => Column::Whole(state),
        }
    }

    /// The column's glyph and style in one row of a timeline of `rows` rows. `row` counts from the
    /// bottom.
    fn cell(self, theme: Theme, (row, rows): (u16, u16)) -> (&'static str, Style) {
        match self {
            Column::Empty => (" ", Style::new()),
            Column::Whole(State::Waiting(_) | State::Suspended(_) | State::Ended(_)) if row > 0 => (" ", Style::new()),
            Column::Whole(state) => (glyph(state), theme.state(state)),
            Column::Split(half) => (half, theme.word(State::Running)),
            Column::Small { state, share, most } => theme.small(state, share, most, (row, rows)),
        }
    }
}

/// The severity of a state. If the halves of a column have different states, the column shows the
/// more severe state.
fn severity(state: Option<State>) -> u8 {
    match state {
        Some(State::Blocking) => 9,
        Some(State::Ended(_)) => 8,
        Some(State::Hogging) => 7,
        Some(State::Unnoticed) => 6,
        Some(State::Queued) => 5,
        Some(State::Running) => 4,
        Some(State::Sleeping) => 3,
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
    use ratatui::style::{Color, Modifier};

    const RUNNING: Half = Half {
        state: Some(State::Running),
        share: 1.0,
        most: Some(State::Running),
        held: 1.0,
    };
    const SUSPENDED: Half = Half {
        state: Some(State::Suspended(Reason::Timer)),
        share: 1.0,
        most: Some(State::Suspended(Reason::Timer)),
        held: 0.0,
    };

    /// A half that shows a problem. Before and after the problem, the half looks like `around`.
    fn problem(state: State, share: f32, around: Half) -> Half {
        let is_held = state == State::Blocking;
        Half {
            state: Some(state),
            share,
            most: if share > 0.5 { Some(state) } else { around.most },
            held: if is_held { share } else { 0.0 } + around.held * (1.0 - share),
        }
    }

    fn ran(share: f32) -> Half {
        Half {
            held: share,
            ..SUSPENDED
        }
    }

    fn draw(halves: &[Half], depth: ColorDepth) -> Buffer {
        let area = Rect::new(0, 0, 8, 1);
        let mut buf = Buffer::empty(area);
        render(halves, Theme::new(depth), area, &mut buf);
        buf
    }

    fn symbols(buf: &Buffer) -> String {
        buf.content().iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    /// The text of a timeline whose glyphs do not depend on colours.
    fn text(halves: &[Half]) -> String {
        let [coloured, plain] = [ColorDepth::TrueColor, ColorDepth::None].map(|depth| symbols(&draw(halves, depth)));
        assert_eq!(coloured, plain, "the glyphs depend on colours");
        coloured
    }

    #[test]
    fn work_is_drawn_in_halves_and_a_problem_fills_the_column() {
        let empty = Half::default();
        let columns = [
            (RUNNING, SUSPENDED),
            (SUSPENDED, RUNNING),
            (RUNNING, RUNNING),
            (SUSPENDED, SUSPENDED),
            (RUNNING, problem(State::Blocking, 1.0, RUNNING)),
            (problem(State::Queued, 1.0, SUSPENDED), SUSPENDED),
            (empty, empty),
            (ran(0.01), SUSPENDED),
        ];
        assert_eq!(
            text(columns.map(|(left, right)| [left, right]).as_flattened()),
            "▌▐█·▓▒ ▁"
        );
    }

    #[test]
    fn the_height_of_a_problem_follows_its_share_of_the_column() {
        let late = |share| problem(State::Unnoticed, share, SUSPENDED);
        let queued = problem(State::Queued, 0.5, SUSPENDED);
        let columns = [
            (late(1e-9), SUSPENDED),
            (SUSPENDED, late(0.2)),
            (late(0.4), late(0.4)),
            (late(0.6), late(0.4)),
            (queued, SUSPENDED),
            (problem(State::Blocking, 1e-6, SUSPENDED), SUSPENDED),
            (problem(State::Blocking, 0.9, SUSPENDED), SUSPENDED),
            (queued, late(1.0)),
        ];
        let columns = columns.map(|(left, right)| [left, right]);
        assert_eq!(
            symbols(&draw(columns.as_flattened(), ColorDepth::TrueColor)),
            "▁▁▄░▂▁▄░"
        );
        assert_eq!(symbols(&draw(columns.as_flattened(), ColorDepth::None)), "'''░:■■░");
    }

    #[test]
    fn a_small_problem_does_not_hide_the_state_around_it() {
        let theme = Theme::new(ColorDepth::TrueColor);
        let blocks = |around| {
            let halves = [problem(State::Blocking, 0.1, around), around];
            draw(&halves, ColorDepth::TrueColor)[(7, 0)].clone()
        };
        let queued = problem(State::Queued, 1.0, SUSPENDED);
        for (around, background) in [
            (RUNNING, theme.state(State::Running).bg),
            (queued, theme.state(State::Queued).bg),
            (SUSPENDED, None),
        ] {
            let cell = blocks(around);
            assert_eq!(cell.symbol(), "▁");
            assert_eq!(Some(cell.fg), theme.word(State::Blocking).fg);
            assert_eq!(cell.bg, background.unwrap_or(Color::Reset));
        }
        let late = [problem(State::Unnoticed, 0.1, RUNNING), RUNNING];
        let plain = draw(&late, ColorDepth::None)[(7, 0)].clone();
        assert_eq!((plain.symbol(), plain.modifier), ("'", Modifier::REVERSED));
    }

    #[test]
    fn a_taller_timeline_shows_small_shares_more_precisely() {
        let area = Rect::new(0, 0, 4, 2);
        let late = problem(State::Unnoticed, 0.4, SUSPENDED);
        let halves = [ran(0.1), ran(0.1), ran(0.4), ran(0.4), RUNNING, SUSPENDED, late, late];
        let rows = |depth| -> Vec<String> {
            let mut buf = Buffer::empty(area);
            render(&halves, Theme::new(depth), area, &mut buf);
            let text = symbols(&buf);
            let chars: Vec<char> = text.chars().collect();
            chars.chunks(4).map(|row| row.iter().collect()).collect()
        };
        assert_eq!(rows(ColorDepth::TrueColor), ["  ▌ ", "▂▇▌▇"]);
        assert_eq!(rows(ColorDepth::None), ["  ▌ ", "▂▇▌'"]);
    }

    #[test]
    fn a_short_timeline_ends_at_the_right_edge() {
        assert_eq!(text(&[RUNNING, RUNNING, SUSPENDED, SUSPENDED]), "      █·");
    }

    #[test]
    fn the_end_of_a_task_is_drawn_once() {
        let end = Half {
            state: Some(State::Ended(Outcome::Panicked)),
            ..Half::default()
        };
        assert_eq!(text(&[RUNNING, RUNNING, RUNNING, end, end, end, end, end]), "    █!  ");
        assert_eq!(text(&[end, end, end, end]), "        ");
    }

    #[test]
    fn blocking_is_a_red_glyph_on_a_red_background() {
        let buf = draw(&[RUNNING, problem(State::Blocking, 1.0, RUNNING)], ColorDepth::Ansi16);
        assert_eq!((buf[(7, 0)].fg, buf[(7, 0)].bg), (Color::LightRed, Color::Red));
    }
}
