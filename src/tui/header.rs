//! The first line: what runs, where, for how long, and whether anything was lost. Loud when something was: then no
//! number below can be trusted.

use super::frame_context::FrameContext;
use crate::model::PollCountCheck;
use crate::record::Nanos;
use crate::run::RunState;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Draws the header.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let theme = context.theme;
    let wide = area.width >= 110;
    let gap = if wide { "   " } else { "  " };
    let mut right = Line::default();
    let parts = [
        executor(context, wide),
        (elapsed(context, wide), Style::new()),
        state(context, usize::from(area.width / 6)),
    ];
    // Where the executor does not fit, the scenario's title matters more.
    for (text, style) in parts.into_iter().skip(usize::from(area.width < 72)) {
        right.push_span(Span::styled(text, style));
        right.push_span(gap);
    }
    right.extend(records(context));
    right.push_span(" ");
    if let Some(calibration) = context.options.calibration.as_deref().filter(|_| area.width >= 160) {
        right.spans.insert(
            0,
            Span::styled(format!("{}{gap}", text::clean(calibration)), theme.quiet()),
        );
    }

    let room = usize::from(area.width).saturating_sub(right.width());
    let info = context.model.info();
    let mut left = Line::default();
    let title_room = room.saturating_sub(2);
    if title_room >= text::width(&info.title) + 10 {
        left.push_span(Span::styled(" tasklab ", theme.quiet()));
    }
    let used = left.width();
    left.push_span(Span::styled(
        format!(" {}", text::fit(&info.title, title_room.saturating_sub(used))),
        theme.strong(),
    ));
    left.render(
        Rect {
            width: room as u16,
            ..area
        },
        buf,
    );
    let x = area.x + room as u16;
    right.render(
        Rect {
            x,
            width: area.right() - x,
            ..area
        },
        buf,
    );
}

fn executor(context: &FrameContext<'_>, wide: bool) -> (String, Style) {
    let info = context.model.info();
    let kind = text::clean(&info.executor);
    let text = match (wide, info.workers) {
        (_, 0) => kind.into_owned(),
        (true, 1) => format!("{kind} · 1 worker"),
        (true, n) => format!("{kind} · {n} workers"),
        (false, n) => format!("{kind}·{n}"),
    };
    (text, Style::new())
}

fn elapsed(context: &FrameContext<'_>, wide: bool) -> String {
    let clock = text::clock(context.model.now());
    match context.model.info().duration {
        Some(end) if wide => format!("{clock} / {}", text::round_duration(end)),
        Some(end) => format!("{clock}/{}", text::round_duration(end).replace(' ', "")),
        None => clock,
    }
}

/// `room` is for what the run left behind; the whole sentence is told when the screen has gone.
fn state(context: &FrameContext<'_>, room: usize) -> (String, Style) {
    let theme = context.theme;
    match context.run {
        _ if !context.live() => {
            let behind = context.model.now() - context.at;
            let behind = match behind >= Nanos::from_millis(1) {
                true => format!(" −{}", text::duration(behind)),
                false => String::new(),
            };
            (format!("❄ frozen{behind}"), theme.accent())
        }
        RunState::Running | RunState::Waiting => ("● live".into(), theme.good()),
        RunState::Stopping => ("□ stopping…".into(), theme.accent()),
        RunState::Ended { left: None } => ("■ ended".into(), theme.strong()),
        RunState::Ended { left: Some(left) } => (format!("■ ended, {}", text::fit(left, room)), theme.bad()),
    }
}

/// How many polls were recorded, how many were lost, and whether tokio counts as many.
fn records(context: &FrameContext<'_>) -> Vec<Span<'static>> {
    let theme = context.theme;
    let record_counts = context.model.record_counts();
    let mut spans = vec![Span::raw(format!("{:>5} polls", text::count(record_counts.slices())))];
    let lost = record_counts.lost();
    if lost > 0 {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(format!(" {} lost ", text::count(lost)), theme.alarm()));
    } else {
        spans.push(Span::styled(" · 0 lost", theme.quiet()));
    }
    if let (RunState::Ended { .. }, PollCountCheck::Differs { recorded, tokio }) =
        (context.run, record_counts.check_poll_count())
    {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(format!(" {recorded} of tokio's {tokio} "), theme.alarm()));
    }
    spans
}
