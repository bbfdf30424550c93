//! The state of the screen: the visible time span, the selection, and the panel that has the focus.
//!
//! The input is an [`Action`] and the model. The output is the next state, and sometimes an
//! [`Intent`].

use super::group_table::GroupRow;
use super::kept_layout::KeptLayout;
use super::lane_order::lane_order;
use super::list::List;
use super::resource_order::ResourceOrder;
use super::state_count::StateCount;
use super::task_order::{SortBy, TaskOrder};
use super::viewport::{FrozenView, KnownTime, Viewport};
use crate::model::{Model, SERIES_BUCKET, SeriesPoint};
use crate::record::{LaneId, RunInstant, TaskId};
use crate::tui::keys::Action;
use strum::VariantArray;

/// The maximum number of points that the app keeps from the model's series. The widest gauge shows
/// this number of bars.
const MAX_POINTS: usize = 120;

/// A command that only the event loop can carry out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intent {
    /// Stop the run and close the screen.
    Quit,
    /// Stop the whole process until the shell continues it.
    Suspend,
    /// Inject a block into a worker.
    InjectBlock,
    /// Skip to the next cue.
    NextCue,
}

/// A panel that can have the focus. The panels are in the order from top to bottom.
#[derive(Clone, Copy, PartialEq, Eq, Debug, VariantArray)]
pub(crate) enum Panel {
    Lanes,
    Tasks,
    Log,
}

impl Panel {
    fn next(self) -> Panel {
        self.after(1)
    }

    fn previous(self) -> Panel {
        self.after(Panel::VARIANTS.len() - 1)
    }

    fn after(self, steps: usize) -> Panel {
        Panel::VARIANTS[(self as usize + steps) % Panel::VARIANTS.len()]
    }
}

/// The number of entries that each panel shows at once. Scrolling and the page keys need this
/// number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct VisibleRows {
    pub(crate) lanes: usize,
    pub(crate) tasks: usize,
    pub(crate) log: usize,
}

/// The screen's state.
pub struct App {
    /// The visible time span.
    pub(crate) viewport: Viewport,
    /// The panel that has the focus: the keys for selecting act on this panel.
    pub(crate) focus: Panel,
    /// Whether the help page is open.
    pub(crate) help: bool,
    /// The selected lane, and how far the lanes are scrolled.
    pub(crate) lanes: List<LaneId>,
    /// The selected task, and how far the tasks are scrolled.
    pub(crate) tasks: List<TaskId>,
    /// How far the log is scrolled back: the number of lines below the last visible line.
    pub(crate) log_scroll: usize,
    /// The order of the tasks' rows.
    pub(crate) task_order: TaskOrder,
    /// The number of tasks in each state at the visible instant of a frozen view.
    pub(crate) state_count: StateCount,
    /// The resources that have a gauge.
    pub(crate) resource_order: ResourceOrder,
    /// The layout of the last frame. A frozen view keeps this layout.
    pub(crate) kept_layout: KeptLayout,
    visible_rows: VisibleRows,
    lane_order: Vec<LaneId>,
    /// The frozen view to which `lane_order` belongs. `None`: `lane_order` belongs to a live view.
    lane_order_of: Option<FrozenView>,
    groups: Vec<GroupRow>,
    points: Vec<SeriesPoint>,
    /// The end of the time that the last point in `points` covers.
    points_end: RunInstant,
}

impl Default for App {
    fn default() -> App {
        App {
            viewport: Viewport::new(1),
            focus: Panel::Tasks,
            help: false,
            lanes: List::default(),
            tasks: List::default(),
            log_scroll: 0,
            task_order: TaskOrder::new(SortBy::Trouble),
            state_count: StateCount::default(),
            resource_order: ResourceOrder::default(),
            kept_layout: KeptLayout::default(),
            visible_rows: VisibleRows::default(),
            lane_order: Vec::new(),
            lane_order_of: None,
            groups: Vec::new(),
            points: Vec::new(),
            points_end: RunInstant::ZERO,
        }
    }
}

impl App {
    /// Carries out an action. While the help page is open, only the actions that close the page,
    /// quit or suspend have an effect.
    pub fn act(&mut self, action: Action, model: &Model) -> Option<Intent> {
        let known = KnownTime {
            oldest: model.horizon(),
            now: model.now(),
        };
        match action {
            Action::Quit => return Some(Intent::Quit),
            Action::Suspend => return Some(Intent::Suspend),
            Action::Help => self.help = !self.help,
            Action::Back if self.help => self.help = false,
            _ if self.help => {}
            Action::Inject => return Some(Intent::InjectBlock),
            Action::Next => return Some(Intent::NextCue),
            Action::Freeze if self.viewport.is_live() => self.viewport.freeze(known),
            Action::Freeze => self.viewport.go_live(),
            Action::Back if self.viewport.is_live() => self.clear_selection(),
            Action::Back => self.viewport.go_live(),
            Action::PanLeft => self.viewport.pan(-1, known),
            Action::PanRight if self.viewport.is_live() => {}
            Action::PanRight => self.viewport.pan(1, known),
            Action::ZoomIn => self.viewport.zoom_in(),
            Action::ZoomOut => self.viewport.zoom_out(known),
            Action::Sort => self.task_order.sort_by(self.task_order.sorted_by().next()),
            Action::NextPanel => self.focus = self.focus.next(),
            Action::PreviousPanel => self.focus = self.focus.previous(),
            Action::Up => self.move_selection(-1, model),
            Action::Down => self.move_selection(1, model),
            Action::PageUp => self.move_selection(-(self.page() as isize), model),
            Action::PageDown => self.move_selection(self.page() as isize, model),
            Action::First => self.select_end(false, model),
            Action::Last => self.select_end(true, model),
        }
        None
    }

    /// Updates the state from the model and the terminal's size. Must be called before each frame.
    /// `columns` is the number of columns of the time axis.
    pub(crate) fn refresh(&mut self, model: &Model, columns: usize, visible_rows: VisibleRows) {
        self.visible_rows = visible_rows;
        self.viewport.resize(columns);
        self.task_order.refresh(model, &self.viewport);
        self.tasks.scroll(self.task_order.tasks(), visible_rows.tasks);
        let frozen = self.viewport.frozen();
        if frozen.is_none() || self.lane_order_of != frozen {
            self.lane_order = lane_order(model, self.viewport.span(model.now()).from);
            self.lane_order_of = frozen;
        }
        self.lanes.scroll(&self.lane_order, visible_rows.lanes);
        self.log_scroll = self.log_scroll.min(self.max_log_scroll(model));
        self.refresh_points(model);
        if self.viewport.is_live() {
            self.state_count.reset();
        } else {
            self.state_count.refresh(model, self.viewport.instant(model.now()));
        }
    }

    /// The number of entries that each panel shows at once.
    pub(crate) fn visible_rows(&self) -> VisibleRows {
        self.visible_rows
    }

    /// The lanes in the order of their rows.
    pub(crate) fn lane_order(&self) -> &[LaneId] {
        &self.lane_order
    }

    /// Whether a computation needs more frames to be complete, even if no new data arrives.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.state_count.is_counting() || self.task_order.is_ranking()
    }

    /// The last complete points of the model's series before the visible instant, oldest first.
    /// There are at most as many points as the widest gauge can show.
    pub(crate) fn points(&self) -> &[SeriesPoint] {
        &self.points
    }

    /// The rows of the groups table. The rows change when the series gets a new point.
    pub(crate) fn groups(&self) -> &[GroupRow] {
        &self.groups
    }

    fn refresh_points(&mut self, model: &Model) {
        let end = RunInstant::new(self.viewport.instant(model.now()).0 / SERIES_BUCKET.0 * SERIES_BUCKET.0);
        if end == self.points_end {
            return;
        }
        self.points_end = end;
        self.groups = GroupRow::all(model);
        let complete = model
            .series()
            .rev()
            .skip_while(|point| point.from + SERIES_BUCKET > end);
        self.points.clear();
        self.points.extend(complete.take(MAX_POINTS));
        self.points.reverse();
    }

    fn page(&self) -> usize {
        match self.focus {
            Panel::Lanes => self.visible_rows.lanes,
            Panel::Tasks => self.visible_rows.tasks,
            Panel::Log => self.visible_rows.log,
        }
        .max(1)
    }

    fn max_log_scroll(&self, model: &Model) -> usize {
        model.log().len().saturating_sub(self.visible_rows.log)
    }

    /// Moves the selection down by `rows`, or up if `rows` is negative. The log has no selection,
    /// so it scrolls instead.
    fn move_selection(&mut self, rows: isize, model: &Model) {
        match self.focus {
            Panel::Lanes => self.lanes.step(&self.lane_order, rows),
            Panel::Tasks => self.tasks.step(self.task_order.tasks(), rows),
            Panel::Log => {
                let scroll = self.log_scroll.saturating_add_signed(-rows);
                self.log_scroll = scroll.min(self.max_log_scroll(model));
            }
        }
    }

    fn select_end(&mut self, last: bool, model: &Model) {
        match self.focus {
            Panel::Lanes => self.lanes.jump(&self.lane_order, last),
            Panel::Tasks => self.tasks.jump(self.task_order.tasks(), last),
            Panel::Log if last => self.log_scroll = 0,
            Panel::Log => self.log_scroll = self.max_log_scroll(model),
        }
    }

    fn clear_selection(&mut self) {
        self.lanes.clear();
        self.tasks.clear();
        self.log_scroll = 0;
    }
}
