//! One row per lane: who held it when, how busy it was over the time on screen, and what it runs now.

use super::app::Panel;
use super::frame_context::FrameContext;
use super::layout::timeline_rows;
use super::syscall;
use super::theme::Theme;
use super::timeline::{self, Half};
use crate::model::{Lane, LaneCell, LaneHold, State};
use crate::record::{GroupId, LaneId, TaskId};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Draws the lanes in sight; the last row tells of those that are not.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let lanes = context.app.lane_order();
    let tall = context.layout.lane_rows;
    let shown = context.app.pages().lanes;
    let in_sight = lanes.iter().skip(context.app.lanes.top()).take(shown);
    let mut cells = Vec::new();
    let mut halves = Vec::new();
    for (y, lane) in (area.y + tall - 1..)
        .step_by(usize::from(tall))
        .zip(in_sight.filter_map(|id| context.model.lane(*id)))
    {
        let row = context.layout.grid.row(y);
        let selected = context.app.lanes.selected() == Some(lane.id);
        if selected {
            context.cursor(row.cursor, Panel::Lanes, buf);
        }
        let style = match selected {
            true => context.theme.selected(),
            false if lane.is_dead() => context.theme.bad(),
            false => Style::new(),
        };
        buf.set_string(row.name.x, y, text::fit(&lane.name, usize::from(row.name.width)), style);

        context.model.paint_lane(lane.id, context.window(), &mut cells);
        halves.clear();
        halves.extend(cells.iter().map(|cell| half(context, cell)));
        let height = timeline_rows(tall);
        let time = Rect {
            y: y + 1 - height,
            height,
            ..row.time
        };
        timeline::render(&halves, theme(context, lane), time, buf);

        let busy = cells.iter().map(|cell| f64::from(cell.held_share)).sum::<f64>() / cells.len().max(1) as f64;
        let mut detail = vec![Span::raw(format!("{:>3.0} %  ", busy * 100.0))];
        let left = usize::from(row.detail.width).saturating_sub(detail[0].width());
        detail.extend(doing(context, lane, left));
        Line::from(detail).render(row.detail, buf);
    }
    if lanes.len() > shown {
        let busy = context
            .model
            .lanes()
            .iter()
            .filter(|lane| lane.current.is_some())
            .count();
        let note = format!("… {} more; {busy} of {} busy now", lanes.len() - shown, lanes.len());
        buf.set_stringn(
            area.x + 1,
            area.bottom() - 1,
            note,
            usize::from(area.width) - 1,
            context.theme.quiet(),
        );
    }
}

/// A thread that only one task runs on may sleep.
fn theme(context: &FrameContext<'_>, lane: &Lane) -> Theme {
    context.theme.with_calm_blocks(!lane.is_shared())
}

fn half(context: &FrameContext<'_>, cell: &LaneCell) -> Half {
    Half {
        state: cell.state,
        group: cell.group.map_or(0, |id| context.group_position(id)),
        share: cell.held_share,
    }
}

/// A slice at the instant on screen, and what is known of it.
struct Doing<'a> {
    hold: LaneHold,
    /// The step; of the past nobody knows it.
    step: &'a str,
    /// The system call in which the thread sleeps.
    call: Option<&'static str>,
}

impl Doing<'_> {
    fn of<'a>(context: &'a FrameContext<'_>, lane: &Lane) -> Option<Doing<'a>> {
        if !context.live() {
            let hold = context.model.lane_hold_at(lane.id, context.at)?;
            return Some(Doing {
                hold,
                step: "",
                call: None,
            });
        }
        let current = lane.current?;
        Some(Doing {
            hold: LaneHold {
                task: current.task,
                since: current.start,
                blocking_since: current.blocking_since,
            },
            step: context.model.label(current.label),
            call: asleep_in(context, lane.id),
        })
    }
}

/// The slice at the instant on screen. While it grows, this is where a class sees a worker block.
fn doing(context: &FrameContext<'_>, lane: &Lane, width: usize) -> Vec<Span<'static>> {
    let theme = theme(context, lane);
    let Some(Doing { hold, step, call }) = Doing::of(context, lane) else {
        return vec![if lane.is_dead() && context.live() {
            Span::styled(" dead ", theme.alarm())
        } else {
            Span::styled("idle", theme.quiet())
        }];
    };
    let name = task(context, hold.task);
    let Some(since) = hold.blocking_since else {
        let length = text::duration(context.at - hold.since);
        let name = Span::styled(text::fit_name(&name.content, width).into_owned(), name.style);
        let room = width.saturating_sub(name.width() + text::width(&length) + 2);
        let step = text::fit(step, room);
        return vec![name, Span::styled(format!(" {length} {step}"), theme.quiet())];
    };
    let length = text::duration(context.at - since);
    // Whose it is and for how long is more than what it is: that the colour says too.
    let words = [format!(" block {length} "), format!("block {length}"), length];
    let fits = |words: &&String| name.width() + 1 + text::width(words) <= width;
    let words = words.iter().find(fits).unwrap_or(&words[2]).clone();
    let room = width.saturating_sub(text::width(&words) + 1);
    let name = Span::styled(text::fit_name(&name.content, room).into_owned(), name.style);
    let used = name.width() + 1 + text::width(&words);
    let mut spans = vec![name, Span::raw(" "), Span::styled(words, theme.blocked())];
    // Half a name of a call is none.
    if let Some(call) = call.filter(|call| used + 1 + call.len() <= width) {
        spans.push(Span::styled(format!(" {call}"), theme.word(State::Blocking)));
    }
    spans
}

fn task(context: &FrameContext<'_>, id: TaskId) -> Span<'static> {
    let group: Option<GroupId> = context.model.task(id).and_then(|task| task.group);
    let name = context.model.task_name(id).to_string();
    Span::styled(
        text::clean(&name).into_owned(),
        context.theme.group(group.map_or(0, |g| context.group_position(g))),
    )
}

/// The system call in which the kernel says that a lane's thread sleeps.
pub fn asleep_in(context: &FrameContext<'_>, lane: LaneId) -> Option<&'static str> {
    let os = context.model.lane(lane)?.os?;
    syscall::name(os.asleep_in.filter(|_| os.asleep)?)
}
