//! What the lecturer's script says at the moment on screen: the last cue that spoke, across the whole width.

use super::scene::Scene;
use crate::record::Nanos;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the caption bar, if a cue has spoken yet.
pub fn render(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let Some(words) = spoken(scene, scene.at) else { return };
    if area.is_empty() {
        return;
    }
    buf.set_style(area, scene.theme.caption());
    buf.set_string(
        area.x + 1,
        area.y,
        text::fit(words, usize::from(area.width) - 2),
        scene.theme.caption(),
    );
}

/// The words of the last cue at or before `at` that has any.
fn spoken<'a>(scene: &Scene<'a>, at: Nanos) -> Option<&'a str> {
    let cues = &scene.model.info().cues;
    cues.iter()
        .rev()
        .find(|cue| cue.at <= at && !cue.say.is_empty())
        .map(|cue| cue.say.as_str())
}
