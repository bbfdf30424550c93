//! One frame: the layout, then every widget in its place.

use super::app::{App, Pages};
use super::frame_context::FrameContext;
use super::layout::{Layout, SMALLEST, Wants};
use super::order::SortBy;
use super::theme::Theme;
use super::{Options, axis, caption, channels, family, footer, gauges, groups, header, help, lanes, log, tasks};
use crate::model::Model;
use crate::run::RunState;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Widget, Wrap};

/// Draws the whole screen into all of `buf`.
pub fn render(app: &mut App, model: &Model, run: &RunState, options: &Options, buf: &mut Buffer) {
    let area = buf.area;
    let theme = Theme::new(options.depth);
    let Some(layout) = Layout::new(area, wants(app, model, area)) else {
        let (width, height) = SMALLEST;
        let words = format!(
            "tasklab needs {width}×{height}; this is {}×{}.",
            area.width, area.height
        );
        Paragraph::new(words).wrap(Wrap { trim: true }).render(area, buf);
        return;
    };
    let pages = Pages {
        lanes: in_sight(layout.lanes.height, layout.lane_rows, model.lanes().len()),
        tasks: in_sight(layout.tasks.height, layout.task_rows, model.tasks().len()),
        log: log::rows(layout.log),
    };
    app.refresh(model, layout.grid.columns(), pages);
    let span = app.view.span(model.now());
    let at = app.view.instant(model.now());
    let context = FrameContext {
        model,
        app,
        run,
        options,
        theme,
        layout,
        span,
        at,
    };
    header::render(&context, layout.header, buf);
    caption::render(&context, layout.caption, buf);
    axis::render(&context, layout.axis, buf);
    lanes::render(&context, layout.lanes, buf);
    tasks::heading(&context, layout.heading, buf);
    tasks::render(&context, layout.tasks, buf);
    channels::render(&context, layout.channels, buf);
    gauges::render(&context, layout.gauges, buf);
    groups::render(&context, layout.groups, buf);
    log::render(&context, layout.log, buf);
    footer::render(&context, layout.footer, buf);
    if context.app.help {
        help::render(&context, area, buf);
    }
}

/// How many of `all` are in sight on a panel so high, where each takes so many rows: of more than fit, the last row tells.
fn in_sight(height: u16, each: u16, all: usize) -> usize {
    match usize::from(height / each) {
        fit if all <= fit => fit,
        _ => usize::from(height.saturating_sub(1) / each),
    }
}

fn wants(app: &App, model: &Model, area: Rect) -> Wants {
    let indent = match app.order.sorted_by() {
        SortBy::Spawn => family::DEEPEST,
        SortBy::Trouble | SortBy::Name => 0,
    };
    let tasks = model.groups().iter().filter(|group| !group.library).map(|group| {
        let digits = group.spawned.saturating_sub(1).max(1).ilog10() as usize + 1;
        text::width(&group.name) + 1 + digits + indent
    });
    let lanes = model.lanes().iter().map(|lane| text::width(&lane.name));
    Wants {
        caption: caption::rows(model, area.width, if area.height < 22 { 2 } else { 3 }),
        lanes: model.lanes().len(),
        channels: model.channels().len(),
        groups: app.groups().len(),
        tasks: app.order.showing(model),
        others: model.tasks().len() > app.order.showing(model),
        name: tasks.chain(lanes).max().unwrap_or(0),
    }
}
