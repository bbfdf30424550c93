//! The glyphs of states and of bars, and the short names of states.

use super::look::look;
use crate::model::State;
use crate::record::Outcome;

/// The mark of an orphan: a task that no other task waits for any more.
pub(crate) const ORPHANED: &str = "◌";

/// The glyph of a state. A glyph is the same at every colour depth.
pub(crate) fn glyph(state: State) -> &'static str {
    look(state).glyph
}

/// The maximum width of a [`short_name`], in columns. The row of a task has room for a name of this
/// width.
pub(crate) const SHORT_NAME_WIDTH: usize = 13;

/// The name of a state in a row or a heading.
pub(crate) fn short_name(state: State) -> &'static str {
    match state {
        State::Ended(Outcome::UnobservedFailure) => "unobserved",
        other => other.into_str(),
    }
}

/// The glyph in one row of a vertical bar. A `share` of 1 fills all `rows` rows. The height of the
/// bar is rounded up to eighths of a row. `row` counts from 0 at the bottom.
pub(crate) fn bar(share: f64, rows: u16, row: u16) -> &'static str {
    const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let eighths = (share * f64::from(rows) * 8.0).ceil() as usize;
    EIGHTHS[eighths.saturating_sub(usize::from(row) * 8).min(8)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;
    use crate::tui::theme::every_state;

    #[test]
    fn the_short_name_of_every_state_fits_into_the_row_of_a_task() {
        for state in every_state() {
            let name = short_name(state);
            assert!(text::width(name) <= SHORT_NAME_WIDTH, "{name}");
            assert!(state.into_str().starts_with(name), "{name}");
        }
    }

    #[test]
    fn even_a_small_share_is_visible() {
        assert_eq!(
            [0.0, 0.01, 0.5, 1.0].map(|share| bar(share, 1, 0)),
            [" ", "▁", "▄", "█"]
        );
        assert_eq!([0, 1].map(|row| bar(0.75, 2, row)), ["█", "▄"]);
    }
}
