//! Writes reasons and names into the timelines: why a task is in its state, and which task holds a
//! lane.
//!
//! ```text
//!   ▓block 500ms ▓▓▓▓▓▓▓▓▓▓▓      ░timer fired, driver held by injected#0 ░░░░░░
//! ```
//!
//! A label belongs to one interval of the model. It covers only columns that lie completely within
//! this interval, so it never hides a change of state. It begins at the second such column, so it
//! moves together with its stretch. A label that is too long is cut between words, and a stretch
//! that is too short for the first word has no label.

use super::reason;
use crate::model::{Cell, LaneCell, State, StateInterval};
use crate::record::{LaneId, Nanos, RunInstant, TaskId};
use crate::text;
use crate::tui::frame_context::FrameContext;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::ops::Range;

/// A stretch with fewer columns has no label.
const MIN_COLUMNS: usize = 7;
/// A stretch in which a task only waits for time or the outside has no label if it has fewer
/// columns. Most such waits are normal.
const MIN_SUSPENDED: usize = 16;

/// The line of a timeline into which labels are written.
pub(crate) struct Line<'a> {
    pub(crate) context: &'a FrameContext<'a>,
    /// The bottom line of the timeline.
    pub(crate) area: Rect,
}

/// A stretch of columns that lie within one interval.
struct Stretch {
    task: TaskId,
    interval: StateInterval,
    columns: Range<usize>,
}

/// Writes labels into the timeline of a task. `cells` are two cells for each column. No label
/// covers the column `mark`.
pub(crate) fn render_task(line: &Line<'_>, id: TaskId, cells: &[Cell], mark: Option<usize>, buf: &mut Buffer) {
    let is_alive = |state: &State| !matches!(state, State::Ended(_));
    let columns = cells
        .chunks_exact(2)
        .map(|pair| same(pair[0].state, pair[1].state).filter(is_alive));
    let mark = mark.and_then(|mark| mark.checked_sub(line.context.span.blank));
    let columns = columns.enumerate().map(|(x, state)| state.filter(|_| mark != Some(x)));
    for (run, state) in runs(columns) {
        line.stretches(&|_| Some(id), state, run, &mut |stretch| {
            if let Some(text) = reason::of_task(line.context.model, id, &stretch.interval) {
                line.write(&stretch, &text, buf);
            }
        });
    }
}

/// Writes labels into the timeline of a lane. `cells` are two cells for each column.
pub(crate) fn render_lane(line: &Line<'_>, lane: LaneId, cells: &[LaneCell], buf: &mut Buffer) {
    let model = line.context.model;
    let columns = cells
        .chunks_exact(2)
        .map(|pair| same(pair[0].state.zip(pair[0].task), pair[1].state.zip(pair[1].task)));
    for (run, (state, _)) in runs(columns) {
        let holder = |at| Some(model.lane_hold_at(lane, at)?.task);
        line.stretches(&holder, state, run, &mut |stretch| {
            let text = reason::of_holder(model, stretch.task, &stretch.interval);
            line.write(&stretch, &text, buf);
        });
    }
}

/// The value of both halves of a column, if it is the same.
fn same<T: PartialEq>(left: Option<T>, right: Option<T>) -> Option<T> {
    left.filter(|left| right.as_ref() == Some(left))
}

/// The runs of adjacent columns with the same value. Columns without a value are in no run.
fn runs<T: PartialEq>(columns: impl Iterator<Item = Option<T>>) -> Vec<(Range<usize>, T)> {
    let mut runs: Vec<(Range<usize>, T)> = Vec::new();
    for (x, value) in columns.enumerate() {
        let Some(value) = value else { continue };
        match runs.last_mut() {
            Some((run, of)) if run.end == x && *of == value => run.end += 1,
            _ => runs.push((x..x + 1, value)),
        }
    }
    runs.retain(|(run, _)| run.len() >= MIN_COLUMNS);
    runs
}

impl Line<'_> {
    /// Calls `each` with the stretches of `columns`. All these columns show `state`. `task` returns
    /// the task at an instant.
    ///
    /// The model is asked for the interval in the middle of the columns, then for the intervals in
    /// the rest at both sides, as long as the rest has room for a label. So the cost depends on the
    /// number of columns, and not on the number of intervals.
    fn stretches(
        &self,
        task: &impl Fn(RunInstant) -> Option<TaskId>,
        state: State,
        columns: Range<usize>,
        each: &mut impl FnMut(Stretch),
    ) {
        if columns.len() < MIN_COLUMNS {
            return;
        }
        let at = self.edge(columns.start + columns.len() / 2);
        let interval = |task| Some((task, self.context.model.interval_at(task, at)?));
        let Some((task_at, interval)) = task(at).and_then(interval) else {
            return;
        };
        let (before, inside, after) = self.split(&columns, &interval);
        self.stretches(task, state, before, each);
        let min = match state {
            State::Suspended(_) => MIN_SUSPENDED,
            _ => MIN_COLUMNS,
        };
        if interval.state == state && inside.len() >= min {
            each(Stretch {
                task: task_at,
                interval,
                columns: inside,
            });
        }
        self.stretches(task, state, after, each);
    }

    /// Divides columns into those that end before an interval, those that lie completely within it,
    /// and those that begin after it.
    fn split(&self, columns: &Range<usize>, interval: &StateInterval) -> (Range<usize>, Range<usize>, Range<usize>) {
        let (span, width) = (self.context.span, self.context.span.per_column.0);
        let from = (interval.from - span.from).0;
        let to = (interval.to.min(self.context.model.now()) - span.from).0;
        let within = |column: u64| (column as usize).clamp(columns.start, columns.end);
        let inside = within(from.div_ceil(width))..within(to / width);
        let before = columns.start..within(from / width);
        let after = within(to.div_ceil(width))..columns.end;
        (before, inside.start..inside.end.max(inside.start), after)
    }

    /// The first instant of a column.
    fn edge(&self, column: usize) -> RunInstant {
        self.context.span.from + Nanos(self.context.span.per_column.0 * column as u64)
    }

    fn write(&self, stretch: &Stretch, label: &str, buf: &mut Buffer) {
        let columns = &stretch.columns;
        let begins_before = columns.start == 0 && stretch.interval.from < self.context.span.from;
        let start = columns.start + usize::from(!begins_before);
        let Some(label) = fit_words(label, columns.end - start) else {
            return;
        };
        let x = self.area.right() - self.context.span.columns as u16 + start as u16;
        let style = self.context.theme.label(stretch.interval.state);
        buf.set_string(x, self.area.y, label, style);
    }
}

/// Shortens a label to at most `width` columns. The label is cut only at a space, and then ends in
/// `…` if there is room or if the words are incomplete. `None` if not even the first word fits. A
/// no-break space in the label does not separate words, and becomes a space.
fn fit_words(label: &str, width: usize) -> Option<String> {
    let label = text::clean(label);
    let shown = |text: &str| text.replace('\u{a0}', " ");
    if text::width(&label) <= width {
        return Some(shown(&label));
    }
    let kept = label.match_indices(' ').map(|(end, _)| &label[..end]);
    let cuts = kept.flat_map(|kept| match kept.strip_suffix(',') {
        // The words before a comma are complete.
        Some(clause) => [clause.to_owned(), format!("{clause}…")],
        None => [String::new(), format!("{kept}…")],
    });
    let mut cuts = cuts.filter(|cut| !cut.is_empty() && text::width(cut) <= width);
    cuts.next_back().map(|cut| shown(&cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_cut_only_between_words() {
        let fit = |width| fit_words("lock cache, held\u{a0}by\u{a0}holder#0 (http /rates)", width);
        assert_eq!(fit(42).as_deref(), Some("lock cache, held by holder#0 (http /rates)"));
        assert_eq!(fit(41).as_deref(), Some("lock cache, held by holder#0 (http…"));
        assert_eq!(fit(28).as_deref(), Some("lock cache…"));
        assert_eq!(fit(10).as_deref(), Some("lock cache"));
        assert_eq!(fit(9).as_deref(), Some("lock…"));
        assert_eq!(fit(5).as_deref(), Some("lock…"));
        assert_eq!(fit(4), None);
    }

    #[test]
    fn columns_with_the_same_value_form_a_run() {
        let columns = |text: &str| text.chars().map(|c| Some(c).filter(|c| *c != ' ')).collect::<Vec<_>>();
        let found = runs(columns("aaaaaaaabbbbbb  cccccccc").into_iter());
        assert_eq!(found, [(0..8, 'a'), (16..24, 'c')]);
    }
}
