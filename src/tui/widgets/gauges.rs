//! The gauges: numbers about the run, each with its history. The gauges show throughput, polls,
//! load, delay, lateness and queues.
//!
//! The numbers change four times a second, when the model's series gets a new point. The numbers do
//! not change with each frame, because a person cannot read digits that change too often. The one
//! exception is the number of queued tasks. The heading of the tasks also shows this number, and
//! two numbers on one screen must not differ.
//!
//! To add a gauge, write a function like [`finished`] and add it to [`GAUGES`].

use crate::model::paint::NOTABLE_WAIT;
use crate::model::{Percentiles, SeriesPoint};
use crate::record::Nanos;
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::theme::{Theme, bar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The gauges, from left to right and from top to bottom.
const GAUGES: &[fn(&Series<'_>) -> Gauge] = &[finished, polls, load, delay, lateness, queued];

/// A delay or lateness that is at least this long is shown as bad.
const PAINFUL: Nanos = Nanos::from_millis(20);

/// One number and its history.
struct Gauge {
    name: &'static str,
    value: String,
    /// A text that is shown after the value if there is room.
    extra: String,
    history: Vec<f64>,
    /// A full bar stands for at least this value. If a visible value is greater, a full bar stands
    /// for the greatest visible value. Because of the minimum, small random values have only low
    /// bars.
    full_bar: f64,
    /// The two thresholds of the warning styles: a value at or above the first threshold is
    /// notable, and a value at or above the second threshold is bad.
    thresholds: Option<(f64, f64)>,
}

/// The input of a gauge, mostly the complete points of the model's series before the visible
/// instant.
struct Series<'a> {
    points: &'a [SeriesPoint],
    /// The number of workers. This number is 0 if each task has its own thread.
    workers: usize,
    /// The number of tasks that are queued at the visible instant. `None` while the tasks are being
    /// counted.
    queued: Option<usize>,
}

impl Series<'_> {
    fn last(&self) -> Option<&SeriesPoint> {
        self.points.last()
    }

    fn history(&self, value: impl Fn(&SeriesPoint) -> f64) -> Vec<f64> {
        self.points.iter().map(value).collect()
    }

    fn rate(&self, value: fn(&SeriesPoint) -> f64) -> String {
        format!("{}/s", text::count(self.last().map_or(0.0, value).round() as u64))
    }

    /// A percentile at the last point of the series. Returns a dash if nothing was measured.
    fn percentile(&self, times: fn(&SeriesPoint) -> Percentiles, percentile: fn(Percentiles) -> Nanos) -> String {
        let measured = self.last().map(times).filter(|times| times.count > 0);
        measured.map_or_else(unknown, |times| text::duration(percentile(times)))
    }
}

fn unknown() -> String {
    "–".to_owned()
}

fn finished(series: &Series<'_>) -> Gauge {
    Gauge {
        name: "finished",
        value: series.rate(|point| point.repetitions_per_s),
        extra: String::new(),
        history: series.history(|point| point.repetitions_per_s),
        full_bar: 8.0,
        thresholds: None,
    }
}

fn polls(series: &Series<'_>) -> Gauge {
    Gauge {
        name: "polls",
        value: series.rate(|point| point.polls_per_s),
        extra: String::new(),
        history: series.history(|point| point.polls_per_s),
        full_bar: 80.0,
        thresholds: None,
    }
}

/// The number of busy threads, as a percentage of the number of workers. Busy threads are workers
/// that a task holds, and blocking threads that compute. Therefore the percentage can exceed 100 %.
/// If each task has its own thread, there are no workers, and the gauge shows the number of lanes
/// that tasks hold. The rows of the lanes have a column `busy`, but this column covers the visible
/// time.
fn load(series: &Series<'_>) -> Gauge {
    let workers = series.workers as f64;
    let load = |point: &SeriesPoint| match series.workers {
        0 => point.busy_lanes + point.computing_threads,
        _ => (point.busy_lanes / workers).min(1.0) + point.computing_threads / workers,
    };
    let last = series.last().map_or(0.0, load);
    let computing = series.last().map_or(0.0, |point| point.computing_threads);
    let offloaded = match computing >= 0.05 {
        true => format!("  {computing:.1} on blocking threads"),
        false => String::new(),
    };
    let (name, value, extra) = match series.workers {
        0 => ("held", format!("{last:.1}"), "  lanes".to_owned()),
        _ => ("load", format!("{:.0} %", last * 100.0), offloaded),
    };
    Gauge {
        name,
        value,
        extra,
        history: series.history(load),
        full_bar: 1.0,
        thresholds: None,
    }
}

fn delay(series: &Series<'_>) -> Gauge {
    waiting_time("delay p99", series, |point| point.delay)
}

fn lateness(series: &Series<'_>) -> Gauge {
    waiting_time("late p99", series, |point| point.lateness)
}

fn waiting_time(name: &'static str, series: &Series<'_>, times: fn(&SeriesPoint) -> Percentiles) -> Gauge {
    let notable = NOTABLE_WAIT.0 as f64;
    Gauge {
        name,
        value: series.percentile(times, |times| times.p99),
        extra: format!("  p50 {:>7}", series.percentile(times, |times| times.p50)),
        history: series.history(|point| times(point).p99.0 as f64),
        full_bar: notable,
        thresholds: Some((notable, PAINFUL.0 as f64)),
    }
}

/// The gauge shows the same number of queued tasks as the heading of the tasks. The bars are means.
fn queued(series: &Series<'_>) -> Gauge {
    Gauge {
        name: "queued",
        value: series.queued.map_or_else(unknown, |queued| queued.to_string()),
        extra: String::new(),
        history: series.history(|point| point.queued_tasks),
        full_bar: 8.0,
        thresholds: None,
    }
}

/// The number of gauges in one row of gauges.
fn per_row(width: u16) -> u16 {
    if width >= 150 { 6 } else { 3 }
}

/// The number of rows of gauges.
fn rows_of_gauges(width: u16) -> u16 {
    (GAUGES.len() as u16).div_ceil(per_row(width))
}

/// The height that all gauges need on a terminal of this size, in rows.
pub(crate) fn rows(terminal: Rect) -> u16 {
    let rows_of_gauges = rows_of_gauges(terminal.width);
    match terminal.height {
        ..18 => 0,
        18..45 => rows_of_gauges.max(2),
        _ if rows_of_gauges == 1 => 4,
        _ => rows_of_gauges * 3,
    }
}

/// Draws all gauges.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let series = Series {
        points: context.app.points(),
        workers: context.model.info().workers,
        queued: context.counts().map(|counts| counts.queued),
    };
    let per_row = per_row(area.width);
    let (width, height) = ((area.width - 1) / per_row, area.height / rows_of_gauges(area.width));
    for (i, gauge) in (0..).zip(GAUGES) {
        let place = Rect {
            x: area.x + 1 + i % per_row * width,
            y: area.y + i / per_row * height,
            width: width.saturating_sub(2),
            height,
        };
        gauge(&series).render(context.theme, place, buf);
    }
}

impl Gauge {
    /// Draws the name, the value and everything else that fits. The bars are below the value, or
    /// after the value if `area` has only one row.
    fn render(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        const NAME_WIDTH: u16 = 10;
        const VALUE_WIDTH: u16 = 8;
        const MIN_BARS: u16 = 8;
        buf.set_stringn(area.x, area.y, self.name, usize::from(area.width), theme.quiet());
        let x = area.x + NAME_WIDTH;
        let width = usize::from(area.width.saturating_sub(NAME_WIDTH));
        let style = self.history.last().and_then(|last| self.warning_style(theme, *last));
        let value = format!("{:>7}", self.value);
        buf.set_stringn(x, area.y, value, width, style.unwrap_or(theme.strong()));

        let mut after = Rect {
            x: x + VALUE_WIDTH,
            width: area.width.saturating_sub(NAME_WIDTH + VALUE_WIDTH),
            height: 1,
            ..area
        };
        let extra_width = text::width(&self.extra) as u16;
        let below = area.height > 1;
        let bars_beside = if below || extra_width == 0 { 0 } else { MIN_BARS + 1 };
        if after.width >= extra_width + bars_beside {
            buf.set_string(after.x, area.y, &self.extra, theme.quiet());
            if extra_width > 0 {
                after.x += extra_width + 1;
                after.width = after.width.saturating_sub(extra_width + 1);
            }
        }
        let bars = if below {
            Rect {
                y: area.y + 1,
                height: area.height - 1,
                ..area
            }
        } else {
            after
        };
        self.render_bars(theme, bars, buf);
    }

    /// Draws the history as bars. The newest bar is at the right edge.
    fn render_bars(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        let visible = &self.history[self.history.len().saturating_sub(usize::from(area.width))..];
        let full_bar = visible.iter().copied().fold(self.full_bar, f64::max);
        let first = area.right() - visible.len() as u16;
        for (x, &value) in (first..).zip(visible) {
            let style = self.warning_style(theme, value).unwrap_or(theme.neutral());
            for row in 0..area.height {
                let symbol = bar(value / full_bar, area.height, row);
                buf.set_string(x, area.bottom() - 1 - row, symbol, style);
            }
        }
    }

    fn warning_style(&self, theme: Theme, value: f64) -> Option<Style> {
        match self.thresholds? {
            (_, bad) if value >= bad => Some(theme.bad()),
            (notable, _) if value >= notable => Some(theme.strong()),
            _ => None,
        }
    }
}
