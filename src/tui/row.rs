//! One task's row: its states over time, and what it does at the instant on screen.
//!
//! ```text
//!   api#7         █▌····▐█▌·····▐█▓▓▓▓▓▓▓▓▓▓▓▓▓   blocking       212 ms  clock_nanosleep
//!  ◌weather#0     ·······◌██████████████████      orphaned       340 ms  running cpu 1s ‹ trip#0
//!   stock#3       ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓      overdue        150 ms  blocking clock_nanosleep
//! ```
//!
//! What runs on past its timeout, because nothing can cancel it, says so instead of its state, and for how long it has.
//! A task for which nobody waits any more, an orphan, runs on as if nothing had happened: that is why its row says so instead
//! of its state, has a mark at its left edge, and the same mark where it was left alone.

use super::app::Panel;
use super::family;
use super::frame_context::FrameContext;
use super::lanes::asleep_in;
use super::layout::timeline_rows;
use super::order::SortBy;
use super::theme::{ORPHANED, Theme};
use super::timeline::{self, Half};
use crate::model::{Cell, Lane, State};
use crate::record::{Nanos, RunInstant, TaskId};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Columns of the longest word for a state.
const STATE: usize = 13;
/// Columns of a detail that has room for everything.
const ROOMY: usize = 34;

/// Draws the row whose last line is `y`. `cells` and `halves` are there to be used again for the next.
pub fn render(
    context: &FrameContext<'_>,
    id: TaskId,
    y: u16,
    cells: &mut Vec<Cell>,
    halves: &mut Vec<Half>,
    buf: &mut Buffer,
) {
    let theme = theme(context, id);
    let row = context.layout.grid.row(y);
    let task = context.model.task(id);
    let group = task
        .and_then(|task| task.group)
        .map_or(0, |group| context.group_position(group));
    let orphaned = task.and_then(|task| task.orphaned).filter(|at| *at <= context.at);

    let mut style = theme.group(group);
    if context.app.tasks.selected() == Some(id) {
        context.cursor(row.cursor, Panel::Tasks, buf);
        style = style.patch(theme.selected());
    } else if orphaned.is_some() {
        buf.set_string(row.cursor.x, y, ORPHANED, theme.bad());
    }
    let depth = match context.app.order.sorted_by() {
        SortBy::Spawn => family::depth(context.model, id),
        SortBy::Trouble | SortBy::Name => 0,
    };
    let name = format!("{:depth$}{}", "", context.model.task_name(id));
    buf.set_string(row.name.x, y, text::fit_name(&name, usize::from(row.name.width)), style);

    context.model.paint_task(id, context.window(), cells);
    halves.clear();
    halves.extend(cells.iter().map(|cell| Half {
        state: cell.state,
        group,
        share: cell.held_share,
    }));
    let tall = timeline_rows(context.layout.task_rows);
    let time = Rect {
        y: y + 1 - tall,
        height: tall,
        ..row.time
    };
    timeline::render(halves, theme, time, buf);
    if let Some(column) = orphaned.and_then(|at| context.span.column(at)) {
        buf.set_string(row.time.x + column as u16, y, ORPHANED, theme.bad());
    }

    if let Some((state, length)) = doing(context, id) {
        let instead = orphaned.map(|since| ("orphaned", since));
        let instead = instead.or_else(|| Some(("overdue", overdue(context, id)?)));
        detail(context, id, (state, length), instead, usize::from(row.detail.width)).render(row.detail, buf);
    }
}

/// A block on a thread that nobody else runs on is no reason for alarm.
fn theme(context: &FrameContext<'_>, id: TaskId) -> Theme {
    let shared = context.model.task(id).is_some_and(|task| task.on_shared_lane);
    context.theme.with_calm_blocks(!shared)
}

/// What a task does at the instant on screen, and for how long it has.
fn doing(context: &FrameContext<'_>, id: TaskId) -> Option<(State, Nanos)> {
    if context.live() {
        return Some((
            context.model.state(id),
            context.model.now() - context.model.state_since(id),
        ));
    }
    let mut found = None;
    context
        .model
        .intervals(id, context.at, context.at + Nanos(1), |interval| {
            found = Some((interval.state, context.at - interval.from));
        });
    found
}

/// Since when a task that holds a lane should have been over. Of the past nobody knows.
fn overdue(context: &FrameContext<'_>, id: TaskId) -> Option<RunInstant> {
    let lane = holding(context, id).filter(|_| context.live())?;
    lane.current?.overdue_since
}

/// The lane that a task holds now.
fn holding<'a>(context: &'a FrameContext<'_>, id: TaskId) -> Option<&'a Lane> {
    let holds = |lane: &&Lane| lane.current.is_some_and(|current| current.task == id);
    context.model.lanes().iter().find(holds)
}

/// State, or what is said `instead` and since when that is so; how long, and what it waits for. Where there is no room for all three, a task that rightly waits goes without
/// the word for that: what it waits for says as much.
fn detail(
    context: &FrameContext<'_>,
    id: TaskId,
    (state, length): (State, Nanos),
    instead: Option<(&'static str, RunInstant)>,
    width: usize,
) -> Line<'static> {
    let theme = theme(context, id);
    let what = what(context, id, state);
    let over = matches!(state, State::Ended(_));
    let (word, style, length, what) = match instead {
        Some((word, since)) if !over => {
            let doing = match state {
                State::Suspended(_) => what,
                _ => format!("{} {what}", state.into_str()),
            };
            (word, theme.bad(), context.at - since, doing)
        }
        _ => (state.into_str(), theme.word(state), length, what),
    };
    let quiet = over || matches!(state, State::Suspended(_)) && instead.is_none();
    let number = Span::styled(
        format!("{:>7}", text::duration(length)),
        if quiet { theme.quiet() } else { Style::new() },
    );
    if width >= ROOMY {
        let parent = context.model.task(id).and_then(|task| task.parent);
        let parent = parent.map(|id| format!(" ‹ {}", context.model.task_name(id)));
        let what = format!("  {}{}", what.trim_end(), parent.unwrap_or_default());
        let what = text::fit(&what, width - STATE - 8).into_owned();
        let state = Span::styled(format!("{word:<STATE$} "), style);
        return Line::from(vec![state, number, Span::styled(what, theme.quiet())]);
    }
    let room = width.saturating_sub(8);
    let words = match state {
        State::Suspended(_) if instead.is_none() && !what.is_empty() => what,
        State::Ended(_) => word.to_owned(),
        _ if instead.is_some() => format!("{word} {what}"),
        _ => word.to_owned(),
    };
    let words = text::fit(words.trim_end(), room);
    let padding = " ".repeat(room - text::width(&words) + 1);
    Line::from(vec![
        Span::styled(words.into_owned(), style),
        Span::raw(padding),
        number,
    ])
}

/// What a task waits for or works at. A view that looks back knows what it waited for, not at what it worked.
fn what(context: &FrameContext<'_>, id: TaskId, state: State) -> String {
    let model = context.model;
    let step = || match context.live() {
        true => model.current_step(id),
        false => model.awaited_step_at(id, context.at),
    };
    match state {
        State::Ended(_) => "ago",
        State::Blocking => {
            let call = || asleep_in(context, holding(context, id)?.id);
            call().filter(|_| context.live()).unwrap_or_default()
        }
        State::Suspended(reason) => step().unwrap_or(reason.word()),
        _ => step().unwrap_or_default(),
    }
    .to_owned()
}
