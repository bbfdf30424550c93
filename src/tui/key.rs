//! A key as bindings and help pages mean it: what was struck, and with which modifier that matters.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::fmt;

/// A key with its modifiers. Shift is part of the character (`?`, `+`), so it is left out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    /// What was struck.
    pub code: KeyCode,
    /// Control was held.
    pub ctrl: bool,
}

impl Key {
    /// A key alone.
    pub const fn plain(code: KeyCode) -> Key {
        Key { code, ctrl: false }
    }

    /// A key with Control.
    pub const fn ctrl(code: KeyCode) -> Key {
        Key { code, ctrl: true }
    }

    /// The key of a terminal's event; `None` for a release (which some terminals report) and for Alt or Super.
    pub fn of(event: KeyEvent) -> Option<Key> {
        let other = KeyModifiers::all() - KeyModifiers::SHIFT - KeyModifiers::CONTROL;
        if event.kind == KeyEventKind::Release || event.modifiers.intersects(other) {
            return None;
        }
        Some(Key {
            code: event.code,
            ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char('-') => f.write_str("−"),
            KeyCode::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::Home => f.write_str("Home"),
            KeyCode::End => f.write_str("End"),
            KeyCode::Tab => f.write_str("tab"),
            KeyCode::BackTab => f.write_str("shift-tab"),
            KeyCode::Esc => f.write_str("esc"),
            KeyCode::F(n) => write!(f, "F{n}"),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> KeyEvent {
        KeyEvent::new_with_kind(code, modifiers, kind)
    }

    #[test]
    fn shift_is_part_of_the_character() {
        let struck = event(KeyCode::Char('?'), KeyModifiers::SHIFT, KeyEventKind::Press);
        assert_eq!(Key::of(struck), Some(Key::plain(KeyCode::Char('?'))));
    }

    #[test]
    fn releases_and_alt_mean_nothing() {
        assert_eq!(
            Key::of(event(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release)),
            None
        );
        assert_eq!(
            Key::of(event(KeyCode::Char('q'), KeyModifiers::ALT, KeyEventKind::Press)),
            None
        );
        let held = event(KeyCode::Right, KeyModifiers::NONE, KeyEventKind::Repeat);
        assert_eq!(Key::of(held), Some(Key::plain(KeyCode::Right)));
    }

    #[test]
    fn keys_read_as_a_person_names_them() {
        assert_eq!(Key::ctrl(KeyCode::Char('c')).to_string(), "Ctrl-C");
        assert_eq!(Key::plain(KeyCode::Char(' ')).to_string(), "space");
    }
}
