//! Everything that a widget may read to draw itself: the model, what the user has chosen, and the
//! visible instant.

use super::Options;
use super::layout::Layout;
use super::state::{App, Panel, TimeSpan};
use super::theme::Theme;
use crate::model::{Model, Window};
use crate::record::{GroupId, RunInstant};
use crate::run::RunState;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The input of one frame.
pub(crate) struct FrameContext<'a> {
    /// What is known of the run.
    pub(crate) model: &'a Model,
    /// What the user has chosen.
    pub(crate) app: &'a App,
    /// How far the run is.
    pub(crate) run: &'a RunState,
    /// What was set at the start.
    pub(crate) options: &'a Options,
    /// How things look.
    pub(crate) theme: Theme,
    /// The place of each part.
    pub(crate) layout: Layout,
    /// The visible stretch of time.
    pub(crate) span: TimeSpan,
    /// The latest visible instant: now, or the last instant of a frozen view.
    pub(crate) at: RunInstant,
}

impl FrameContext<'_> {
    /// The style of a panel's heading. That of the panel with the keys stands out.
    pub(crate) fn heading_style(&self, panel: Panel) -> Style {
        if self.app.focus == panel {
            self.theme.accent()
        } else {
            self.theme.strong()
        }
    }

    /// Whether the view follows the run.
    pub(crate) fn is_live(&self) -> bool {
        self.app.viewport.is_live()
    }

    /// What the model must paint: two cells per column.
    pub(crate) fn window(&self) -> Window {
        Window {
            from: self.span.from,
            to: self.span.to,
            columns: self.span.columns * 2,
        }
    }

    /// A group's position in the list of groups, which decides its colour.
    pub(crate) fn group_position(&self, id: GroupId) -> usize {
        self.model.groups().iter().position(|group| group.id == id).unwrap_or(0)
    }

    /// Marks a selected row. The mark is loud in the panel that has the keys.
    pub(crate) fn render_cursor(&self, area: Rect, panel: Panel, buf: &mut Buffer) {
        let style = if self.app.focus == panel {
            self.theme.accent()
        } else {
            self.theme.quiet()
        };
        buf.set_string(area.x, area.y, "▸", style);
    }
}
