//! The first line of the screen: the scenario's title, the executor, the elapsed time, and the
//! number of lost records. Lost records have an alarming style: if records are lost, the user
//! cannot trust the other numbers.

use crate::model::PollCountCheck;
use crate::record::Nanos;
use crate::run::RunState;
use crate::text;
use crate::tui::frame_context::FrameContext;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Draws the header.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let right = facts(context, area.width);
    let title_width = area.width.saturating_sub(right.width() as u16);
    let title = Rect {
        width: title_width,
        ..area
    };
    render_title(context, title, buf);
    let right_area = Rect {
        x: title.right(),
        width: area.right() - title.right(),
        ..area
    };
    right.render(right_area, buf);
}

/// The scenario's title, and the program's name if there is room for it.
fn render_title(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let theme = context.theme;
    let info = context.model.info();
    let room = usize::from(area.width).saturating_sub(2);
    let mut line = Line::default();
    if room >= text::width(&info.title) + 10 {
        line.push_span(Span::styled(" tasklab ", theme.quiet()));
    }
    let title = text::fit(&info.title, room.saturating_sub(line.width()));
    line.push_span(Span::styled(format!(" {title}"), theme.strong()));
    line.render(area, buf);
}

/// The texts at the right end of the header.
fn facts(context: &FrameContext<'_>, width: u16) -> Line<'static> {
    let wide = width >= 110;
    let gap = if wide { "   " } else { "  " };
    let mut line = Line::default();
    if let Some(calibration) = context.options.calibration.as_deref().filter(|_| width >= 160) {
        let calibration = format!("{}{gap}", text::clean(calibration));
        line.push_span(Span::styled(calibration, context.theme.quiet()));
    }
    // On a narrow screen the executor is omitted, because the scenario's title matters more.
    if width >= 72 {
        line.push_span(executor(context, wide));
        line.push_span(gap);
    }
    line.push_span(elapsed(context, wide));
    line.push_span(gap);
    let (state, style) = state(context, usize::from(width / 6));
    line.push_span(Span::styled(state, style));
    line.push_span(gap);
    line.extend(records(context));
    line.push_span(" ");
    line
}

fn executor(context: &FrameContext<'_>, wide: bool) -> String {
    let info = context.model.info();
    let kind = text::clean(&info.executor);
    match (wide, info.workers) {
        (_, 0) => kind.into_owned(),
        (true, 1) => format!("{kind} · 1 worker"),
        (true, n) => format!("{kind} · {n} workers"),
        (false, n) => format!("{kind}·{n}"),
    }
}

fn elapsed(context: &FrameContext<'_>, wide: bool) -> String {
    let clock = text::clock(context.model.now());
    match context.model.info().duration {
        Some(end) if wide => format!("{clock} / {}", text::round_duration(end)),
        Some(end) => format!("{clock}/{}", text::round_duration(end).replace(' ', "")),
        None => clock,
    }
}

/// The state of the view and of the run. If a part of the run could not be stopped, a text of at
/// most `width` columns names this part. The complete text is printed after the screen is closed.
fn state(context: &FrameContext<'_>, width: usize) -> (String, Style) {
    let theme = context.theme;
    match context.run {
        _ if !context.is_live() => {
            let behind = context.model.now() - context.at;
            let behind = match behind >= Nanos::from_millis(1) {
                true => format!(" −{}", text::duration(behind)),
                false => String::new(),
            };
            (format!("❄ frozen{behind}"), theme.selected())
        }
        RunState::Running | RunState::Waiting => ("● live".into(), theme.good()),
        RunState::Stopping => ("□ stopping…".into(), theme.strong()),
        RunState::Ended { left: None } => ("■ ended".into(), theme.strong()),
        RunState::Ended { left: Some(left) } => (format!("■ ended, {}", text::fit(left, width)), theme.bad()),
    }
}

/// The number of recorded polls and the number of lost records. Shows both counts of polls if
/// tokio's own count differs from the recorded count.
fn records(context: &FrameContext<'_>) -> Vec<Span<'static>> {
    let theme = context.theme;
    let counts = context.model.record_counts();
    let mut spans = vec![Span::raw(format!("{:>5} polls", text::count(counts.slices())))];
    let lost = counts.lost();
    if lost > 0 {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(format!(" {} lost ", text::count(lost)), theme.alarm()));
    } else {
        spans.push(Span::styled(" · 0 lost", theme.quiet()));
    }
    if let (RunState::Ended { .. }, PollCountCheck::Differs { recorded, tokio }) =
        (context.run, counts.check_poll_count())
    {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(format!(" {recorded} of tokio's {tokio} "), theme.alarm()));
    }
    spans
}
