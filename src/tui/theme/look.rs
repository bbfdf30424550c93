//! How each state looks: its glyphs and its colours, in one table.

use super::palette::{
    BLOCKING, BLOCKING_BACKGROUND, GOOD, HOGGING, HOGGING_BACKGROUND, PaletteColor, QUEUED, QUEUED_BACKGROUND, QUIET,
    RUNNING, SLEEPING, UNNOTICED, UNNOTICED_BACKGROUND, WAITING,
};
use crate::model::State;
use crate::record::Outcome;

/// How a state looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The glyph of a cell that mostly shows the state.
    pub glyph: &'static str,
    /// The sign of a cell in which the state covers only a small share, on a terminal without
    /// colours. With colours, a coloured bar shows the share instead.
    pub small_sign: &'static str,
    /// The colour of the glyph, of a bar, and of the state's name.
    pub color: PaletteColor,
    /// The colour behind the glyph. It makes a shaded glyph stand out on every terminal.
    pub background: Option<PaletteColor>,
}

impl Look {
    const fn new(glyph: &'static str, color: PaletteColor) -> Look {
        Look {
            glyph,
            small_sign: glyph,
            color,
            background: None,
        }
    }

    const fn on(self, background: PaletteColor) -> Look {
        Look {
            background: Some(background),
            ..self
        }
    }

    const fn small(self, small_sign: &'static str) -> Look {
        Look { small_sign, ..self }
    }
}

/// The table of states. A row sets the glyph and the colour, and for some states also the
/// background and the sign for a small share.
pub(super) fn look(state: State) -> Look {
    match state {
        State::Running => Look::new("█", RUNNING).on(RUNNING).small("▁"),
        State::Hogging => Look::new("▚", HOGGING).on(HOGGING_BACKGROUND).small("="),
        State::Sleeping => Look::new("z", SLEEPING),
        State::Blocking => Look::new("▓", BLOCKING).on(BLOCKING_BACKGROUND).small("■"),
        State::Queued => Look::new("▒", QUEUED).on(QUEUED_BACKGROUND).small(":"),
        State::Unnoticed => Look::new("░", UNNOTICED).on(UNNOTICED_BACKGROUND).small("'"),
        State::Waiting(_) => Look::new("╍", WAITING),
        State::Suspended(_) => Look::new("·", QUIET),
        State::Ended(Outcome::Completed) => Look::new("✓", GOOD),
        State::Ended(Outcome::Failed) => Look::new("✗", BLOCKING),
        State::Ended(Outcome::Cancelled) => Look::new("⊘", QUIET),
        State::Ended(Outcome::TimedOut) => Look::new("◷", BLOCKING),
        State::Ended(Outcome::Panicked) => Look::new("!", BLOCKING),
        State::Ended(Outcome::UnobservedFailure) => Look::new("?", BLOCKING),
        State::Ended(Outcome::NeverStarted) => Look::new("∅", QUEUED),
        State::Ended(Outcome::Lost) => Look::new("†", BLOCKING),
        State::Ended(Outcome::Unknown) => Look::new("⊙", QUIET),
    }
}

#[cfg(test)]
mod tests {
    use super::super::palette::GROUPS;
    use super::*;
    use crate::text;
    use crate::tui::theme::{ColorDepth, ORPHANED, every_state};
    use ratatui::style::Color;
    use std::collections::HashSet;

    const DEPTHS: [ColorDepth; 3] = [ColorDepth::Ansi16, ColorDepth::Ansi256, ColorDepth::TrueColor];

    #[test]
    fn no_two_states_share_a_sign() {
        let looks: Vec<_> = every_state().into_iter().map(look).collect();
        let signs = looks.iter().flat_map(|look| [look.glyph, look.small_sign]);
        let signs: HashSet<_> = signs.collect();
        let with_small_sign = looks.iter().filter(|look| look.glyph != look.small_sign);
        assert_eq!(signs.len(), looks.len() + with_small_sign.count());
        assert!(signs.iter().all(|sign| text::width(sign) == 1));
        assert!(!signs.contains(ORPHANED) && text::width(ORPHANED) == 1);
    }

    #[test]
    fn each_state_of_a_living_task_has_its_own_colour() {
        for depth in DEPTHS {
            let living = every_state()
                .into_iter()
                .filter(|state| !matches!(state, State::Ended(_)));
            let colors: Vec<_> = living.map(|state| look(state).color.at(depth)).collect();
            let distinct: HashSet<_> = colors.iter().collect();
            assert_eq!(distinct.len(), colors.len(), "{depth:?}");
            assert!(!distinct.contains(&Color::Reset), "{depth:?}");
        }
    }

    #[test]
    fn no_group_has_the_colour_of_a_state() {
        for depth in DEPTHS {
            let states: HashSet<_> = every_state()
                .into_iter()
                .map(look)
                .flat_map(|look| [Some(look.color), look.background])
                .flatten()
                .map(|color| color.at(depth))
                .filter(|color| *color != Color::Reset)
                .collect();
            for group in GROUPS {
                assert!(!states.contains(&group.at(depth)), "{group:?} at {depth:?}");
            }
        }
    }
}
