//! The keys worth remembering, read off the actions. Actions that share a word stand as one: `←→ pan`.

use super::action::Action;
use super::scene::Scene;
use super::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Draws the footer; what does not fit is left to the help page.
pub fn render(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let mut line = Line::default();
    let mut used = 0;
    for (keys, word) in entries() {
        let width = text::width(&keys) + 1 + text::width(word) + 2;
        if used + width > usize::from(area.width) {
            break;
        }
        used += width;
        line.push_span(Span::styled(format!(" {keys}"), scene.theme.accent()));
        line.push_span(Span::styled(format!(" {word}"), scene.theme.quiet()));
    }
    line.render(area, buf);
}

/// Keys and their common word, in the order of the actions.
fn entries() -> Vec<(String, &'static str)> {
    let mut entries: Vec<(String, &'static str)> = Vec::new();
    for action in Action::ALL {
        let Some(word) = action.footer() else { continue };
        let key = action.keys()[0].to_string();
        match entries.last_mut() {
            Some((keys, last)) if *last == word => keys.push_str(&key),
            _ => entries.push((key, word)),
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_their_word() {
        let shown: Vec<_> = entries()
            .into_iter()
            .map(|(keys, word)| format!("{keys} {word}"))
            .collect();
        assert_eq!(shown[..5], ["q quit", "? help", "space freeze", "←→ pan", "+− zoom"]);
        assert!(shown.contains(&"b block now".to_owned()));
    }
}
