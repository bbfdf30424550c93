//! One row per lane: who held it when, how busy it was over the time on screen, and what it runs now.

use super::app::Panel;
use super::layout::timeline_rows;
use super::scene::Scene;
use super::syscall;
use super::theme::Theme;
use super::timeline::{self, Half};
use crate::model::{Hold, Lane, LaneCell, State};
use crate::record::{GroupId, LaneId, TaskId};
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Draws the lanes in sight; the last row tells of those that are not.
pub fn render(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let lanes = scene.app.roster();
    let tall = scene.layout.lane_rows;
    let shown = scene.app.pages().lanes;
    let in_sight = lanes.iter().skip(scene.app.lanes.top()).take(shown);
    let mut cells = Vec::new();
    let mut halves = Vec::new();
    for (y, lane) in (area.y + tall - 1..)
        .step_by(usize::from(tall))
        .zip(in_sight.filter_map(|id| scene.model.lane(*id)))
    {
        let row = scene.layout.grid.row(y);
        let selected = scene.app.lanes.selected() == Some(lane.id);
        if selected {
            scene.cursor(row.cursor, Panel::Lanes, buf);
        }
        let style = match selected {
            true => scene.theme.selected(),
            false if lane.is_dead() => scene.theme.bad(),
            false => Style::new(),
        };
        buf.set_string(row.name.x, y, text::fit(&lane.name, usize::from(row.name.width)), style);

        scene.model.paint_lane(lane.id, scene.window(), &mut cells);
        halves.clear();
        halves.extend(cells.iter().map(|cell| half(scene, cell)));
        let height = timeline_rows(tall);
        let time = Rect {
            y: y + 1 - height,
            height,
            ..row.time
        };
        timeline::render(&halves, theme(scene, lane), time, buf);

        let busy = cells.iter().map(|cell| f64::from(cell.share)).sum::<f64>() / cells.len().max(1) as f64;
        let mut detail = vec![Span::raw(format!("{:>3.0} %  ", busy * 100.0))];
        let left = usize::from(row.detail.width).saturating_sub(detail[0].width());
        detail.extend(doing(scene, lane, left));
        Line::from(detail).render(row.detail, buf);
    }
    if lanes.len() > shown {
        let busy = scene.model.lanes().iter().filter(|lane| lane.current.is_some()).count();
        let note = format!("… {} more; {busy} of {} busy now", lanes.len() - shown, lanes.len());
        buf.set_stringn(
            area.x + 1,
            area.bottom() - 1,
            note,
            usize::from(area.width) - 1,
            scene.theme.quiet(),
        );
    }
}

/// A thread that only one task runs on may sleep.
fn theme(scene: &Scene<'_>, lane: &Lane) -> Theme {
    scene.theme.with_calm_blocks(!lane.is_shared())
}

fn half(scene: &Scene<'_>, cell: &LaneCell) -> Half {
    Half {
        state: cell.state,
        group: cell.group.map_or(0, |id| scene.group_position(id)),
        share: cell.share,
    }
}

/// A slice at the instant on screen, and what is known of it.
struct Doing<'a> {
    hold: Hold,
    /// The step; of the past nobody knows it.
    step: &'a str,
    /// The system call in which the thread sleeps.
    call: Option<&'static str>,
}

impl Doing<'_> {
    fn of<'a>(scene: &'a Scene<'_>, lane: &Lane) -> Option<Doing<'a>> {
        if !scene.live() {
            let hold = scene.model.held_at(lane.id, scene.at)?;
            return Some(Doing {
                hold,
                step: "",
                call: None,
            });
        }
        let current = lane.current?;
        Some(Doing {
            hold: Hold {
                task: current.task,
                since: current.start,
                blocking_since: current.blocking_since,
            },
            step: scene.model.label(current.label),
            call: asleep_in(scene, lane.id),
        })
    }
}

/// The slice at the instant on screen. While it grows, this is where a class sees a worker block.
fn doing(scene: &Scene<'_>, lane: &Lane, width: usize) -> Vec<Span<'static>> {
    let theme = theme(scene, lane);
    let Some(Doing { hold, step, call }) = Doing::of(scene, lane) else {
        return vec![if lane.is_dead() && scene.live() {
            Span::styled(" dead ", theme.alarm())
        } else {
            Span::styled("idle", theme.quiet())
        }];
    };
    let name = task(scene, hold.task);
    let Some(since) = hold.blocking_since else {
        let length = text::duration(scene.at - hold.since);
        let name = Span::styled(text::fit_name(&name.content, width).into_owned(), name.style);
        let room = width.saturating_sub(name.width() + text::width(&length) + 2);
        let step = text::fit(step, room);
        return vec![name, Span::styled(format!(" {length} {step}"), theme.quiet())];
    };
    let length = text::duration(scene.at - since);
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

fn task(scene: &Scene<'_>, id: TaskId) -> Span<'static> {
    let group: Option<GroupId> = scene.model.task(id).and_then(|task| task.group);
    let name = scene.model.task_name(id).to_string();
    Span::styled(
        text::clean(&name).into_owned(),
        scene.theme.group(group.map_or(0, |g| scene.group_position(g))),
    )
}

/// The system call in which the kernel says that a lane's thread sleeps.
pub fn asleep_in(scene: &Scene<'_>, lane: LaneId) -> Option<&'static str> {
    let os = scene.model.lane(lane)?.os?;
    syscall::name(os.asleep_in.filter(|_| os.asleep)?)
}
