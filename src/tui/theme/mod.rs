//! Styles, the palette, and one glyph per state. Each style also has a variant for terminals with
//! few colours or without colours.
//!
//! Colours have a meaning: **cool colours show work, and warm colours show problems**. Each group
//! of tasks has a cool colour, which depends on the group's position. Blocking is vermilion, queued
//! is yellow, unnoticed is pink. Nothing is shown by colour alone: every state also has its own
//! glyph. With `NO_COLOR`, tasklab uses only glyphs and the styles bold, dim and reverse.

mod glyph;
mod palette;

pub(crate) use glyph::{ORPHANED, SHORT_NAME_WIDTH, bar, glyph, short_name};
pub use palette::ColorDepth;

use crate::model::State;
use crate::record::Outcome;
use palette::{
    ACCENT, BADGE_BACKGROUND, BLACK, BLOCKING, BLOCKING_BACKGROUND, GOOD, GROUPS, PaletteColor, QUEUED,
    QUEUED_BACKGROUND, QUIET, UNNOTICED, UNNOTICED_BACKGROUND, WAITING, WHITE,
};
use ratatui::style::{Modifier, Style};

/// The styles at one colour depth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Theme {
    depth: ColorDepth,
    calm_blocks: bool,
}

impl Theme {
    /// Creates the theme for a colour depth. Blocks have an alarming style.
    pub(crate) const fn new(depth: ColorDepth) -> Theme {
        Theme {
            depth,
            calm_blocks: false,
        }
    }

    /// If `calm_blocks` is true, blocks do not have an alarming style. Use this theme for a thread
    /// that runs only one task: when this thread sleeps, no other task is delayed.
    pub(crate) const fn with_calm_blocks(self, calm_blocks: bool) -> Theme {
        Theme { calm_blocks, ..self }
    }

    /// Whether there are any colours.
    fn has_colors(self) -> bool {
        self.depth != ColorDepth::None
    }

    fn foreground(self, color: PaletteColor) -> Style {
        if self.has_colors() {
            Style::new().fg(color.at(self.depth))
        } else {
            Style::new()
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

    /// The style of a state's name, with a background. The background makes a shaded glyph stand
    /// out on every terminal.
    fn shaded(self, state: State, background: PaletteColor) -> Style {
        let style = self.word(state);
        if self.has_colors() {
            style.bg(background.at(self.depth))
        } else {
            style
        }
    }

    /// The colour of the group at this position.
    pub(crate) fn group(self, position: usize) -> Style {
        self.foreground(GROUPS[position % GROUPS.len()])
    }

    /// The style of a timeline cell that shows this state. `group` is the position of the task's
    /// group.
    pub(crate) fn state(self, state: State, group: usize) -> Style {
        match state {
            State::Running => self.group(group),
            State::Blocking if self.calm_blocks => self.group(group),
            State::Blocking => self.shaded(state, BLOCKING_BACKGROUND),
            State::Queued => self.shaded(state, QUEUED_BACKGROUND),
            State::Unnoticed => self.shaded(state, UNNOTICED_BACKGROUND),
            State::Waiting(_) => self.foreground(WAITING),
            State::Suspended(_) => self.quiet(),
            State::Ended(Outcome::Completed) => self.good(),
            State::Ended(Outcome::Cancelled | Outcome::Unknown) => self.quiet(),
            State::Ended(Outcome::NeverStarted) => self.foreground(QUEUED),
            State::Ended(_) => self.bad(),
        }
    }

    /// The style of a state's name: the colour of the state, without the background.
    pub(crate) fn word(self, state: State) -> Style {
        match state {
            State::Running => self.good(),
            State::Blocking if self.calm_blocks => self.quiet(),
            State::Blocking => self.bad(),
            State::Queued => self.foreground(QUEUED),
            State::Unnoticed => self.foreground(UNNOTICED),
            State::Waiting(_) => self.foreground(WAITING),
            State::Suspended(_) => self.quiet(),
            State::Ended(_) => self.state(state, 0),
        }
    }

    /// The style of unimportant text.
    pub(crate) fn quiet(self) -> Style {
        if self.has_colors() {
            self.foreground(QUIET)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// The style of titles and numbers.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The style of the name of a selected row.
    pub(crate) fn selected(self) -> Style {
        Style::new()
            .add_modifier(Modifier::BOLD)
            .add_modifier(Modifier::REVERSED)
    }

    /// The style of the user's choices: the panel that has the focus, and the frozen view.
    pub(crate) fn accent(self) -> Style {
        self.foreground(ACCENT).add_modifier(Modifier::BOLD)
    }

    /// The style of a good state or result.
    pub(crate) fn good(self) -> Style {
        self.foreground(GOOD)
    }

    /// The style of a problem.
    pub(crate) fn bad(self) -> Style {
        self.foreground(BLOCKING).add_modifier(Modifier::BOLD)
    }

    /// The style of a problem that the user must not overlook.
    pub(crate) fn alarm(self) -> Style {
        self.on(BLOCKING_BACKGROUND, WHITE)
    }

    /// The style of a lane that is blocked now.
    pub(crate) fn blocked(self) -> Style {
        if self.calm_blocks { self.quiet() } else { self.alarm() }
    }

    /// The style of a caption that is a statement.
    pub(crate) fn caption(self) -> Style {
        self.on(ACCENT, BLACK)
    }

    /// The style of a caption that is a question.
    pub(crate) fn question(self) -> Style {
        self.on(WHITE, BLACK)
    }

    /// The style of a badge. The badge stands out from the caption around it.
    pub(crate) fn badge(self) -> Style {
        if self.has_colors() {
            self.on(BADGE_BACKGROUND, WHITE)
        } else {
            self.strong().remove_modifier(Modifier::REVERSED)
        }
    }
}

#[cfg(test)]
fn every_state() -> Vec<State> {
    use crate::record::Reason;
    use strum::VariantArray;

    let mut states = vec![State::Running, State::Blocking, State::Queued, State::Unnoticed];
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
            .flat_map(|state| [theme.state(state, 3), theme.word(state)]);
        let others = [
            theme.quiet(),
            theme.strong(),
            theme.accent(),
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
