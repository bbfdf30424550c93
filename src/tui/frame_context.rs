//! All that a widget may look at to draw itself: the model, what the presenter has chosen, and the instant on screen.

use super::Options;
use super::app::{App, Panel};
use super::layout::Layout;
use super::theme::Theme;
use super::view::Span;
use crate::model::{Model, Window};
use crate::record::{GroupId, RunInstant};
use crate::run::RunState;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// One frame's subject.
pub struct FrameContext<'a> {
    /// What is known of the run.
    pub model: &'a Model,
    /// What the presenter has chosen.
    pub app: &'a App,
    /// How far the run is.
    pub run: &'a RunState,
    /// What was said at the start.
    pub options: &'a Options,
    /// How things look.
    pub theme: Theme,
    /// Where things stand.
    pub layout: Layout,
    /// The stretch of time on screen.
    pub span: Span,
    /// The latest instant on screen: now, or the last one that a frozen view shows.
    pub at: RunInstant,
}

impl FrameContext<'_> {
    /// The style of a panel's heading: the one with the keys stands out.
    pub fn heading(&self, panel: Panel) -> Style {
        if self.app.focus == panel {
            self.theme.accent()
        } else {
            self.theme.strong()
        }
    }

    /// Whether the view follows the run.
    pub fn live(&self) -> bool {
        self.app.view.is_live()
    }

    /// What to paint: two cells to a column.
    pub fn window(&self) -> Window {
        Window {
            from: self.span.from,
            to: self.span.to,
            columns: self.span.columns * 2,
        }
    }

    /// A group's place, which is its colour.
    pub fn group_position(&self, id: GroupId) -> usize {
        self.model.groups().iter().position(|group| group.id == id).unwrap_or(0)
    }

    /// Marks a selected row: loudly in the panel that has the keys.
    pub fn cursor(&self, place: Rect, panel: Panel, buf: &mut Buffer) {
        let style = if self.app.focus == panel {
            self.theme.accent()
        } else {
            self.theme.quiet()
        };
        buf.set_string(place.x, place.y, "▸", style);
    }
}
