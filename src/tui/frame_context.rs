//! Everything that a widget reads while it draws: the model, the user's choices, and the visible
//! time.

use super::Options;
use super::layout::Layout;
use super::state::{App, Panel, TimeSpan};
use super::theme::Theme;
use crate::model::{Model, TaskCounts, Window};
use crate::record::{GroupId, RunInstant};
use crate::run::RunState;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The data from which the widgets draw one frame.
pub(crate) struct FrameContext<'a> {
    /// What is known about the run.
    pub(crate) model: &'a Model,
    /// The user's choices, such as the selection.
    pub(crate) app: &'a App,
    /// Whether the run is running, waiting, stopping or ended.
    pub(crate) run: &'a RunState,
    /// The options that were set at the start.
    pub(crate) options: &'a Options,
    /// The styles.
    pub(crate) theme: Theme,
    /// The area of each part of the screen.
    pub(crate) layout: Layout,
    /// The visible time span.
    pub(crate) span: TimeSpan,
    /// The latest visible instant: the present in a live view, or the last instant of a frozen
    /// view.
    pub(crate) at: RunInstant,
}

impl FrameContext<'_> {
    /// The style of a panel's heading. The heading of the panel that has the focus stands out.
    pub(crate) fn heading_style(&self, panel: Panel) -> Style {
        if self.app.focus == panel {
            self.theme.selected()
        } else {
            self.theme.strong()
        }
    }

    /// Whether the view follows the run.
    pub(crate) fn is_live(&self) -> bool {
        self.app.viewport.is_live()
    }

    /// The number of tasks in each state at the visible instant. `None` while the count for a past
    /// instant is in progress.
    pub(crate) fn counts(&self) -> Option<TaskCounts> {
        match self.is_live() {
            true => Some(self.model.counts()),
            false => self.app.state_count.counts(),
        }
    }

    /// The time span that the model must paint, with two cells per column.
    pub(crate) fn window(&self) -> Window {
        Window {
            from: self.span.from,
            to: self.span.to,
            columns: self.span.columns * 2,
        }
    }

    /// A group's position in the list of groups. The position determines the group's colour.
    pub(crate) fn group_position(&self, id: GroupId) -> usize {
        // The groups are in the order of their ids.
        self.model
            .groups()
            .binary_search_by_key(&id, |group| group.id)
            .unwrap_or(0)
    }

    /// Draws the mark of a selected row. The mark stands out if `panel` has the focus.
    pub(crate) fn render_cursor(&self, area: Rect, panel: Panel, buf: &mut Buffer) {
        let style = if self.app.focus == panel {
            self.theme.strong()
        } else {
            self.theme.quiet()
        };
        buf.set_string(area.x, area.y, "▸", style);
    }
}
