//! The panel of the tasks. The heading shows the number of tasks in each state, and is also the
//! legend. Below the heading, there is one [row](super::task_row) per task. The last line shows the
//! number of tasks without a row, by group.

use super::task_row;
use crate::model::{State, TaskCounts};
use crate::record::{Outcome, Reason, TaskId};
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::state::{Panel, is_bad};
use crate::tui::theme::{ORPHANED, glyph, short_name};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use strum::VariantArray;

/// The states in the order of the heading. The most important outcomes come first.
const STATES: [State; 8 + Outcome::VARIANTS.len()] = [
    State::Running,
    State::Hogging,
    State::Blocking,
    State::Sleeping,
    State::Queued,
    State::Unnoticed,
    State::Waiting(Reason::Lock),
    State::Suspended(Reason::Unknown),
    State::Ended(Outcome::Lost),
    State::Ended(Outcome::Panicked),
    State::Ended(Outcome::UnobservedFailure),
    State::Ended(Outcome::Failed),
    State::Ended(Outcome::TimedOut),
    State::Ended(Outcome::Cancelled),
    State::Ended(Outcome::NeverStarted),
    State::Ended(Outcome::Unknown),
    State::Ended(Outcome::Completed),
];

/// Draws the number of tasks in each state, and the sort criterion.
pub(crate) fn render_heading(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let gap = if area.width >= 100 { "  " } else { " " };
    let counts = context.counts();
    let alive = counts.map_or("counting …".to_owned(), |counts| counts.alive().to_string());
    let mut line = Line::from(vec![
        Span::raw(" "),
        Span::styled("tasks", context.heading_style(Panel::Tasks)),
        Span::raw(format!(" {alive:<3}")),
    ]);
    let mut entries = entries(context, counts.as_ref(), gap);
    shorten(&mut entries, width - line.width());
    for entry in entries {
        if line.width() + entry.width() > width {
            break;
        }
        line.extend(entry.spans);
    }
    let sort_by: &str = context.app.task_order.sorted_by().into_str();
    let sort = format!("sort: {sort_by} ");
    let free = width.saturating_sub(line.width() + 2);
    line.render(area, buf);
    if free >= sort.len() {
        buf.set_string(area.right() - sort.len() as u16, area.y, sort, context.theme.quiet());
    }
}

/// One entry of the heading: a glyph, a count and a word.
struct Entry {
    /// `None` for the entry that counts orphans.
    state: Option<State>,
    spans: Vec<Span<'static>>,
}

impl Entry {
    fn width(&self) -> usize {
        self.spans.iter().map(Span::width).sum()
    }

    /// Whether the entry counts tasks that the user should investigate.
    fn is_bad(&self) -> bool {
        match self.state {
            None => true,
            Some(State::Ended(outcome)) => is_bad(outcome),
            Some(_) => false,
        }
    }

    fn is_end(&self) -> bool {
        matches!(self.state, Some(State::Ended(_)))
    }
}

/// All entries of the heading. An outcome has an entry only if at least one task has that outcome.
fn entries(context: &FrameContext<'_>, counts: Option<&TaskCounts>, gap: &'static str) -> Vec<Entry> {
    let theme = context.theme;
    let count = |counts: &TaskCounts| STATES.map(|state| (state, counts.get(state)));
    let all = counts.map(count).into_iter().flatten();
    let is_optional = |state| matches!(state, State::Hogging | State::Sleeping | State::Ended(_));
    let shown = all.filter(|(state, count)| *count > 0 || !is_optional(*state));
    let entry = |(state, count): (State, usize)| {
        let style = if count == 0 { theme.quiet() } else { theme.word(state) };
        let spans = vec![
            Span::raw(gap),
            Span::styled(glyph(state), theme.state(state)),
            Span::styled(format!(" {count:>2}"), style),
            Span::styled(format!(" {}", short_name(state)), style),
        ];
        Entry {
            state: Some(state),
            spans,
        }
    };
    let mut entries: Vec<Entry> = shown.map(entry).collect();
    let orphaned = context.model.orphaned_now();
    if context.is_live() && orphaned > 0 {
        let text = format!("{gap}{ORPHANED} {orphaned:>2} orphaned");
        let orphans = Entry {
            state: None,
            spans: vec![Span::styled(text, theme.bad())],
        };
        entries.insert(entries.partition_point(|entry| !entry.is_end()), orphans);
    }
    entries
}

/// If the entry of a bad outcome does not fit, removes the words of the least important states.
fn shorten(entries: &mut [Entry], width: usize) {
    let Some(last_bad) = entries.iter().rposition(Entry::is_bad) else {
        return;
    };
    let entries = &mut entries[..=last_bad];
    let not_ready = [State::Suspended(Reason::Unknown), State::Waiting(Reason::Lock)];
    let others = [State::Running, State::Queued, State::Unnoticed];
    for state in not_ready.into_iter().chain(others) {
        if entries.iter().map(Entry::width).sum::<usize>() <= width {
            return;
        }
        if let Some(entry) = entries.iter_mut().find(|entry| entry.state == Some(state)) {
            // The word is the last span.
            entry.spans.pop();
        }
    }
}

/// Draws the visible tasks. If not all tasks fit, the last row shows the number of hidden tasks.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let tasks = context.app.task_order.tasks();
    let task_rows = context.layout.task_rows;
    let visible = context.app.visible_rows().tasks;
    let top = context.app.tasks.top().min(tasks.len());
    let bottom = (top + visible).min(tasks.len());
    let mut cells = Vec::new();
    let last_rows = (area.y + task_rows - 1..).step_by(usize::from(task_rows));
    for (y, &id) in last_rows.zip(&tasks[top..bottom]) {
        task_row::render(context, id, y, &mut cells, buf);
    }
    if tasks.len() > visible && area.height > 0 {
        let hidden = tasks[..top].iter().chain(&tasks[bottom..]);
        let note = format!("… {} more: {}", tasks.len() - (bottom - top), by_group(context, hidden));
        let note = text::fit(&note, usize::from(area.width) - 2).into_owned();
        buf.set_string(area.x + 1, area.bottom() - 1, note, context.theme.quiet());
    }
}

/// The number of tasks of each group, in the order of the groups: `api 34 · thumb 2`.
fn by_group<'a>(context: &FrameContext<'_>, tasks: impl Iterator<Item = &'a TaskId>) -> String {
    let groups = context.model.groups();
    let mut counts = vec![0usize; groups.len()];
    for id in tasks {
        if let Some(group) = context.model.task(*id).and_then(|task| task.group) {
            counts[context.group_position(group)] += 1;
        }
    }
    let nonzero = groups.iter().zip(counts).filter(|(_, count)| *count > 0);
    let entries: Vec<String> = nonzero
        .map(|(group, count)| format!("{} {count}", group.name))
        .collect();
    entries.join(" · ")
}
