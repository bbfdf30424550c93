//! What the lecturer's script says at the moment on screen: the last cue that spoke, across the whole width.

use super::scene::Scene;
use crate::model::Model;
use crate::record::Nanos;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Widget, Wrap};

/// Draws the caption bar, if a cue has spoken yet.
pub fn render(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let Some(words) = spoken(scene, scene.at) else { return };
    if area.is_empty() {
        return;
    }
    buf.set_style(area, scene.theme.caption());
    let inside = Rect {
        x: area.x + 1,
        width: area.width - 2,
        ..area
    };
    Paragraph::new(text::clean(words))
        .style(scene.theme.caption())
        .wrap(Wrap { trim: true })
        .render(inside, buf);
}

/// Rows that the longest caption needs, two at most: they stay reserved, so that nothing jumps when a cue speaks.
pub fn rows(model: &Model, width: u16) -> u16 {
    let longest = model
        .info()
        .cues
        .iter()
        .map(|cue| text::width(&cue.say))
        .max()
        .unwrap_or(0);
    match longest {
        0 => 0,
        columns if columns + 2 <= usize::from(width) => 1,
        _ => 2,
    }
}

/// The words of the last cue at or before `at` that has any.
fn spoken<'a>(scene: &Scene<'a>, at: Nanos) -> Option<&'a str> {
    let cues = &scene.model.info().cues;
    cues.iter()
        .rev()
        .find(|cue| cue.at <= at && !cue.say.is_empty())
        .map(|cue| cue.say.as_str())
}
