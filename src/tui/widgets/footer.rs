//! The last line of the screen: the most important keys, as [`Action`] declares them. Neighbouring
//! actions with the same word share one entry: `←→ pan`.

use super::caption;
use crate::run::RunState;
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::keys::{Action, key};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use strum::VariantArray;

/// Draws the footer. Entries that do not fit are omitted. The help page lists all keys.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let (passed, total) = caption::progress(context.model, context.model.now());
    let run_goes_on = !matches!(context.run, RunState::Stopping | RunState::Ended { .. });
    let entries = entries(run_goes_on && passed < total);
    let width_with_gap = |gap: usize| {
        let widths = entries.iter().map(|entry| entry.width() + gap);
        widths.sum::<usize>()
    };
    let gap = if width_with_gap(3) <= usize::from(area.width) {
        3
    } else {
        2
    };
    let mut line = Line::from(" ");
    for entry in entries {
        if line.width() + entry.width() > usize::from(area.width) {
            break;
        }
        line.push_span(Span::styled(entry.keys, context.theme.strong()));
        let word = format!(" {}{:gap$}", entry.word, "");
        line.push_span(Span::styled(word, context.theme.quiet()));
    }
    line.render(area, buf);
}

/// One or more keys, and the word for their action.
struct Entry {
    keys: String,
    word: &'static str,
}

impl Entry {
    fn width(&self) -> usize {
        text::width(&self.keys) + 1 + text::width(self.word)
    }
}

/// The footer's entries, in the order of the actions. The key for the next cue is included only if
/// there is a next cue.
fn entries(has_next_cue: bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for &action in Action::VARIANTS {
        let Some(word) = action.footer().filter(|_| has_next_cue || action != Action::Next) else {
            continue;
        };
        let key = key::label(action.keys()[0]);
        match entries.last_mut() {
            Some(entry) if entry.word == word => entry.keys.push_str(&key),
            _ => entries.push(Entry { keys: key, word }),
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_actions_with_the_same_word_share_one_entry() {
        let labels = |has_next_cue| -> Vec<_> {
            let entries = entries(has_next_cue).into_iter();
            entries.map(|entry| format!("{} {}", entry.keys, entry.word)).collect()
        };
        assert_eq!(
            labels(false)[..5],
            ["q quit", "? help", "space freeze", "←→ pan", "+− zoom"]
        );
        assert_eq!(labels(true)[..4], ["q quit", "? help", "n next", "space freeze"]);
        assert!(labels(true).contains(&"b block now".to_owned()));
    }
}
