//! Styles, the palette, and the look of each state. Each style also has a variant for terminals
//! with few colours or without colours.
//!
//! A colour has one meaning on the whole screen. Each state has a colour, on the timelines of tasks
//! and lanes, in the heading and in the legend. The name of a task has the colour of its group.
//! Bars that show numbers are grey. Nothing is shown by colour alone: every state also has its own
//! glyph. The user's choices, such as the selection, are reversed. With `NO_COLOR`, tasklab uses
//! only glyphs and the styles bold, dim and reverse.

mod glyph;
mod look;
mod palette;

pub(crate) use glyph::{ORPHANED, SHORT_NAME_WIDTH, bar, glyph, short_name};
pub use palette::ColorDepth;

use crate::model::State;
use look::look;
use palette::{
    BLACK, BLOCKING, BLOCKING_BACKGROUND, GOOD, GROUPS, NEUTRAL, PaletteColor, QUESTION, QUIET, STATEMENT, WHITE,
};
use ratatui::style::{Color, Modifier, Style};

/// The styles at one colour depth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Theme {
    depth: ColorDepth,
}

impl Theme {
    /// Creates the theme for a colour depth.
    pub(crate) const fn new(depth: ColorDepth) -> Theme {
        Theme { depth }
    }

    /// Whether there are any colours.
    fn has_colors(self) -> bool {
        self.depth != ColorDepth::None
    }

    /// Text in a colour. The colour of problems is also bold, and without colours the colour of
    /// unimportant text is dim.
    fn foreground(self, color: PaletteColor) -> Style {
        let style = match self.has_colors() {
            true => Style::new().fg(color.at(self.depth)),
            false if color == QUIET => Style::new().add_modifier(Modifier::DIM),
            false => Style::new(),
        };
        match color == BLOCKING {
            true => style.add_modifier(Modifier::BOLD),
            false => style,
        }
    }

    /// Bold text on a background. Without colours, the text is reversed instead.
    fn on(self, background: PaletteColor, foreground: PaletteColor) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if self.has_colors() {
            style.fg(foreground.at(self.depth)).bg(background.at(self.depth))
        } else {
            style.add_modifier(Modifier::REVERSED)
        }
    }

    /// The colour of the names of the group at this position.
    pub(crate) fn group(self, position: usize) -> Style {
        self.foreground(GROUPS[position % GROUPS.len()])
    }

    /// The style of a state's glyph.
    pub(crate) fn state(self, state: State) -> Style {
        self.word(state).patch(self.ground(state))
    }

    /// The style of a text within a stretch of a timeline that shows this state.
    pub(crate) fn label(self, state: State) -> Style {
        let look = look(state);
        match (state, look.background) {
            (State::Running, _) => self.on(look.color, BLACK),
            (State::Blocking, background) => self.on(background.unwrap_or(look.color), WHITE),
            (_, Some(background)) if self.has_colors() && background.at(self.depth) != Color::Reset => {
                self.on(background, WHITE)
            }
            _ => self.word(state),
        }
    }

    /// The style of a state's name: the colour of the state, without the background.
    pub(crate) fn word(self, state: State) -> Style {
        self.foreground(look(state).color)
    }

    /// The background of a state. The style is empty if the state has no background, or if there
    /// are no colours.
    fn ground(self, state: State) -> Style {
        match look(state).background {
            Some(background) if self.has_colors() => Style::new().bg(background.at(self.depth)),
            _ => Style::new(),
        }
    }

    /// The glyph and the style of one row of a cell in which `state` covers only a small share of
    /// the time: a low bar over the background of `most`, the state that covers most of the cell.
    /// `row` counts from 0 at the bottom of the cell's `rows` rows.
    ///
    /// Without colours, all bars would look the same. Then only running is a bar, every other state
    /// has a small sign, and a cell in which the task mostly runs is reversed.
    pub(crate) fn small(
        self,
        state: State,
        share: f64,
        most: Option<State>,
        (row, rows): (u16, u16),
    ) -> (&'static str, Style) {
        let style = self.word(state);
        if self.has_colors() {
            let ground = most.map_or(Style::new(), |most| self.ground(most));
            return (bar(share, rows, row), style.patch(ground));
        }
        let style = match most {
            Some(State::Running) => style.add_modifier(Modifier::REVERSED),
            _ => style,
        };
        match state {
            State::Running => (bar(share, rows, row), style),
            _ if row == 0 => (look(state).small_sign, style),
            _ => (" ", style),
        }
    }

    /// The style of unimportant text.
    pub(crate) fn quiet(self) -> Style {
        self.foreground(QUIET)
    }

    /// The style of bars that show a number, not a state.
    pub(crate) fn neutral(self) -> Style {
        self.foreground(NEUTRAL)
    }

    /// The style of titles and numbers.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The style of the user's choices: the selected row, the panel that has the focus, and the
    /// frozen view.
    pub(crate) fn selected(self) -> Style {
        Style::new()
            .add_modifier(Modifier::BOLD)
            .add_modifier(Modifier::REVERSED)
    }

    /// The style of a good state or result.
    pub(crate) fn good(self) -> Style {
        self.foreground(GOOD)
    }

    /// The style of a problem.
    pub(crate) fn bad(self) -> Style {
        self.foreground(BLOCKING)
    }

    /// The style of a problem that the user must not overlook.
    pub(crate) fn alarm(self) -> Style {
        self.on(BLOCKING_BACKGROUND, WHITE)
    }

    /// The style of a caption that is a statement.
    pub(crate) fn caption(self) -> Style {
        self.on(STATEMENT, WHITE)
    }

    /// The style of a caption that is a question.
    pub(crate) fn question(self) -> Style {
        self.on(QUESTION, BLACK)
    }

    /// The style of a badge: the reverse of the caption around it.
    pub(crate) fn badge(self) -> Style {
        if self.has_colors() {
            self.strong().add_modifier(Modifier::REVERSED)
        } else {
            self.strong().remove_modifier(Modifier::REVERSED)
        }
    }
}

#[cfg(test)]
fn every_state() -> Vec<State> {
    use crate::record::{Outcome, Reason};
    use strum::VariantArray;

    let mut states = vec![State::Running, State::Hogging, State::Blocking, State::Sleeping];
    states.extend([State::Queued, State::Unnoticed]);
    states.extend([State::Waiting(Reason::Lock), State::Suspended(Reason::Timer)]);
    states.extend(Outcome::VARIANTS.iter().copied().map(State::Ended));
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_no_style_has_a_colour() {
        let theme = Theme::new(ColorDepth::None);
        let styles = every_state()
            .into_iter()
            .flat_map(|state| [theme.state(state), theme.word(state)]);
        let others = [
            theme.quiet(),
            theme.strong(),
            theme.neutral(),
            theme.selected(),
            theme.bad(),
            theme.alarm(),
            theme.caption(),
            theme.question(),
            theme.badge(),
        ];
        for style in styles.chain(others) {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
