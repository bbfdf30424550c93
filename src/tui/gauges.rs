//! How the run goes, as numbers with their recent past: throughput, polls, load, delay, lateness, queues.
//!
//! Numbers change four times a second, with the model's series, not with the frame: digits that flicker cannot be read.

use super::frame_context::FrameContext;
use super::theme::Theme;
use crate::model::{Percentiles, SeriesPoint, paint::NOTABLE_WAIT};
use crate::record::Nanos;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Heights of a bar in eighths of a row.
const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Delays from here on hurt.
const PAINFUL: Nanos = Nanos::from_millis(20);

/// One number and its past.
struct Gauge {
    name: &'static str,
    value: String,
    /// More to say where there is room.
    extra: String,
    past: Vec<f64>,
    /// What a full bar stands for at least, so that noise stays low.
    full: f64,
    /// From these values on, a bar is worth a look, or hurts.
    warm: (f64, f64),
}

/// Draws all gauges: six beside each other, or three and three.
pub fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let gauges = gauges(context);
    let across: u16 = if area.width >= 150 { 6 } else { 3 };
    let down = 6 / across;
    let (width, height) = ((area.width - 1) / across, area.height / down);
    for (i, gauge) in (0..).zip(&gauges) {
        let place = Rect {
            x: area.x + 1 + i % across * width,
            y: area.y + i / across * height,
            width: width.saturating_sub(2),
            height,
        };
        gauge.render(context.theme, place, buf);
    }
}

fn gauges(context: &FrameContext<'_>) -> [Gauge; 6] {
    let points = context.app.points();
    let last = points.last();
    let past = |of: fn(&SeriesPoint) -> f64| points.iter().map(of).collect::<Vec<_>>();
    let never = (f64::INFINITY, f64::INFINITY);
    let late = (NOTABLE_WAIT.0 as f64, PAINFUL.0 as f64);
    let rate = |of: fn(&SeriesPoint) -> f64| format!("{}/s", text::count(last.map_or(0.0, of).round() as u64));
    // What nobody measured has no number.
    let unknown = || "–".to_owned();
    let time = |of: fn(&SeriesPoint) -> Percentiles, which: fn(Percentiles) -> Nanos| {
        let measured = last.map(of).filter(|times| times.count > 0);
        measured.map_or_else(unknown, |times| text::duration(which(times)))
    };
    let queues = last.and_then(|p| p.queues);
    [
        Gauge {
            name: "finished",
            value: rate(|p| p.repetitions_per_s),
            extra: String::new(),
            past: past(|p| p.repetitions_per_s),
            full: 8.0,
            warm: never,
        },
        Gauge {
            name: "polls",
            value: rate(|p| p.polls_per_s),
            extra: String::new(),
            past: past(|p| p.polls_per_s),
            full: 80.0,
            warm: never,
        },
        load(context, points),
        Gauge {
            name: "delay p99",
            value: time(|p| p.delay, |t| t.p99),
            extra: format!("  p50 {:>7}", time(|p| p.delay, |t| t.p50)),
            past: past(|p| p.delay.p99.0 as f64),
            full: late.0,
            warm: late,
        },
        Gauge {
            name: "late p99",
            value: time(|p| p.lateness, |t| t.p99),
            extra: format!("  p50 {:>7}", time(|p| p.lateness, |t| t.p50)),
            past: past(|p| p.lateness.p99.0 as f64),
            full: late.0,
            warm: late,
        },
        Gauge {
            name: "queued",
            value: queues.map_or_else(unknown, |q| q.total().to_string()),
            extra: queues.map_or(String::new(), |q| {
                format!("  {} + {} local, {} blocking", q.global, q.local, q.blocking)
            }),
            past: past(|p| p.queues.map_or(0.0, |q| q.total() as f64)),
            full: 8.0,
            warm: never,
        },
    ]
}

/// How busy the workers are. Where each task has a thread of its own there is no whole to take a share of, only how many are
/// held.
fn load(context: &FrameContext<'_>, points: &[SeriesPoint]) -> Gauge {
    let workers = context.model.info().workers as f64;
    let shared = workers > 0.0;
    let load = |p: &SeriesPoint| {
        if shared {
            (p.busy_lanes / workers).min(1.0)
        } else {
            p.busy_lanes
        }
    };
    let last = points.last().map_or(0.0, load);
    Gauge {
        name: if shared { "busy" } else { "held" },
        value: if shared {
            format!("{:.0} %", last * 100.0)
        } else {
            format!("{last:.1}")
        },
        extra: if shared { String::new() } else { "  lanes".to_owned() },
        past: points.iter().map(load).collect(),
        full: 1.0,
        warm: (f64::INFINITY, f64::INFINITY),
    }
}

impl Gauge {
    fn render(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        const NAME: u16 = 10;
        const VALUE: u16 = 8;
        buf.set_stringn(area.x, area.y, self.name, usize::from(area.width), theme.quiet());
        let style = self
            .style(theme, self.past.last().copied().unwrap_or(0.0))
            .unwrap_or(theme.strong());
        let x = area.x + NAME;
        let left = usize::from(area.width.saturating_sub(NAME));
        buf.set_stringn(x, area.y, format!("{:>7}", self.value), left, style);
        let x = x + VALUE;
        let left = area.width.saturating_sub(NAME + VALUE);
        if area.height > 1 {
            if usize::from(left) >= text::width(&self.extra) {
                buf.set_string(x, area.y, &self.extra, theme.quiet());
            }
            self.bars(
                theme,
                Rect {
                    y: area.y + 1,
                    height: area.height - 1,
                    ..area
                },
                buf,
            );
        } else {
            let extra = text::width(&self.extra) as u16;
            let (x, left) = if extra > 0 && left >= extra + 9 {
                buf.set_string(x, area.y, &self.extra, theme.quiet());
                (x + extra + 1, left - extra - 1)
            } else {
                (x, left)
            };
            self.bars(theme, Rect { x, width: left, ..area }, buf);
        }
    }

    /// The past as bars, the newest at the right edge.
    fn bars(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        let shown = &self.past[self.past.len().saturating_sub(usize::from(area.width))..];
        let full = shown.iter().copied().fold(self.full, f64::max);
        let first = area.right() - shown.len() as u16;
        for (x, &value) in (first..).zip(shown) {
            let eighths = (value / full * f64::from(area.height) * 8.0).ceil() as usize;
            let style = self.style(theme, value).unwrap_or(theme.group(0));
            for row in 0..area.height {
                let height = eighths.saturating_sub(usize::from(row) * 8).min(8);
                buf.set_string(x, area.bottom() - 1 - row, BARS[height], style);
            }
        }
    }

    fn style(&self, theme: Theme, value: f64) -> Option<Style> {
        match value {
            v if v >= self.warm.1 => Some(theme.bad()),
            v if v >= self.warm.0 => Some(theme.word(crate::model::State::Queued)),
            _ => None,
        }
    }
}
