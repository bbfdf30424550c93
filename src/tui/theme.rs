//! What things look like: one palette, one glyph per state, and what remains of both where the terminal has few colours
//! or the reader wants none.
//!
//! The palette is Okabe and Ito's, made to be told apart by colour-blind readers (*Color Universal Design*, 2008). It is
//! split by meaning: **cool colours work, warm colours are trouble**. A group of tasks gets a cool colour by its
//! position; vermillion blocks, yellow is queued, pink is unnoticed. Nothing is told by colour alone: every state has a
//! glyph of its own, and with `NO_COLOR` only glyphs, bold and dim remain.

use crate::model::State;
use crate::record::Outcome;
use ratatui::style::{Color, Modifier, Style};

/// How many colours there are to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// None: bold, dim and reverse only.
    None,
    /// The terminal's own sixteen.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// Any.
    True,
}

impl Depth {
    /// What the environment says: `NO_COLOR` (<https://no-color.org>: set and not empty), `COLORTERM`, `TERM`.
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> Depth {
        let var = |name| var(name).unwrap_or_default();
        if !var("NO_COLOR").is_empty() || matches!(var("TERM").as_str(), "dumb" | "vt100" | "vt220") {
            Depth::None
        } else if matches!(var("COLORTERM").as_str(), "truecolor" | "24bit") || var("TERM").ends_with("-direct") {
            Depth::True
        } else if var("TERM").contains("256color") {
            Depth::Ansi256
        } else {
            Depth::Ansi16
        }
    }
}

/// One colour at every depth.
#[derive(Clone, Copy, Debug)]
struct Colour {
    rgb: u32,
    indexed: u8,
    ansi: Color,
}

const fn colour(rgb: u32, indexed: u8, ansi: Color) -> Colour {
    Colour { rgb, indexed, ansi }
}

const GROUPS: [Colour; 6] = [
    colour(0x56b4e9, 74, Color::LightCyan),
    colour(0x009e73, 36, Color::Green),
    colour(0x3f88c5, 32, Color::LightBlue),
    colour(0x8fd9c4, 115, Color::Cyan),
    colour(0xa9c6ec, 153, Color::White),
    colour(0x9aa0a8, 247, Color::Gray),
];
const BLOCKING: Colour = colour(0xff5a1f, 202, Color::LightRed);
const BLOCKING_GROUND: Colour = colour(0xb03a00, 130, Color::Red);
const QUEUED: Colour = colour(0xf0e442, 227, Color::Yellow);
const QUEUED_GROUND: Colour = colour(0x6b6300, 58, Color::Reset);
const UNNOTICED: Colour = colour(0xf09acb, 212, Color::LightMagenta);
const UNNOTICED_GROUND: Colour = colour(0x7a3a62, 89, Color::Magenta);
const QUIET: Colour = colour(0x6b7280, 243, Color::DarkGray);
const ACCENT: Colour = colour(0xe69f00, 214, Color::Yellow);
const GOOD: Colour = colour(0x2bbf93, 36, Color::Green);
const PAPER: Colour = colour(0xffffff, 231, Color::White);
const QUESTION_GROUND: Colour = colour(0x0a5fa8, 25, Color::Blue);
const INK: Colour = colour(0x101010, 233, Color::Black);

/// Glyphs and styles at one colour depth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Theme {
    depth: Depth,
    calm_blocks: bool,
}

impl Theme {
    /// The theme for a terminal with that many colours.
    pub const fn new(depth: Depth) -> Theme {
        Theme {
            depth,
            calm_blocks: false,
        }
    }

    /// A thread that only one task runs on holds nobody up when it sleeps: nothing to be alarmed by.
    pub const fn with_calm_blocks(self, calm_blocks: bool) -> Theme {
        Theme { calm_blocks, ..self }
    }

    /// Whether there are colours at all.
    pub fn coloured(self) -> bool {
        self.depth != Depth::None
    }

    fn colour(self, c: Colour) -> Color {
        match self.depth {
            Depth::None => Color::Reset,
            Depth::Ansi16 => c.ansi,
            Depth::Ansi256 => Color::Indexed(c.indexed),
            Depth::True => Color::from_u32(c.rgb),
        }
    }

    fn ink(self, c: Colour) -> Style {
        if self.coloured() {
            Style::new().fg(self.colour(c))
        } else {
            Style::new()
        }
    }

    /// Light on a loud ground; reversed where there are no colours.
    fn on(self, ground: Colour, ink: Colour) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if self.coloured() {
            style.fg(self.colour(ink)).bg(self.colour(ground))
        } else {
            style.add_modifier(Modifier::REVERSED)
        }
    }

    /// With a ground, so that a shaded glyph is loud on any terminal.
    fn ground(self, ground: Colour, style: Style) -> Style {
        if self.coloured() {
            style.bg(self.colour(ground))
        } else {
            style
        }
    }

    /// The colour of the group at this position.
    pub fn group(self, position: usize) -> Style {
        self.ink(GROUPS[position % GROUPS.len()])
    }

    /// A cell of a timeline, or a word, in this state; `group` is the position of the task's group.
    pub fn state(self, state: State, group: usize) -> Style {
        match state {
            State::Running => self.group(group),
            State::Blocking if self.calm_blocks => self.group(group),
            State::Blocking => self.ground(BLOCKING_GROUND, self.word(state)),
            State::Queued => self.ground(QUEUED_GROUND, self.word(state)),
            State::Unnoticed => self.ground(UNNOTICED_GROUND, self.word(state)),
            State::Suspended(_) => self.group(group),
            State::Ended(Outcome::Completed) => self.good(),
            State::Ended(Outcome::Cancelled | Outcome::Unknown) => self.quiet(),
            State::Ended(Outcome::NeverStarted) => self.ink(QUEUED),
            State::Ended(_) => self.bad(),
        }
    }

    /// The name of a state in running text: its colour without its ground.
    pub fn word(self, state: State) -> Style {
        match state {
            State::Running => self.good(),
            State::Blocking if self.calm_blocks => self.quiet(),
            State::Blocking => self.bad(),
            State::Queued => self.ink(QUEUED),
            State::Unnoticed => self.ink(UNNOTICED),
            State::Suspended(_) => self.quiet(),
            other => self.state(other, 0),
        }
    }

    /// Text that may be overlooked.
    pub fn quiet(self) -> Style {
        if self.coloured() {
            self.ink(QUIET)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// Titles and numbers.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The name of a selected row.
    pub fn selected(self) -> Style {
        Style::new()
            .add_modifier(Modifier::BOLD)
            .add_modifier(Modifier::REVERSED)
    }

    /// Where the presenter's hand is: the panel with the keys, the freeze.
    pub fn accent(self) -> Style {
        self.ink(ACCENT).add_modifier(Modifier::BOLD)
    }

    /// As it should be.
    pub fn good(self) -> Style {
        self.ink(GOOD)
    }

    /// Wrong.
    pub fn bad(self) -> Style {
        self.ink(BLOCKING).add_modifier(Modifier::BOLD)
    }

    /// Wrong, and nobody may overlook it.
    pub fn alarm(self) -> Style {
        self.on(BLOCKING_GROUND, PAPER)
    }

    /// A lane that is blocked now.
    pub fn blocked(self) -> Style {
        if self.calm_blocks { self.quiet() } else { self.alarm() }
    }

    /// What the lecturer says.
    pub fn caption(self) -> Style {
        self.on(ACCENT, INK)
    }

    /// What the lecturer asks.
    pub fn question(self) -> Style {
        self.on(PAPER, INK)
    }

    /// What stands out from a caption, or from a question.
    pub fn badge(self) -> Style {
        if self.coloured() {
            self.on(QUESTION_GROUND, PAPER)
        } else {
            self.strong().remove_modifier(Modifier::REVERSED)
        }
    }
}

/// The mark of a task for which nobody waits any more.
pub const ORPHANED: &str = "◌";

/// The glyph of a state, alike at every depth.
pub fn glyph(state: State) -> &'static str {
    match state {
        State::Running => "█",
        State::Blocking => "▓",
        State::Queued => "▒",
        State::Unnoticed => "░",
        State::Suspended(_) => "·",
        State::Ended(Outcome::Completed) => "✓",
        State::Ended(Outcome::Failed) => "✗",
        State::Ended(Outcome::Cancelled) => "⊘",
        State::Ended(Outcome::TimedOut) => "◷",
        State::Ended(Outcome::Panicked) => "!",
        State::Ended(Outcome::UnobservedFailure) => "?",
        State::Ended(Outcome::NeverStarted) => "∅",
        State::Ended(Outcome::Lost) => "†",
        State::Ended(Outcome::Unknown) => "⊙",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Reason;
    use std::collections::HashSet;

    fn every_state() -> Vec<State> {
        let mut states = vec![State::Running, State::Blocking, State::Queued, State::Unnoticed];
        states.push(State::Suspended(Reason::Timer));
        states.extend(Outcome::ALL.map(State::Ended));
        states
    }

    #[test]
    fn no_two_states_share_a_glyph() {
        let glyphs: HashSet<_> = every_state().into_iter().map(glyph).collect();
        assert_eq!(glyphs.len(), every_state().len());
        assert!(glyphs.iter().all(|g| crate::text::width(g) == 1));
        assert!(!glyphs.contains(ORPHANED) && crate::text::width(ORPHANED) == 1);
    }

    #[test]
    fn without_colours_there_is_no_colour() {
        let theme = Theme::new(Depth::None);
        let styles = every_state()
            .into_iter()
            .flat_map(|s| [theme.state(s, 3), theme.word(s)]);
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

    #[test]
    fn the_environment_decides_the_depth() {
        let with = |vars: &'static [(&str, &str)]| {
            Depth::detect(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string()))
        };
        assert_eq!(
            with(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]),
            Depth::True
        );
        assert_eq!(with(&[("TERM", "screen-256color")]), Depth::Ansi256);
        assert_eq!(with(&[("TERM", "linux")]), Depth::Ansi16);
        assert_eq!(
            with(&[("TERM", "xterm"), ("NO_COLOR", "1"), ("COLORTERM", "truecolor")]),
            Depth::None
        );
        assert_eq!(with(&[("TERM", "xterm"), ("NO_COLOR", "")]), Depth::Ansi16);
    }
}
