//! The last lines of the event log. Each line shows the time, the level, the task or crate that
//! logged the message, and the message.

use crate::record::LogLine;
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::state::Panel;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tracing::Level;

/// Draws the log. If `area` has more than two rows, the first row is a heading.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let visible = visible_lines(area);
    let mut area = area;
    if usize::from(area.height) > visible {
        Line::styled(" log", context.heading_style(Panel::Log)).render(area, buf);
        area.y += 1;
    }
    let log = context.model.log();
    let newest = if context.is_live() {
        log.len()
    } else {
        log.partition_point(|line| line.at <= context.at)
    };
    let end = newest.saturating_sub(context.app.log_scroll);
    let lines = log.iter().take(end).skip(end.saturating_sub(visible));
    for (y, line) in (area.y..).zip(lines) {
        let line = styled_line(context, line, usize::from(area.width));
        line.render(Rect { y, height: 1, ..area }, buf);
    }
}

/// The number of log lines that fit into `area`.
pub(crate) fn visible_lines(area: Rect) -> usize {
    match area.height {
        height @ ..=2 => usize::from(height),
        height => usize::from(height) - 1,
    }
}

fn styled_line(context: &FrameContext<'_>, line: &LogLine, width: usize) -> Line<'static> {
    let theme = context.theme;
    let (level, style) = match line.level {
        Level::ERROR => ("ERROR", theme.bad()),
        Level::WARN => ("WARN ", theme.strong()),
        Level::INFO => ("INFO ", Style::new()),
        Level::DEBUG => ("DEBUG", theme.quiet()),
        Level::TRACE => ("TRACE", theme.quiet()),
    };
    let source = match line.task {
        Some(id) => context.model.task_name(id).to_string(),
        // The crate's name is enough: users do not need the name of the module.
        None => line.target.split("::").next().unwrap_or_default().to_owned(),
    };
    let mut spans = vec![
        Span::styled(format!(" {}  ", text::clock(line.at)), theme.quiet()),
        Span::styled(level, style),
        Span::raw("  "),
        Span::styled(format!("{}  ", text::clean(&source)), theme.strong()),
    ];
    let used: usize = spans.iter().map(Span::width).sum();
    let message = text::fit(&line.message, width.saturating_sub(used + 1));
    spans.push(Span::styled(message.into_owned(), Style::new()));
    Line::from(spans)
}
