//! All actions that a key can trigger. Each action is declared once.
//!
//! The keymap, the footer, the help page and the key table of the documentation read the
//! declaration below. So they cannot disagree. A test checks that no key is bound twice.
//!
//! To add an action, add one entry here, and add the effect of the action to
//! [`App::act`](crate::tui::App::act). For an effect on the run or the terminal, `act` returns an
//! [`Intent`](crate::tui::Intent), which the event loop carries out. To bind one more key to an
//! action, add the key to the list of the action's entry.

use super::key;
use crokey::{KeyCombination, key};
use strum::VariantArray;

macro_rules! actions {
    ($( $(#[doc = $doc:literal])+ $variant:ident { footer: $footer:expr, keys: [$($key:expr),+ $(,)?] } )+) => {
        /// An action that a key triggers. The help page lists the actions in this order.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, VariantArray)]
        pub enum Action {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl Action {
            /// A short sentence that says what the action does. This sentence is the doc comment of
            /// the variant.
            pub fn description(self) -> &'static str {
                match self { $(Action::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// The keys that trigger the action. The footer shows the first key.
            pub fn keys(self) -> &'static [KeyCombination] {
                match self { $(Action::$variant => const { &[$($key),+] },)+ }
            }

            /// The word for the action in the footer. `None` for an action that only the help page
            /// lists. Neighbouring actions with the same word share one entry of the footer.
            pub(crate) fn footer(self) -> Option<&'static str> {
                match self { $(Action::$variant => $footer,)+ }
            }
        }
    };
}

actions! {
    /// Stop the run and quit.
    Quit { footer: Some("quit"), keys: [key!(q), key!(ctrl - c)] }
    /// Open or close this page.
    Help { footer: Some("help"), keys: [key!('?'), key!(f1)] }
    /// Skip to the next cue.
    Next { footer: Some("next"), keys: [key!(n)] }
    /// Freeze the view; the run goes on.
    Freeze { footer: Some("freeze"), keys: [key!(space)] }
    /// Close this page, or go live again.
    Back { footer: None, keys: [key!(esc)] }
    /// Freeze the view; go back in time.
    PanLeft { footer: Some("pan"), keys: [key!(left)] }
    /// Go forward in time.
    PanRight { footer: Some("pan"), keys: [key!(right)] }
    /// Zoom in, down to 1 µs per column.
    ZoomIn { footer: Some("zoom"), keys: [key!('+'), key!('=')] }
    /// Zoom out, up to the whole run.
    ZoomOut { footer: Some("zoom"), keys: [key!(hyphen), key!('_')] }
    /// Block a worker for 300 ms.
    Inject { footer: Some("block now"), keys: [key!(b)] }
    /// Sort by trouble, name or spawn.
    Sort { footer: Some("sort"), keys: [key!(s)] }
    /// Go to the next panel.
    NextPanel { footer: Some("panel"), keys: [key!(tab)] }
    /// Go to the previous panel.
    PreviousPanel { footer: None, keys: [key!(backtab)] }
    /// Select the row above.
    Up { footer: Some("select"), keys: [key!(up)] }
    /// Select the row below.
    Down { footer: Some("select"), keys: [key!(down)] }
    /// Move the selection up by a page.
    PageUp { footer: None, keys: [key!(pageup)] }
    /// Move the selection down by a page.
    PageDown { footer: None, keys: [key!(pagedown)] }
    /// Select the first row.
    First { footer: None, keys: [key!(home)] }
    /// Select the last row.
    Last { footer: None, keys: [key!(end)] }
    /// Suspend to the shell; fg resumes.
    Suspend { footer: None, keys: [key!(ctrl - z)] }
}

impl Action {
    /// The action that `key` is bound to.
    pub(crate) fn bound_to(key: KeyCombination) -> Option<Action> {
        Action::VARIANTS
            .iter()
            .copied()
            .find(|action| action.keys().contains(&key))
    }
}

/// One row of the key table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRow {
    /// The labels of the keys that trigger the action: `q`, `Ctrl-C`.
    pub keys: Vec<String>,
    /// A short sentence that says what the action does.
    pub description: &'static str,
}

/// Every action with its keys, in the order of the help page. The help page and the documentation
/// print this table.
pub fn key_table() -> Vec<KeyRow> {
    let row = |action: &Action| KeyRow {
        keys: action.keys().iter().copied().map(key::label).collect(),
        description: action.description(),
    };
    Action::VARIANTS.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;
    use crate::tui::INJECTED_BLOCK;
    use std::collections::HashMap;

    #[test]
    fn no_key_is_bound_twice() {
        let mut bound = HashMap::new();
        for &action in Action::VARIANTS {
            for &key in action.keys() {
                let other = bound.insert(key, action);
                assert_eq!(other, None, "{} is bound to {action:?} too", key::label(key));
                assert_eq!(Action::bound_to(key), Some(action));
            }
        }
    }

    #[test]
    fn the_description_of_inject_names_the_duration_of_the_block() {
        let duration = text::round_duration(INJECTED_BLOCK.into());
        assert!(Action::Inject.description().contains(&duration), "{duration}");
    }

    #[test]
    fn every_description_is_one_sentence() {
        for action in Action::VARIANTS {
            let text = action.description();
            assert!(text.ends_with('.') && !text.contains('\n'), "{action:?}: {text:?}");
        }
    }
}
