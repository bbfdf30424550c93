//! One [row](super::row) per task. Above them the count of tasks in each state, which is the legend too; below them, by group,
//! the tasks for which there is no row.

use super::app::Panel;
use super::frame_context::FrameContext;
use super::order::is_bad;
use super::row;
use super::theme::{ORPHANED, glyph};
use crate::model::{State, TaskCounts};
use crate::record::{Outcome, Reason, TaskId};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Draws the counts of tasks by state.
pub fn heading(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let theme = context.theme;
    let gap = if area.width >= 100 { "  " } else { " " };
    let counts = counts(context);
    let alive = counts.map_or("counting …".to_owned(), |counts| counts.alive().to_string());
    let mut line = Line::from(vec![
        Span::raw(" "),
        Span::styled("tasks", context.heading(Panel::Tasks)),
        Span::styled(format!(" {alive:<3}"), Style::new()),
    ]);
    let mut chunks = chunks(context, counts.as_ref(), gap);
    spare_words(&mut chunks, usize::from(area.width) - line.width());
    for chunk in chunks {
        if line.width() + chunk.width() > usize::from(area.width) {
            break;
        }
        line.extend(chunk.spans);
    }
    let sort = format!("sort: {} ", context.app.order.sorted_by());
    let free = usize::from(area.width).saturating_sub(line.width() + 2);
    line.render(area, buf);
    if free >= sort.len() {
        buf.set_string(area.right() - sort.len() as u16, area.y, sort, theme.quiet());
    }
}

/// One state's glyph, count and word.
struct Chunk {
    state: Option<State>,
    spans: Vec<Span<'static>>,
}

impl Chunk {
    fn width(&self) -> usize {
        self.spans.iter().map(Span::width).sum()
    }
}

/// All that there is to count, ends only where there are any.
fn chunks(context: &FrameContext<'_>, counts: Option<&TaskCounts>, gap: &'static str) -> Vec<Chunk> {
    let theme = context.theme;
    // Of who blocks a thread of its own nobody need be warned.
    let words = theme.with_calm_blocks(context.live() && !blocks_others(context));
    let all = counts.map(tally).into_iter().flatten();
    let shown = all.filter(|(state, count)| *count > 0 || !matches!(state, State::Ended(_)));
    let mut chunks: Vec<Chunk> = shown
        .map(|(state, count)| {
            let word = if count == 0 { theme.quiet() } else { words.word(state) };
            let spans = vec![
                Span::raw(gap),
                Span::styled(glyph(state), theme.state(state, 0)),
                Span::styled(format!(" {count:>2}"), word),
                Span::styled(format!(" {}", state.into_str()), word),
            ];
            Chunk {
                state: Some(state),
                spans,
            }
        })
        .collect();
    let orphaned = context.model.orphaned_now();
    if context.live() && orphaned > 0 {
        let chunk = Span::styled(format!("{gap}{ORPHANED} {orphaned:>2} orphaned"), theme.bad());
        let after_alive = chunks.partition_point(|chunk| !matches!(chunk.state, Some(State::Ended(_))));
        chunks.insert(
            after_alive,
            Chunk {
                state: None,
                spans: vec![chunk],
            },
        );
    }
    chunks
}

/// Where a bad end would find no room, the states that need it least go without their words.
fn spare_words(chunks: &mut [Chunk], room: usize) {
    let ends_badly = |chunk: &Chunk| {
        chunk
            .state
            .is_none_or(|state| matches!(state, State::Ended(how) if is_bad(how)))
    };
    let Some(last) = chunks.iter().rposition(ends_badly) else {
        return;
    };
    let chunks = &mut chunks[..=last];
    let suspended = State::Suspended(Reason::Unknown);
    for spared in [suspended, State::Running, State::Queued, State::Unnoticed] {
        if chunks.iter().map(Chunk::width).sum::<usize>() <= room {
            return;
        }
        let state = chunks.iter_mut().find(|chunk| chunk.state == Some(spared));
        state.into_iter().for_each(|chunk| chunk.spans.truncate(3));
    }
}

/// Whether a task blocks a lane now that others run on too.
fn blocks_others(context: &FrameContext<'_>) -> bool {
    let shared = context.model.lanes().iter().filter(|lane| lane.is_shared());
    let mut held = shared.filter_map(|lane| lane.current);
    held.any(|current| context.model.state(current.task) == State::Blocking)
}

fn tally(counts: &TaskCounts) -> [(State, usize); 14] {
    [
        (State::Running, counts.running),
        (State::Blocking, counts.blocking),
        (State::Queued, counts.queued),
        (State::Unnoticed, counts.unnoticed),
        (State::Suspended(Reason::Unknown), counts.suspended),
        (State::Ended(Outcome::Lost), counts.lost),
        (State::Ended(Outcome::Panicked), counts.panicked),
        (State::Ended(Outcome::UnobservedFailure), counts.failed_unseen),
        (State::Ended(Outcome::Failed), counts.failed),
        (State::Ended(Outcome::TimedOut), counts.timed_out),
        (State::Ended(Outcome::Cancelled), counts.cancelled),
        (State::Ended(Outcome::NeverStarted), counts.never_started),
        (State::Ended(Outcome::Unknown), counts.unknown),
        (State::Ended(Outcome::Completed), counts.completed),
    ]
}

/// Tasks by state at the instant on screen; nothing while those of the past are being counted.
fn counts(context: &FrameContext<'_>) -> Option<TaskCounts> {
    if context.live() {
        Some(context.model.counts())
    } else {
        context.app.census.counts()
    }
}

/// Draws the rows.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let tasks = context.app.order.tasks();
    let tall = context.layout.task_rows;
    let shown = context.app.pages().tasks;
    let top = context.app.tasks.top().min(tasks.len());
    let bottom = (top + shown).min(tasks.len());
    let (mut cells, mut halves) = (Vec::new(), Vec::new());
    let rows = (area.y + tall - 1..).step_by(usize::from(tall));
    for (y, &id) in rows.zip(&tasks[top..bottom]) {
        row::render(context, id, y, &mut cells, &mut halves, buf);
    }
    if tasks.len() > shown && area.height > 0 {
        let hidden = tasks[..top].iter().chain(&tasks[bottom..]);
        let note = format!("… {} more: {}", tasks.len() - (bottom - top), by_group(context, hidden));
        let note = text::fit(&note, usize::from(area.width) - 2).into_owned();
        buf.set_string(area.x + 1, area.bottom() - 1, note, context.theme.quiet());
    }
}

/// `api 34 · thumb 2`, in the order of the groups.
fn by_group<'a>(context: &FrameContext<'_>, tasks: impl Iterator<Item = &'a TaskId>) -> String {
    let groups = context.model.groups();
    let mut counts = vec![0usize; groups.len()];
    for id in tasks {
        if let Some(group) = context.model.task(*id).and_then(|task| task.group) {
            counts[context.group_position(group)] += 1;
        }
    }
    let named = groups.iter().zip(counts).filter(|(_, count)| *count > 0);
    named
        .map(|(group, count)| format!("{} {count}", group.name))
        .collect::<Vec<_>>()
        .join(" · ")
}
