//! What the presenter has chosen: where the view stands, what is selected, which panel has the keys.
//!
//! Pure: an [`Action`] and the model go in, the next state and perhaps an [`Intent`] come out. Nothing here draws, reads
//! a clock or talks to the run.

use super::action::Action;
use super::groups::{Summary, summaries};
use super::lane_order::lane_order;
use super::list::List;
use super::order::{Order, SortBy};
use super::state_count::StateCount;
use super::view::{Extent, View};
use crate::model::{Model, SERIES_BUCKET, SeriesPoint};
use crate::record::{LaneId, RunInstant, TaskId};

/// Bars of the widest gauge.
const MOST_POINTS: usize = 120;

/// What only the loop can carry out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intent {
    /// Stop the run and leave.
    Quit,
    /// Stop the whole process until the shell lets it go on.
    Suspend,
    /// Inject a block, now.
    Inject,
    /// Go on to the next cue.
    Next,
}

/// A panel that can have the keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Panel {
    /// The lanes.
    Lanes,
    /// The tasks.
    Tasks,
    /// The event log.
    Log,
}

impl Panel {
    const ALL: [Panel; 3] = [Panel::Lanes, Panel::Tasks, Panel::Log];

    fn step(self, by: usize) -> Panel {
        Panel::ALL[(self as usize + by) % Panel::ALL.len()]
    }
}

/// Rows in sight, for scrolling and for keys that move by a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pages {
    /// Of the lanes.
    pub lanes: usize,
    /// Of the tasks.
    pub tasks: usize,
    /// Of the event log.
    pub log: usize,
}

/// The screen's state.
pub struct App {
    /// The time axis.
    pub view: View,
    /// The panel that has the keys.
    pub focus: Panel,
    /// The help page is open.
    pub help: bool,
    /// The lanes in sight.
    pub lanes: List<LaneId>,
    /// The tasks in sight.
    pub tasks: List<TaskId>,
    /// Log lines between the last one in sight and the newest.
    pub log_back: usize,
    /// In which order tasks stand.
    pub order: Order,
    /// The tasks by state at the instant on screen, if that is past.
    pub census: StateCount,
    pages: Pages,
    lane_order: Vec<LaneId>,
    groups: Vec<Summary>,
    points: Vec<SeriesPoint>,
    /// The end of the last step in `points`.
    points_to: RunInstant,
}

impl Default for App {
    fn default() -> App {
        App {
            view: View::new(1),
            focus: Panel::Tasks,
            help: false,
            lanes: List::default(),
            tasks: List::default(),
            log_back: 0,
            order: Order::new(SortBy::Trouble),
            census: StateCount::default(),
            pages: Pages::default(),
            lane_order: Vec::new(),
            groups: Vec::new(),
            points: Vec::new(),
            points_to: RunInstant::ZERO,
        }
    }
}

impl App {
    /// Does what a key asked for.
    pub fn act(&mut self, action: Action, model: &Model) -> Option<Intent> {
        if self.help {
            match action {
                Action::Quit => return Some(Intent::Quit),
                Action::Suspend => return Some(Intent::Suspend),
                Action::Help | Action::Back => self.help = false,
                _ => {}
            }
            return None;
        }
        let known = Extent {
            horizon: model.horizon(),
            now: model.now(),
        };
        match action {
            Action::Quit => return Some(Intent::Quit),
            Action::Suspend => return Some(Intent::Suspend),
            Action::Inject => return Some(Intent::Inject),
            Action::Next => return Some(Intent::Next),
            Action::Help => self.help = true,
            Action::Freeze if self.view.is_live() => self.view.freeze(known),
            Action::Freeze => self.view.thaw(),
            Action::Back if !self.view.is_live() => self.view.thaw(),
            Action::Back => self.clear_selection(),
            Action::PanLeft => self.view.pan(-1, known),
            Action::PanRight if self.view.is_live() => {}
            Action::PanRight => self.view.pan(1, known),
            Action::ZoomIn => self.view.zoom_in(),
            Action::ZoomOut => self.view.zoom_out(known),
            Action::Sort => self.order.sort_by(self.order.sorted_by().next()),
            Action::NextPanel => self.focus = self.focus.step(1),
            Action::PreviousPanel => self.focus = self.focus.step(Panel::ALL.len() - 1),
            Action::Up => self.step(-1, model),
            Action::Down => self.step(1, model),
            Action::PageUp => self.step(-(self.page() as isize), model),
            Action::PageDown => self.step(self.page() as isize, model),
            Action::First => self.jump(false, model),
            Action::Last => self.jump(true, model),
        }
        None
    }

    /// Follows the model and the terminal's size; call it before each frame.
    pub fn refresh(&mut self, model: &Model, columns: usize, pages: Pages) {
        self.pages = pages;
        self.view.resize(columns);
        self.order.refresh(model, &self.view);
        self.tasks.scroll(self.order.tasks(), pages.tasks);
        self.lane_order = lane_order(model, self.view.span(model.now()).from);
        self.lanes.scroll(&self.lane_order, pages.lanes);
        self.log_back = self.log_back.min(model.log().len().saturating_sub(pages.log));
        self.refresh_points(model);
        if self.view.is_live() {
            self.census.end();
        } else {
            self.census.refresh(model, self.view.instant(model.now()));
        }
    }

    /// Rows in sight.
    pub fn pages(&self) -> Pages {
        self.pages
    }

    /// The lanes in the order of their rows.
    pub fn lane_order(&self) -> &[LaneId] {
        &self.lane_order
    }

    /// Whether what is on screen takes another frame to be complete, even if nothing happens.
    pub fn is_unfinished(&self) -> bool {
        self.census.is_counting() || self.order.is_ranking()
    }

    /// The finished steps of the model's series up to the instant on screen, as many as a wide screen can show.
    pub fn points(&self) -> &[SeriesPoint] {
        &self.points
    }

    /// The groups' numbers, as they were at the last step of the series.
    pub fn groups(&self) -> &[Summary] {
        &self.groups
    }

    fn refresh_points(&mut self, model: &Model) {
        let to = RunInstant::new(self.view.instant(model.now()).0 / SERIES_BUCKET.0 * SERIES_BUCKET.0);
        if to != self.points_to {
            self.points_to = to;
            self.groups = summaries(model);
            self.points.clear();
            self.points.extend(
                model
                    .series()
                    .rev()
                    .skip_while(|p| p.from + SERIES_BUCKET > to)
                    .take(MOST_POINTS),
            );
            self.points.reverse();
        }
    }

    fn page(&self) -> usize {
        match self.focus {
            Panel::Lanes => self.pages.lanes,
            Panel::Tasks => self.pages.tasks,
            Panel::Log => self.pages.log,
        }
        .max(1)
    }

    fn step(&mut self, by: isize, model: &Model) {
        match self.focus {
            Panel::Lanes => self.lanes.step(&self.lane_order, by),
            Panel::Tasks => self.tasks.step(self.order.tasks(), by),
            Panel::Log => {
                let most = model.log().len().saturating_sub(self.pages.log);
                self.log_back = self.log_back.saturating_add_signed(-by).min(most);
            }
        }
    }

    fn jump(&mut self, to_last: bool, model: &Model) {
        match self.focus {
            Panel::Lanes => self.lanes.jump(&self.lane_order, to_last),
            Panel::Tasks => self.tasks.jump(self.order.tasks(), to_last),
            Panel::Log => {
                self.log_back = if to_last {
                    0
                } else {
                    model.log().len().saturating_sub(self.pages.log)
                }
            }
        }
    }

    fn clear_selection(&mut self) {
        self.lanes.clear();
        self.tasks.clear();
        self.log_back = 0;
    }
}
