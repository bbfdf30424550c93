//! One row per lane. The row shows three facts: when tasks held the lane, how busy the lane was
//! during the visible time, and what the lane runs at the visible instant.

use super::labels;
use super::timeline::{self, Half};
use crate::model::{Lane, LaneCell, LaneHold, State};
use crate::record::{Reason, TaskId};
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::layout::{Row, timeline_rows};
use crate::tui::state::Panel;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// A thread that can run may have no core. The lane's row shows the share of the runnable time
/// without a core, if this share is at least this value.
const NOTABLE_OFF_CORE: f64 = 0.25;

/// Draws the visible lanes. If not all lanes fit, the last row shows the number of hidden lanes.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let order = context.app.lane_order();
    let lane_rows = context.layout.lane_rows;
    let visible = context.app.visible_rows().lanes;
    let ids = order.iter().skip(context.app.lanes.top()).take(visible);
    let lanes = ids.filter_map(|id| context.model.lane(*id));
    let last_rows = (area.y + lane_rows - 1..).step_by(usize::from(lane_rows));
    let mut cells = Vec::new();
    for (y, lane) in last_rows.zip(lanes) {
        let row = context.layout.grid.row(y);
        render_name(context, lane, row, buf);
        context.model.paint_lane(lane.id, context.window(), &mut cells);
        render_timeline(context, &cells, row.time, buf);
        let line = labels::Line {
            context,
            area: row.time,
        };
        labels::render_lane(&line, lane.id, &cells, buf);
        detail(context, lane, &cells, usize::from(row.detail.width)).render(row.detail, buf);
    }
    if order.len() > visible {
        render_hidden(context, order.len() - visible, area, buf);
    }
}

fn render_name(context: &FrameContext<'_>, lane: &Lane, row: Row, buf: &mut Buffer) {
    let selected = context.app.lanes.selected() == Some(lane.id);
    if selected {
        context.render_cursor(row.cursor, Panel::Lanes, buf);
    }
    let style = match selected {
        true => context.theme.selected(),
        false if lane.is_dead() => context.theme.bad(),
        false => Style::new(),
    };
    let name = text::fit(&lane.name, usize::from(row.name.width));
    buf.set_string(row.name.x, row.name.y, name, style);
}

/// Draws the timeline of a lane. `area` is the last row of the timeline.
fn render_timeline(context: &FrameContext<'_>, cells: &[LaneCell], area: Rect, buf: &mut Buffer) {
    let half = |cell: &LaneCell| Half {
        state: cell.state,
        share: cell.share,
        most: (cell.held_share > 0.5).then_some(State::Running),
        held: cell.held_share,
    };
    let halves: Vec<Half> = cells.iter().map(half).collect();
    let height = timeline_rows(context.layout.lane_rows);
    let area = Rect {
        y: area.y + 1 - height,
        height,
        ..area
    };
    timeline::render(&halves, context.theme, area, buf);
}

fn render_hidden(context: &FrameContext<'_>, hidden: usize, area: Rect, buf: &mut Buffer) {
    let lanes = context.model.lanes();
    let busy = lanes.iter().filter(|lane| lane.current.is_some()).count();
    let note = format!(
        "… {hidden} more lanes; {busy} of all {} lanes are busy now",
        lanes.len()
    );
    let width = usize::from(area.width) - 1;
    buf.set_stringn(area.x + 1, area.bottom() - 1, note, width, context.theme.quiet());
}

/// The text at the right end of the row: how busy the lane is, and what the lane runs.
fn detail(context: &FrameContext<'_>, lane: &Lane, cells: &[LaneCell], width: usize) -> Line<'static> {
    let busy = cells.iter().map(|cell| f64::from(cell.held_share)).sum::<f64>() / cells.len().max(1) as f64;
    let mut line = Line::from(format!("{:>3.0} %  ", busy * 100.0));
    let width = width.saturating_sub(line.width());
    let theme = context.theme;
    let spans = match OpenSlice::on(context, lane) {
        Some(slice) => slice.spans(context, theme, width),
        None if lane.is_dead() && context.is_live() => vec![Span::styled(" dead ", theme.alarm())],
        None => vec![Span::styled("idle", theme.quiet())],
    };
    line.extend(spans);
    line
}

/// The slice that runs on a lane at the visible instant. In a live view, the slice has not ended
/// yet. The duration of such a slice grows on screen, so viewers see that a worker is blocked.
struct OpenSlice<'a> {
    hold: LaneHold,
    /// The current step. The text is empty in a frozen view, because the steps of a slice are not
    /// recorded.
    step: &'a str,
    /// Recently, the thread had no core for this share of its runnable time. `None` if the share is
    /// too small to matter. The share is known only in a live view.
    off_core: Option<f64>,
    /// What the thread sleeps for. The reason is known only in a live view.
    blocked_on: Option<&'a str>,
}

impl OpenSlice<'_> {
    fn on<'a>(context: &FrameContext<'a>, lane: &Lane) -> Option<OpenSlice<'a>> {
        if !context.is_live() {
            return Some(OpenSlice {
                hold: context.model.lane_hold_at(lane.id, context.at)?,
                step: "",
                off_core: None,
                blocked_on: None,
            });
        }
        let current = lane.current?;
        Some(OpenSlice {
            hold: LaneHold {
                task: current.task,
                since: current.start,
                state: context.model.state(current.task),
                asleep_since: current.blocking_since,
            },
            step: context.model.label(current.label),
            off_core: lane.off_core_share().filter(|share| *share >= NOTABLE_OFF_CORE),
            blocked_on: blocked_on(context, lane),
        })
    }

    fn spans(&self, context: &FrameContext<'_>, theme: Theme, width: usize) -> Vec<Span<'static>> {
        let name = task_name(context, self.hold.task);
        match self.hold.asleep_since {
            None => {
                let length = text::duration(context.at - self.hold.since);
                self.computing_spans(theme, name, &length, width)
            }
            Some(since) => {
                let length = text::duration(context.at - since);
                self.asleep_spans(theme, name, length, width)
            }
        }
    }

    fn computing_spans(&self, theme: Theme, name: Span<'static>, length: &str, width: usize) -> Vec<Span<'static>> {
        let name = Span::styled(text::fit_name(&name.content, width).into_owned(), name.style);
        let off_core = match self.off_core {
            Some(share) => format!(" {:.0} % off core", share * 100.0),
            None => String::new(),
        };
        let used = name.width() + text::width(length) + 1;
        let off_core = if used + text::width(&off_core) <= width {
            off_core
        } else {
            String::new()
        };
        let room = width.saturating_sub(used + text::width(&off_core) + 1);
        let step = text::fit(self.step, room);
        let length_style = match self.hold.state {
            State::Hogging => theme.word(State::Hogging),
            _ => theme.quiet(),
        };
        vec![
            name,
            Span::styled(format!(" {length}"), length_style),
            Span::raw(off_core),
            Span::styled(format!(" {step}"), theme.quiet()),
        ]
    }

    fn asleep_spans(&self, theme: Theme, name: Span<'static>, length: String, width: usize) -> Vec<Span<'static>> {
        // The task's name and the duration are more important than the word. The colour also shows
        // whether the task blocks the other tasks of the lane.
        let (word, style) = match self.hold.state {
            State::Blocking => ("block", theme.alarm()),
            other => ("sleep", theme.word(other)),
        };
        let badges = [format!(" {word} {length} "), format!("{word} {length}"), length];
        let fits = |badge: &&String| name.width() + 1 + text::width(badge) <= width;
        let badge = badges.iter().find(fits).unwrap_or(&badges[2]).clone();
        let room = width.saturating_sub(text::width(&badge) + 1);
        let name = Span::styled(text::fit_name(&name.content, room).into_owned(), name.style);
        let used = name.width() + 1 + text::width(&badge);
        let mut spans = vec![name, Span::raw(" "), Span::styled(badge, style)];
        // The name is shown only if it fits. A truncated name would be useless.
        if let Some(awaited) = self
            .blocked_on
            .filter(|awaited| used + 1 + text::width(awaited) <= width)
        {
            spans.push(Span::styled(format!(" {awaited}"), theme.word(self.hold.state)));
        }
        spans
    }
}

pub(super) fn task_name(context: &FrameContext<'_>, id: TaskId) -> Span<'static> {
    let group = context.model.task(id).and_then(|task| task.group);
    let name = context.model.task_name(id).to_string();
    let style = context.theme.group(group.map_or(0, |id| context.group_position(id)));
    Span::styled(text::clean(&name).into_owned(), style)
}

/// What a lane's thread sleeps for: the step that waits for something, such as `lock accounts`. If
/// the thread only sleeps for a time, or if the step is not known, returns the system call in which
/// the thread sleeps, as the kernel reports it. The name of the step comes first, because it says
/// more than the system call: a thread waits for every lock, semaphore and channel with the system
/// call `futex`.
pub(super) fn blocked_on<'a>(context: &FrameContext<'a>, lane: &Lane) -> Option<&'a str> {
    let current = lane.current.filter(|current| current.blocking_since.is_some());
    match current {
        Some(current) if !matches!(current.blocked_on, Reason::Unknown | Reason::Timer) => {
            Some(context.model.label(current.label))
        }
        _ => text::syscall(lane.os.filter(|os| os.asleep)?.asleep_in?),
    }
}
