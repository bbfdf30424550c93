//! The event log's last lines: what tasks and tasklab itself said, when, and during whose poll.

use super::app::Panel;
use super::frame_context::FrameContext;
use crate::record::LogLine;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tracing::Level;

/// Draws the log. With more than two rows, the first is a heading.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let rows = rows(area);
    let mut area = area;
    if usize::from(area.height) > rows {
        Line::styled(" log", context.heading(Panel::Log)).render(area, buf);
        area.y += 1;
    }
    let log = context.model.log();
    let end = if context.live() {
        log.len()
    } else {
        log.partition_point(|line| line.at <= context.at)
    };
    let end = end.saturating_sub(context.app.log_back);
    for (y, line) in (area.y..).zip(log.iter().take(end).skip(end.saturating_sub(rows))) {
        let line = entry(context, line, usize::from(area.width));
        line.render(Rect { y, height: 1, ..area }, buf);
    }
}

/// Log lines that fit into `area`.
pub fn rows(area: Rect) -> usize {
    match area.height {
        height @ ..=2 => usize::from(height),
        height => usize::from(height) - 1,
    }
}

fn entry(context: &FrameContext<'_>, line: &LogLine, width: usize) -> Line<'static> {
    let theme = context.theme;
    let (word, style) = match line.level {
        Level::ERROR => ("ERROR", theme.bad()),
        Level::WARN => ("WARN ", theme.accent()),
        Level::INFO => ("INFO ", theme.good()),
        Level::DEBUG => ("DEBUG", theme.quiet()),
        Level::TRACE => ("TRACE", theme.quiet()),
    };
    let mut spans = vec![
        Span::styled(format!(" {}  ", text::clock(line.at)), theme.quiet()),
        Span::styled(word, style),
        Span::raw("  "),
    ];
    let source = match line.task {
        Some(id) => context.model.task_name(id).to_string(),
        // Which file of it nobody on this side of the screen asks.
        None => line.target.split("::").next().unwrap_or_default().to_owned(),
    };
    spans.push(Span::styled(format!("{}  ", text::clean(&source)), theme.strong()));
    let used: usize = spans.iter().map(Span::width).sum();
    let message = text::fit(&line.message, width.saturating_sub(used + 1));
    spans.push(Span::styled(message.into_owned(), Style::new()));
    Line::from(spans)
}
