//! One row per lane: who held it when, how busy it was over the time on screen, and what it runs now.

use super::app::Panel;
use super::scene::Scene;
use super::syscall;
use super::theme::Theme;
use super::timeline::{self, Half};
use crate::model::{Lane, LaneCell, State};
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
        let time = Rect {
            y: y + 1 - tall,
            height: tall,
            ..row.time
        };
        timeline::render(&halves, theme(scene, lane), time, buf);

        let busy = cells.iter().map(|cell| f64::from(cell.share)).sum::<f64>() / cells.len().max(1) as f64;
        let mut detail = vec![Span::raw(format!("{:>3.0} %  ", busy * 100.0))];
        if scene.live() {
            let left = row.detail.width.saturating_sub(detail[0].width() as u16);
            detail.extend(doing_now(scene, lane, left));
        } else {
            detail.extend(doing_then(scene, lane, cells.last()));
        }
        Line::from(detail).render(row.detail, buf);
    }
    if lanes.len() > usize::from(area.height / tall) {
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

/// The growing slice: this is where a class sees a worker block while it blocks.
fn doing_now(scene: &Scene<'_>, lane: &Lane, width: u16) -> Vec<Span<'static>> {
    let theme = theme(scene, lane);
    let Some(current) = lane.current else {
        return vec![if lane.is_dead() {
            Span::styled(" dead ", theme.alarm())
        } else {
            Span::styled("idle", theme.quiet())
        }];
    };
    let mut spans = vec![task(scene, current.task), Span::raw(" ")];
    match current.blocking_since {
        Some(since) => {
            let mut words = format!("block {}", text::duration(scene.model.now() - since));
            // A number that is cut is a wrong number: the name gives way, and the margins before it.
            let room = usize::from(width).saturating_sub(text::width(&words) + 1);
            if spans[0].width() + 2 <= room {
                words = format!(" {words} ");
            }
            spans[0].content = text::fit(&spans[0].content, room).into_owned().into();
            spans.push(Span::styled(words, theme.blocked()));
            if let Some(call) = asleep_in(scene, lane.id) {
                spans.push(Span::styled(format!(" {call}"), theme.word(State::Blocking)));
            }
        }
        None => {
            let length = text::duration(scene.model.now() - current.start);
            spans.push(Span::styled(format!("{length} "), theme.quiet()));
            let used: usize = spans.iter().map(Span::width).sum();
            let room = usize::from(width).saturating_sub(used);
            let step = text::fit(scene.model.label(current.label), room).into_owned();
            spans.push(Span::styled(step, theme.quiet()));
        }
    }
    spans
}

fn doing_then(scene: &Scene<'_>, lane: &Lane, last: Option<&LaneCell>) -> Vec<Span<'static>> {
    let Some((LaneCell { state, .. }, id)) = last.and_then(|cell| Some((cell, cell.task?))) else {
        return vec![Span::styled("idle", scene.theme.quiet())];
    };
    let mut spans = vec![task(scene, id)];
    if *state == Some(State::Blocking) {
        spans.push(Span::styled("  block ", theme(scene, lane).word(State::Blocking)));
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
