//! Keys: from the terminal's event to a [`KeyCombination`], and from there to the label on screen.

use crokey::{KeyCombination, STANDARD_FORMAT};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The key of a terminal's event. `None` for a release, which some terminals report.
///
/// Terminals disagree about Shift: some report it with `?` and `+`, others do not, because it is
/// part of the character. So it is ignored, except with `BackTab`, which always has it.
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

/// The key's label on screen and in the documentation: `←`, `PgUp`, `Ctrl-C`. The footer has no
/// room for longer ones.
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
    fn shift_is_part_of_the_character() {
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            let question_mark = event(KeyCode::Char('?'), modifiers, KeyEventKind::Press);
            assert_eq!(from_event(question_mark), Some(key!('?')));
        }
        let back_tab = event(KeyCode::BackTab, KeyModifiers::SHIFT, KeyEventKind::Press);
        assert_eq!(from_event(back_tab), Some(key!(backtab)));
    }

    #[test]
    fn a_release_is_no_key_and_a_repeat_is_one() {
        let right = |kind| from_event(event(KeyCode::Right, KeyModifiers::NONE, kind));
        assert_eq!(right(KeyEventKind::Release), None);
        assert_eq!(right(KeyEventKind::Repeat), Some(key!(right)));
    }

    #[test]
    fn alt_makes_another_key() {
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
