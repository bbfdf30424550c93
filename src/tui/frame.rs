//! Draws one frame: computes the layout, and then draws every widget in its area.

use super::Options;
use super::frame_context::FrameContext;
use super::layout::{Content, Layout, MIN_SIZE};
use super::state::{App, SortBy, VisibleRows, family};
use super::theme::Theme;
use super::widgets::{axis, caption, footer, gauges, groups, header, help, lanes, log, resources, tasks};
use crate::model::Model;
use crate::run::RunState;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Widget, Wrap};

/// Draws the whole screen into `buf`. If the terminal is too small, draws only a message about the
/// required size.
pub fn render(app: &mut App, model: &Model, run: &RunState, options: &Options, buf: &mut Buffer) {
    let area = buf.area;
    app.resource_order.refresh(model, &app.viewport);
    let mut kept_layout = std::mem::take(&mut app.kept_layout);
    let content = kept_layout.content(area, app.viewport.frozen(), || content(app, model, area));
    app.kept_layout = kept_layout;
    let Some(layout) = Layout::new(area, content) else {
        let (width, height) = MIN_SIZE;
        let message = format!(
            "tasklab needs {width}×{height} cells; this terminal has {}×{}.",
            area.width, area.height
        );
        Paragraph::new(message).wrap(Wrap { trim: true }).render(area, buf);
        return;
    };
    let visible_rows = VisibleRows {
        lanes: visible_rows(layout.lanes.height, layout.lane_rows, content.lanes),
        tasks: visible_rows(layout.tasks.height, layout.task_rows, model.tasks().len()),
        log: log::visible_lines(layout.log),
    };
    app.refresh(model, layout.grid.time_columns(), visible_rows);
    let context = FrameContext {
        model,
        app,
        run,
        options,
        theme: Theme::new(options.color_depth),
        layout,
        span: app.viewport.span(model.now()),
        at: app.viewport.instant(model.now()),
    };
    header::render(&context, layout.header, buf);
    caption::render(&context, layout.caption, buf);
    axis::render(&context, layout.axis, buf);
    lanes::render(&context, layout.lanes, buf);
    tasks::render_heading(&context, layout.heading, buf);
    tasks::render(&context, layout.tasks, buf);
    resources::render(&context, layout.resources, buf);
    gauges::render(&context, layout.gauges, buf);
    groups::render(&context, layout.groups, buf);
    log::render(&context, layout.log, buf);
    footer::render(&context, layout.footer, buf);
    if context.app.help {
        help::render(&context, area, buf);
    }
}

/// The number of entries that a panel of `height` rows shows at once. There are `all` entries, and
/// each entry is `rows_each` rows high. If not all entries fit, the last row of the panel is
/// reserved for the number of hidden entries.
fn visible_rows(height: u16, rows_each: u16, all: usize) -> usize {
    match usize::from(height / rows_each) {
        fit if all <= fit => fit,
        _ => usize::from(height.saturating_sub(1) / rows_each),
    }
}

fn content(app: &App, model: &Model, area: Rect) -> Content {
    let visible_tasks = app.task_order.visible_tasks(model);
    Content {
        caption_rows: caption::rows(model, area.width, if area.height < 22 { 2 } else { 3 }),
        lanes: model.lanes().len(),
        visible_tasks,
        has_hidden_tasks: model.tasks().len() > visible_tasks,
        resource_rows: resources::rows(app.resource_order.shown().len(), area),
        gauge_rows: gauges::rows(area),
        groups: app.groups().len(),
        name_width: name_width(app, model),
    }
}

/// The width of the longest name of a lane or task, in columns.
fn name_width(app: &App, model: &Model) -> usize {
    let indent = match app.task_order.sorted_by() {
        SortBy::Spawn => family::MAX_DEPTH,
        SortBy::Trouble | SortBy::Name => 0,
    };
    let groups = model.groups().iter().filter(|group| !group.library);
    let tasks = groups.map(|group| {
        let digits = group.spawned.saturating_sub(1).max(1).ilog10() as usize + 1;
        text::width(&group.name) + 1 + digits + indent
    });
    let lanes = model.lanes().iter().map(|lane| text::width(&lane.name));
    tasks.chain(lanes).max().unwrap_or(0)
}
