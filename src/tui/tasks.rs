//! One row per task: its states over time, and what it does at the instant on screen. Above them the count of tasks in
//! each state, which is the legend too; below them, by group, the tasks for which there is no row.

use super::app::Panel;
use super::lanes::asleep_in;
use super::scene::Scene;
use super::theme::glyph;
use super::timeline::{self, Half};
use crate::model::{Cell, Counts, Lane, State};
use crate::record::{Nanos, Outcome, Reason, TaskId};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Draws the counts of tasks by state.
pub fn heading(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let theme = scene.theme;
    let gap = if area.width >= 100 { "  " } else { " " };
    let counts = counts(scene);
    let alive = counts.map_or("counting …".to_owned(), |counts| counts.alive().to_string());
    let mut line = Line::from(vec![
        Span::raw(" "),
        Span::styled("tasks", scene.heading(Panel::Tasks)),
        Span::styled(format!(" {alive:<3}"), Style::new()),
    ]);
    for (state, count) in counts.iter().flat_map(tally) {
        let over = matches!(state, State::Ended(_));
        if over && count == 0 {
            continue;
        }
        let word = if count == 0 { theme.quiet() } else { theme.word(state) };
        let chunk = [
            Span::raw(gap),
            Span::styled(glyph(state), theme.state(state, 0)),
            Span::styled(format!(" {count:>2} {}", state.word()), word),
        ];
        let width: usize = chunk.iter().map(Span::width).sum();
        if line.width() + width > usize::from(area.width) {
            break;
        }
        line.extend(chunk);
    }
    let sort = format!("sort: {} ", scene.app.order.sorted_by());
    let free = usize::from(area.width).saturating_sub(line.width() + 2);
    line.render(area, buf);
    if free >= sort.len() {
        buf.set_string(area.right() - sort.len() as u16, area.y, sort, theme.quiet());
    }
}

fn tally(counts: &Counts) -> [(State, usize); 13] {
    [
        (State::Running, counts.running),
        (State::Blocking, counts.blocking),
        (State::Queued, counts.queued),
        (State::Unnoticed, counts.unnoticed),
        (State::Suspended(Reason::Unknown), counts.suspended),
        (State::Ended(Outcome::Lost), counts.lost),
        (State::Ended(Outcome::Panicked), counts.panicked),
        (State::Ended(Outcome::FailedUnseen), counts.failed_unseen),
        (State::Ended(Outcome::Failed), counts.failed),
        (State::Ended(Outcome::TimedOut), counts.timed_out),
        (State::Ended(Outcome::Cancelled), counts.cancelled),
        (State::Ended(Outcome::NeverStarted), counts.never_started),
        (State::Ended(Outcome::Completed), counts.completed),
    ]
}

/// Tasks by state at the instant on screen; nothing while those of the past are being counted.
fn counts(scene: &Scene<'_>) -> Option<Counts> {
    if scene.live() {
        Some(scene.model.counts())
    } else {
        scene.app.census.counts()
    }
}

/// Draws the rows.
pub fn render(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let tasks = scene.app.order.tasks();
    let page = usize::from(area.height);
    let shown = if tasks.len() > page {
        page.saturating_sub(1)
    } else {
        page
    };
    let top = scene.app.tasks.top().min(tasks.len());
    let bottom = (top + shown).min(tasks.len());
    let (mut cells, mut halves) = (Vec::new(), Vec::new());
    for (y, &id) in (area.y..).zip(&tasks[top..bottom]) {
        row(scene, id, y, &mut cells, &mut halves, buf);
    }
    if tasks.len() > page && page > 0 {
        let hidden = tasks[..top].iter().chain(&tasks[bottom..]);
        let note = format!("… {} more: {}", tasks.len() - (bottom - top), by_group(scene, hidden));
        let note = text::fit(&note, usize::from(area.width) - 2).into_owned();
        buf.set_string(area.x + 1, area.bottom() - 1, note, scene.theme.quiet());
    }
}

fn row(scene: &Scene<'_>, id: TaskId, y: u16, cells: &mut Vec<Cell>, halves: &mut Vec<Half>, buf: &mut Buffer) {
    let theme = scene.theme;
    let row = scene.layout.grid.row(y);
    let group = scene
        .model
        .task(id)
        .and_then(|task| task.group)
        .map_or(0, |g| scene.group_position(g));
    let mut style = theme.group(group);
    if scene.app.tasks.selected() == Some(id) {
        scene.cursor(row.cursor, Panel::Tasks, buf);
        style = style.patch(theme.selected());
    }
    let name = scene.model.task_name(id).to_string();
    buf.set_string(row.name.x, y, text::fit(&name, usize::from(row.name.width)), style);

    scene.model.paint_task(id, scene.window(), cells);
    halves.clear();
    halves.extend(cells.iter().map(|cell| Half {
        state: cell.state,
        group,
        share: cell.ran,
    }));
    timeline::render(halves, theme, row.time, buf);

    if let Some((state, length)) = doing(scene, id) {
        detail(scene, id, state, length, usize::from(row.detail.width)).render(row.detail, buf);
    }
}

/// What a task does at the instant on screen, and for how long it has.
fn doing(scene: &Scene<'_>, id: TaskId) -> Option<(State, Nanos)> {
    if scene.live() {
        return Some((scene.model.state(id), scene.model.now() - scene.model.since(id)));
    }
    let mut found = None;
    scene.model.stretches(id, scene.at, scene.at + Nanos(1), |stretch| {
        found = Some((stretch.state, scene.at - stretch.from));
    });
    found
}

/// State, how long, and what it waits for. Where there is no room for all three, a task that rightly waits goes without
/// the word for that: what it waits for says as much.
fn detail(scene: &Scene<'_>, id: TaskId, state: State, length: Nanos, width: usize) -> Line<'static> {
    let theme = scene.theme;
    let what = what(scene, id, state);
    let quiet = matches!(state, State::Suspended(_) | State::Ended(_));
    let number = Span::styled(
        format!("{:>7}", text::duration(length)),
        if quiet { theme.quiet() } else { Style::new() },
    );
    if width >= 34 {
        let what = text::fit(&what, width - 19).into_owned();
        let state = Span::styled(format!("{:<9} ", state.word()), theme.word(state));
        return Line::from(vec![state, number, Span::styled(format!("  {what}"), theme.quiet())]);
    }
    let room = width.saturating_sub(8);
    let words = match state {
        State::Suspended(_) if !what.is_empty() => what,
        _ => state.word().to_owned(),
    };
    let words = text::fit(&words, room);
    let padding = " ".repeat(room - text::width(&words) + 1);
    Line::from(vec![
        Span::styled(words.into_owned(), theme.word(state)),
        Span::raw(padding),
        number,
    ])
}

/// What a task waits for or works at; a view that looks back knows only reasons.
fn what(scene: &Scene<'_>, id: TaskId, state: State) -> String {
    let model = scene.model;
    let step = || model.waiting_on(id).filter(|_| scene.live());
    match state {
        State::Ended(_) => "ago",
        State::Blocking => {
            let holds = |lane: &&Lane| lane.current.is_some_and(|current| current.task == id);
            let call = || asleep_in(scene, model.lanes().iter().find(holds)?.id);
            call().filter(|_| scene.live()).unwrap_or_default()
        }
        State::Suspended(reason) => step().unwrap_or(reason.word()),
        _ => step().unwrap_or_default(),
    }
    .to_owned()
}

/// `api 34 · thumb 2`, in the order of the groups.
fn by_group<'a>(scene: &Scene<'_>, tasks: impl Iterator<Item = &'a TaskId>) -> String {
    let groups = scene.model.groups();
    let mut counts = vec![0usize; groups.len()];
    for id in tasks {
        if let Some(group) = scene.model.task(*id).and_then(|task| task.group) {
            counts[scene.group_position(group)] += 1;
        }
    }
    let named = groups.iter().zip(counts).filter(|(_, count)| *count > 0);
    named
        .map(|(group, count)| format!("{} {count}", group.name))
        .collect::<Vec<_>>()
        .join(" · ")
}
