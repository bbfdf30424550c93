//! Everything a key can do, declared once.
//!
//! The keymap, the footer and the help page are read off the one table below, so they cannot disagree; a test sees to it
//! that no key is bound twice. An action is `Display + FromStr`, so that it can be named in a file or a document too.

use super::key::Key;
use crossterm::event::KeyCode::{BackTab, Char, Down, End, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up};
use std::fmt;
use std::str::FromStr;

macro_rules! actions {
    ($( $(#[doc = $doc:literal])+ $variant:ident { name: $name:literal, footer: $footer:expr, keys: [$($key:expr),+ $(,)?] } )+) => {
        /// What the presenter can ask for.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Action {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl Action {
            /// Every action, in the order of the help page.
            pub const ALL: &'static [Action] = &[$(Action::$variant),+];

            /// Its name in files and documents: `zoom-in`.
            pub fn name(self) -> &'static str {
                match self { $(Action::$variant => $name,)+ }
            }

            /// What it does, in a line.
            pub fn description(self) -> &'static str {
                match self { $(Action::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// The keys that ask for it; the first is the one to show.
            pub fn keys(self) -> &'static [Key] {
                match self { $(Action::$variant => const { &[$($key),+] },)+ }
            }

            /// Its word in the footer; `None`: only the help page names it. Neighbours with one word share it.
            pub fn footer(self) -> Option<&'static str> {
                match self { $(Action::$variant => $footer,)+ }
            }
        }
    };
}

actions! {
    /// Stop the run and leave.
    Quit { name: "quit", footer: Some("quit"), keys: [Key::plain(Char('q')), Key::ctrl(Char('c'))] }
    /// Show or leave this page.
    Help { name: "help", footer: Some("help"), keys: [Key::plain(Char('?')), Key::plain(F(1))] }
    /// Go on to the next cue, now.
    Next { name: "next", footer: Some("next"), keys: [Key::plain(Char('n'))] }
    /// Freeze the view; the run goes on.
    Freeze { name: "freeze", footer: Some("freeze"), keys: [Key::plain(Char(' '))] }
    /// Leave this page, or go live again.
    Back { name: "back", footer: None, keys: [Key::plain(Esc)] }
    /// Look further back (freezes).
    PanLeft { name: "pan-left", footer: Some("pan"), keys: [Key::plain(Left)] }
    /// Look further on.
    PanRight { name: "pan-right", footer: Some("pan"), keys: [Key::plain(Right)] }
    /// Less time per column, down to 1 µs.
    ZoomIn { name: "zoom-in", footer: Some("zoom"), keys: [Key::plain(Char('+')), Key::plain(Char('='))] }
    /// More time per column, up to all.
    ZoomOut { name: "zoom-out", footer: Some("zoom"), keys: [Key::plain(Char('-')), Key::plain(Char('_'))] }
    /// Block a worker for 300 ms, now.
    Inject { name: "inject", footer: Some("block now"), keys: [Key::plain(Char('b'))] }
    /// Sort tasks: trouble, name or spawn.
    Sort { name: "sort", footer: Some("sort"), keys: [Key::plain(Char('s'))] }
    /// Go to the next panel.
    NextPanel { name: "next-panel", footer: Some("panel"), keys: [Key::plain(Tab)] }
    /// Go to the panel before.
    PreviousPanel { name: "previous-panel", footer: None, keys: [Key::plain(BackTab)] }
    /// Select the row above.
    Up { name: "up", footer: Some("select"), keys: [Key::plain(Up)] }
    /// Select the row below.
    Down { name: "down", footer: Some("select"), keys: [Key::plain(Down)] }
    /// Select a page further up.
    PageUp { name: "page-up", footer: None, keys: [Key::plain(PageUp)] }
    /// Select a page further down.
    PageDown { name: "page-down", footer: None, keys: [Key::plain(PageDown)] }
    /// Select the first row.
    First { name: "first", footer: None, keys: [Key::plain(Home)] }
    /// Select the last row.
    Last { name: "last", footer: None, keys: [Key::plain(End)] }
    /// Go to the shell, where fg comes back.
    Suspend { name: "suspend", footer: None, keys: [Key::ctrl(Char('z'))] }
}

impl Action {
    /// What this key asks for, if anything.
    pub fn of(key: Key) -> Option<Action> {
        Action::ALL.iter().copied().find(|a| a.keys().contains(&key))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No action has this name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownAction(pub String);

impl fmt::Display for UnknownAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no action `{}`", self.0)
    }
}

impl std::error::Error for UnknownAction {}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(s: &str) -> Result<Action, UnknownAction> {
        Action::ALL
            .iter()
            .copied()
            .find(|a| a.name() == s)
            .ok_or_else(|| UnknownAction(s.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_key_is_bound_twice() {
        let mut bound = HashMap::new();
        for &action in Action::ALL {
            for &key in action.keys() {
                assert_eq!(
                    bound.insert(key, action),
                    None,
                    "{key} is bound to {action} and to another action"
                );
                assert_eq!(Action::of(key), Some(action));
            }
        }
    }

    #[test]
    fn names_are_unique_and_read_back() {
        for &action in Action::ALL {
            assert_eq!(action.to_string().parse(), Ok(action));
        }
        assert_eq!("fly".parse::<Action>(), Err(UnknownAction("fly".into())));
    }

    #[test]
    fn every_description_is_one_sentence() {
        for action in Action::ALL {
            let text = action.description();
            assert!(text.ends_with('.') && !text.contains('\n'), "{action}: {text:?}");
        }
    }
}
