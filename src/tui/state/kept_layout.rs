//! Keeps the layout of a frozen view. If the width of the time axis changed, every row would move.
//! Therefore a thread or a name that appears later does not change this width.

use super::viewport::FrozenView;
use crate::tui::layout::Content;
use ratatui::layout::Rect;

/// The content that determined the layout of the last frame.
#[derive(Default)]
pub(crate) struct KeptLayout {
    last: Option<(Rect, Option<FrozenView>, Content)>,
}

impl KeptLayout {
    /// The content that determines the layout of the next frame. Most frozen views use the content
    /// of the last frame. The present content is used in three cases: in a live view, after the
    /// user has panned or zoomed, and after the size of the screen has changed.
    pub(crate) fn content(
        &mut self,
        area: Rect,
        view: Option<FrozenView>,
        present: impl FnOnce() -> Content,
    ) -> Content {
        let kept = self.last.filter(|(last_area, last_view, _)| {
            let has_just_frozen = last_view.is_none();
            view.is_some() && *last_area == area && (has_just_frozen || *last_view == view)
        });
        let content = kept.map_or_else(present, |(.., content)| content);
        self.last = Some((area, view, content));
        content
    }
}
