//! The keys worth remembering, read off the actions. Actions that share a word stand as one: `←→ pan`.

use super::action::Action;
use super::caption;
use super::frame_context::FrameContext;
use crate::run::RunState;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Draws the footer; what does not fit is left to the help page.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let (came, all) = caption::progress(context.model, context.model.now());
    let entries = entries(came < all && !matches!(context.run, RunState::Stopping | RunState::Ended { .. }));
    let width = |gap: usize| {
        entries
            .iter()
            .map(|(keys, word)| text::width(keys) + text::width(word) + 1 + gap)
            .sum::<usize>()
    };
    let gap = if width(3) <= usize::from(area.width) { 3 } else { 2 };
    let mut line = Line::from(" ");
    for (keys, word) in entries {
        if line.width() + text::width(&keys) + text::width(word) + 1 > usize::from(area.width) {
            break;
        }
        line.push_span(Span::styled(keys, context.theme.accent()));
        line.push_span(Span::styled(
            format!(" {word}{}", " ".repeat(gap)),
            context.theme.quiet(),
        ));
    }
    line.render(area, buf);
}

/// Keys and their common word, in the order of the actions; the key to the next cue only if `cues` are to come.
fn entries(cues: bool) -> Vec<(String, &'static str)> {
    let mut entries: Vec<(String, &'static str)> = Vec::new();
    for &action in Action::ALL {
        let Some(word) = action.footer().filter(|_| cues || action != Action::Next) else {
            continue;
        };
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
        let shown = |cues| -> Vec<_> {
            let entries = entries(cues).into_iter();
            entries.map(|(keys, word)| format!("{keys} {word}")).collect()
        };
        assert_eq!(
            shown(false)[..5],
            ["q quit", "? help", "space freeze", "←→ pan", "+− zoom"]
        );
        assert_eq!(shown(true)[..4], ["q quit", "? help", "n next", "space freeze"]);
        assert!(shown(true).contains(&"b block now".to_owned()));
    }
}
