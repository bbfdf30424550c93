//! Converts a terminal event into a [`KeyCombination`], and a `KeyCombination` into its label on
//! screen.

use crokey::{KeyCombination, STANDARD_FORMAT};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The key that a terminal event reports. `None` for the release of a key, which only some
/// terminals report.
///
/// Some terminals report Shift together with characters such as `?` and `+`, but other terminals do
/// not. So this function ignores Shift. The exception is `BackTab`, which always includes Shift.
pub(crate) fn from_event(event: KeyEvent) -> Option<KeyCombination> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let mut key = KeyCombination::from(event);
    if event.code != KeyCode::BackTab {
        key.modifiers.remove(KeyModifiers::SHIFT);
    }
    Some(key)
}

/// The key's label on screen and in the documentation: `←`, `PgUp`, `Ctrl-C`. Labels are short
/// because the footer has little room.
pub(crate) fn label(key: KeyCombination) -> String {
    let name = STANDARD_FORMAT.to_string(key);
    if let Some(letter) = name.strip_prefix("Ctrl-") {
        return format!("Ctrl-{}", letter.to_uppercase());
    }
    let short = match name.as_str() {
        "Left" => "←",
        "Right" => "→",
        "Up" => "↑",
        "Down" => "↓",
        "PageUp" => "PgUp",
        "PageDown" => "PgDn",
        "Hyphen" => "−",
        "Space" => "space",
        "Tab" => "tab",
        "BackTab" => "shift-tab",
        "Esc" => "esc",
        _ => return name,
    };
    short.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crokey::key;

    fn event(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> KeyEvent {
        KeyEvent::new_with_kind(code, modifiers, kind)
    }

    #[test]
    fn shift_is_ignored_except_for_back_tab() {
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            let question_mark = event(KeyCode::Char('?'), modifiers, KeyEventKind::Press);
            assert_eq!(from_event(question_mark), Some(key!('?')));
        }
        let back_tab = event(KeyCode::BackTab, KeyModifiers::SHIFT, KeyEventKind::Press);
        assert_eq!(from_event(back_tab), Some(key!(backtab)));
    }

    #[test]
    fn a_release_is_ignored_and_a_repeat_counts_as_a_key() {
        let right = |kind| from_event(event(KeyCode::Right, KeyModifiers::NONE, kind));
        assert_eq!(right(KeyEventKind::Release), None);
        assert_eq!(right(KeyEventKind::Repeat), Some(key!(right)));
    }

    #[test]
    fn a_key_with_alt_differs_from_the_key_without_alt() {
        let alt_q = event(KeyCode::Char('q'), KeyModifiers::ALT, KeyEventKind::Press);
        assert_ne!(from_event(alt_q), Some(key!(q)));
    }

    #[test]
    fn labels_are_short() {
        let keys = [
            key!(ctrl - c),
            key!(space),
            key!(hyphen),
            key!(f1),
            key!(home),
            key!(backtab),
        ];
        assert_eq!(keys.map(label), ["Ctrl-C", "space", "−", "F1", "Home", "shift-tab"]);
    }
}
