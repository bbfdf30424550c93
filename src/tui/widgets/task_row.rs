//! The row of one task: the states of the task over time, and what the task does at the visible
//! instant.
//!
//! ```text
//!   api#7         █▌····▐█▌·····▐█▓▓▓▓▓▓▓▓▓▓▓▓▓   blocking       212 ms  clock_nanosleep
//!   convoy#2      ▌·╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▌·╌╌╌╌╌╌╌╌   lock cache     198 ms  held by holder#0 (http /rates)
//!  ◌weather#0     ·······◌██████████████████      orphaned       340 ms  running cpu 1s ‹ trip#0
//!   stock#3       ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓      overdue        150 ms  blocking clock_nanosleep
//! ```
//!
//! Two facts can replace the state: `overdue` and `orphaned`. The row then shows how long the fact
//! has been true. A task is `overdue` if it continues to run after its timeout, because it cannot
//! be cancelled. A task is `orphaned` if no other task waits for it any more. An orphan continues
//! to run normally, so only marks in its row show the problem. The row has a mark at the left edge,
//! and a mark at the instant at which the task became an orphan.

use super::labels;
use super::lanes::blocked_on;
use super::timeline::{self, Half};
use super::wait_cause::WaitCause;
use crate::model::{Cell, Lane, State};
use crate::record::{Nanos, RunInstant, TaskId};
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::layout::{Row, timeline_rows};
use crate::tui::state::{Panel, SortBy, family};
use crate::tui::theme::{ORPHANED, SHORT_NAME_WIDTH, short_name};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// The width of a duration, including the gap before the duration, in columns.
const LENGTH_WIDTH: usize = 8;
/// The mark before the name of a branch whose row is below the row of its task.
const BRANCH: &str = "└";
/// The minimum width at which a detail shows all its parts, in columns.
const WIDE_DETAIL: usize = 34;

/// Draws the row of the task `id`. `y` is the last line of the row. `cells` is a buffer that all
/// rows reuse.
pub(crate) fn render(context: &FrameContext<'_>, id: TaskId, y: u16, cells: &mut Vec<Cell>, buf: &mut Buffer) {
    let row = context.layout.grid.row(y);
    let task = context.model.task(id);
    let group = task.and_then(|task| task.group);
    let group = group.map_or(0, |group| context.group_position(group));
    let orphaned_since = task.and_then(|task| task.orphaned).filter(|at| *at <= context.at);

    render_name(context, id, group, orphaned_since.is_some(), row, buf);
    context.model.paint_task(id, context.window(), cells);
    render_timeline(context, cells, row.time, buf);
    let orphaned_column = orphaned_since.and_then(|at| context.span.column(at));
    let line = labels::Line {
        context,
        area: row.time,
    };
    labels::render_task(&line, id, cells, orphaned_column, buf);
    if let Some(column) = orphaned_column {
        buf.set_string(row.time.x + column as u16, y, ORPHANED, context.theme.bad());
    }
    if let Some(detail) = Detail::of(context, id, orphaned_since) {
        detail
            .line(context, usize::from(row.detail.width))
            .render(row.detail, buf);
    }
}

fn render_name(context: &FrameContext<'_>, id: TaskId, group: usize, orphaned: bool, row: Row, buf: &mut Buffer) {
    let mut style = context.theme.group(group);
    if context.app.tasks.selected() == Some(id) {
        context.render_cursor(row.cursor, Panel::Tasks, buf);
        style = style.patch(context.theme.selected());
    } else if orphaned {
        buf.set_string(row.cursor.x, row.cursor.y, ORPHANED, context.theme.bad());
    }
    let indent = match context.app.task_order.sorted_by() {
        SortBy::Spawn => family::depth(context.model, id),
        SortBy::Trouble | SortBy::Name => family::branch_depth(context.model, id, context.span.to),
    };
    let is_branch = context.model.task(id).is_some_and(|task| task.is_branch);
    let mark = if is_branch && indent > 0 { BRANCH } else { "" };
    let indent = indent.saturating_sub(text::width(mark));
    let name = format!("{:indent$}{mark}{}", "", context.model.task_name(id));
    let name = text::fit_name(&name, usize::from(row.name.width));
    buf.set_string(row.name.x, row.name.y, name, style);
}

/// Draws the timeline of a task. `area` is the last row of the timeline.
fn render_timeline(context: &FrameContext<'_>, cells: &[Cell], area: Rect, buf: &mut Buffer) {
    let half = |cell: &Cell| Half {
        state: cell.state,
        share: cell.share,
        most: cell.most,
        held: cell.held_share,
    };
    let halves: Vec<Half> = cells.iter().map(half).collect();
    let height = timeline_rows(context.layout.task_rows);
    let area = Rect {
        y: area.y + 1 - height,
        height,
        ..area
    };
    timeline::render(&halves, context.theme, area, buf);
}

/// What a task does at the visible instant.
struct Detail {
    task: TaskId,
    state: State,
    /// The fact that replaces the state, if any: `overdue` or `orphaned`. `None` if no fact
    /// applies, or if the task has ended.
    instead: Option<&'static str>,
    /// How long the task has been in `state`. If `instead` names a fact: how long this fact has
    /// been true.
    length: Nanos,
    /// What the task waits for or works on.
    activity: String,
    /// Because of whom the task waits.
    cause: Option<WaitCause>,
}

impl Detail {
    fn of(context: &FrameContext<'_>, id: TaskId, orphaned_since: Option<RunInstant>) -> Option<Detail> {
        let (state, length) = current_state(context, id)?;
        let fact = orphaned_since.map(|since| ("orphaned", since));
        let fact = fact.or_else(|| Some(("overdue", overdue_since(context, id)?)));
        let fact = fact.filter(|_| !matches!(state, State::Ended(_)));
        Some(Detail {
            task: id,
            state,
            instead: fact.map(|(word, _)| word),
            length: fact.map_or(length, |(_, since)| context.at - since),
            activity: activity(context, id, state),
            cause: WaitCause::of(context, id, state),
        })
    }

    /// The text of the detail: the state or the fact, its duration, and the activity.
    fn line(&self, context: &FrameContext<'_>, width: usize) -> Line<'static> {
        let theme = context.theme;
        let (word, style) = match self.instead {
            Some(word) => (word, theme.bad()),
            None => (short_name(self.state), theme.word(self.state)),
        };
        let is_quiet = match self.state {
            State::Ended(_) => true,
            State::Waiting(_) | State::Suspended(_) => self.instead.is_none(),
            _ => false,
        };
        let length = Span::styled(
            format!("{:>7}", text::duration(self.length)),
            if is_quiet { theme.quiet() } else { Style::new() },
        );
        if width >= WIDE_DETAIL {
            let about = self.wide_about(context, width - SHORT_NAME_WIDTH - LENGTH_WIDTH - 2);
            let word = text::fit(self.wide_word(word), SHORT_NAME_WIDTH).into_owned();
            let padding = " ".repeat(SHORT_NAME_WIDTH - text::width(&word) + 1);
            let about = Span::styled(format!("  {about}"), theme.quiet());
            return Line::from(vec![Span::styled(word, style), Span::raw(padding), length, about]);
        }
        let room = width.saturating_sub(LENGTH_WIDTH);
        let words = self.narrow_words(word);
        let words = match &self.cause {
            Some(cause) => cause.after(words.trim_end(), room),
            None => text::fit(words.trim_end(), room).into_owned(),
        };
        let padding = " ".repeat(room - text::width(&words) + 1);
        Line::from(vec![Span::styled(words, style), Span::raw(padding), length])
    }

    /// The first word of a line that is wide enough. For a task that waits for another task, what
    /// it waits for says more than the state. A name that does not fit is shown without the kind.
    fn wide_word<'a>(&'a self, word: &'a str) -> &'a str {
        match (self.instead, self.state) {
            (None, State::Waiting(_)) if text::width(&self.activity) <= SHORT_NAME_WIDTH => &self.activity,
            (None, State::Waiting(_)) => {
                let resource = self.cause.as_ref().and_then(|cause| cause.resource.as_deref());
                resource.unwrap_or(&self.activity)
            }
            _ => word,
        }
    }

    /// What follows the duration in a line that is wide enough.
    fn wide_about(&self, context: &FrameContext<'_>, room: usize) -> String {
        let about = match (self.instead, self.state) {
            (None, State::Waiting(_)) => String::new(),
            _ => self.state_and_activity(),
        };
        match &self.cause {
            Some(cause) => cause.after(about.trim_end(), room),
            None => text::fit(&format!("{}{}", about.trim_end(), self.parent(context)), room).into_owned(),
        }
    }

    /// The activity. If a fact replaces the state, the state comes before the activity. If the task
    /// is suspended, the text contains only the activity.
    fn state_and_activity(&self) -> String {
        match (self.instead, self.state) {
            (Some(_), State::Waiting(_) | State::Suspended(_)) | (None, _) => self.activity.clone(),
            (Some(_), state) => format!("{} {}", state.into_str(), self.activity),
        }
    }

    /// The text for a line that is too narrow for both the word and the activity. For a suspended
    /// task, the activity says more than the word.
    fn narrow_words(&self, word: &str) -> String {
        match (self.instead, self.state) {
            (Some(_), _) => format!("{word} {}", self.state_and_activity()),
            (None, State::Waiting(_) | State::Suspended(_)) if !self.activity.is_empty() => self.activity.clone(),
            (None, _) => word.to_owned(),
        }
    }

    fn parent(&self, context: &FrameContext<'_>) -> String {
        let parent = context.model.task(self.task).and_then(|task| task.parent);
        parent.map_or(String::new(), |id| format!(" ‹ {}", context.model.task_name(id)))
    }
}

/// A task's state at the visible instant, and how long the task has been in that state.
fn current_state(context: &FrameContext<'_>, id: TaskId) -> Option<(State, Nanos)> {
    let model = context.model;
    if context.is_live() {
        return Some((model.state(id), model.now() - model.state_since(id)));
    }
    let mut found = None;
    model.intervals(id, context.at, context.at + Nanos(1), |interval| {
        found = Some((interval.state, context.at - interval.from));
    });
    found
}

/// The instant at which the timeout of a task expired, if the task still holds a lane. This instant
/// is known only in a live view.
fn overdue_since(context: &FrameContext<'_>, id: TaskId) -> Option<RunInstant> {
    let lane = held_lane(context, id).filter(|_| context.is_live())?;
    lane.current?.overdue_since
}

/// The lane that a task holds now. A branch uses the lane of its task.
fn held_lane<'a>(context: &FrameContext<'a>, id: TaskId) -> Option<&'a Lane> {
    let task = family::polled_task(context.model, id);
    let holds = |lane: &&Lane| lane.current.is_some_and(|current| current.task == task);
    context.model.lanes().iter().find(holds)
}

/// What a task waits for or works on. A frozen view shows only what the task waited for, because
/// the other steps are not recorded.
fn activity(context: &FrameContext<'_>, id: TaskId, state: State) -> String {
    let model = context.model;
    let step = || match context.is_live() {
        true => model.current_step(id),
        false => model.awaited_step_at(id, context.at),
    };
    match state {
        State::Ended(_) => "ago",
        State::Blocking | State::Sleeping => {
            let awaited = || blocked_on(context, held_lane(context, id)?);
            awaited().filter(|_| context.is_live()).unwrap_or_default()
        }
        State::Waiting(reason) | State::Suspended(reason) => step().unwrap_or(reason.into_str()),
        State::Queued | State::Unnoticed => {
            return unpolled(context, id).or(step().map(str::to_owned)).unwrap_or_default();
        }
        State::Running | State::Hogging => step().unwrap_or_default(),
    }
    .to_owned()
}

/// The resources that a branch holds while it is ready and its task does not poll it. During this
/// time, no other task can have these resources. In a frozen view, it is not known what the branch
/// held.
fn unpolled(context: &FrameContext<'_>, id: TaskId) -> Option<String> {
    context
        .model
        .task(id)
        .filter(|task| task.is_branch && context.is_live())?;
    let held: Vec<_> = context.model.held_by(id).collect();
    (!held.is_empty()).then(|| format!("holds {}", held.join(", ")))
}
