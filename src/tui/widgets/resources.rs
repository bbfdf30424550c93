//! The gauges of what tasks share: which task holds a resource, how many tasks wait for it, and how
//! much comes and goes.
//!
//! ```text
//!   cache ▰▰▰▰▰▰▰▰▰▰ held by holder#0 (http /rates)  198 ms,  6 waiting, in 21/s out 22/s
//!   desk  ▰▰▰▰▰▰▰▰▰▰ 1/1 permits, 33 waiting ▲, in 20/s out 10/s
//!   jobs  ▱▱▱▱▱▱▱▱▱▱ 0/5,  3 waiting to receive, in 20/s out 20/s
//! ```
//!
//! The gauges have as many rows as the layout has room for. If there are more gauges than rows, a
//! row contains several gauges, without bars. Words that do not fit are left out, the last words
//! first.
//!
//! `▲` says that the number of waiting tasks, or of messages, has grown during the visible time,
//! and `▼` that it has shrunk. The rates also cover the visible time.

use super::lanes::task_name;
use crate::model::{Model, Pool, Resource, State, Traffic, Trend, Usage};
use crate::record::{Nanos, Reason, ResourceKind, RunInstant, TaskId};
use crate::text;
use crate::tui::frame_context::FrameContext;
use crate::tui::state::Shared;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// The minimum width of a gauge, in columns.
const MIN_WIDTH: u16 = 36;
/// The minimum width of a gauge with a bar, in columns.
const WITH_BAR: usize = 60;
/// The width of a bar, in columns.
const BAR_WIDTH: usize = 10;
/// The text between two words.
const SEPARATOR: &str = ", ";
/// The maximum width of a name, in columns.
const MAX_NAME: usize = 16;
/// A task that holds a lock for a shorter time is not named. Viewers could not read the name.
const READABLE: Nanos = Nanos::from_millis(20);

/// The height that this number of gauges needs on a terminal of this size, in rows.
pub(crate) fn rows(gauges: usize, terminal: Rect) -> u16 {
    let max = match terminal.height {
        ..18 => 0,
        18..30 => 2,
        30..45 => 4,
        _ => 6,
    };
    u16::try_from(gauges).unwrap_or(u16::MAX).min(max)
}

/// Draws the gauges. Gauges that do not fit are left out.
pub(crate) fn render(context: &FrameContext<'_>, area: Rect, buf: &mut Buffer) {
    let shown = context.app.resource_order.shown();
    if area.is_empty() || shown.is_empty() {
        return;
    }
    let per_row = shown.len().div_ceil(usize::from(area.height)) as u16;
    let per_row = per_row.clamp(1, (area.width / MIN_WIDTH).max(1));
    let width = (area.width - 1) / per_row;
    let places = (0..area.height).flat_map(|row| {
        (0..per_row).map(move |column| Rect {
            x: area.x + 1 + column * width,
            y: area.y + row,
            width: width.saturating_sub(1),
            height: 1,
        })
    });
    let gauges: Vec<Gauge> = shown
        .iter()
        .take(usize::from(per_row * area.height))
        .filter_map(|shared| Gauge::of(context, *shared))
        .collect();
    let names = gauges.iter().map(|gauge| text::width(&gauge.name));
    let name_width = names.max().unwrap_or(0).min(MAX_NAME);
    for (gauge, place) in gauges.iter().zip(places) {
        gauge
            .line(context.theme, name_width, usize::from(place.width))
            .render(place, buf);
    }
}

/// The gauge of one resource.
struct Gauge {
    name: String,
    /// How full the bar is, 0–1. `None` if there is no bar, or if this is not known.
    share: Option<f64>,
    /// Whether tasks wait because the resource is full.
    is_bottleneck: bool,
    /// The words after the bar, the most important words first. Each has variants, the longest
    /// variant first.
    words: Vec<Vec<Line<'static>>>,
}

impl Gauge {
    fn of(context: &FrameContext<'_>, shared: Shared) -> Option<Gauge> {
        match shared {
            Shared::Resource(index) => context.model.resources().get(index).map(|it| of_resource(context, it)),
            Shared::Pool => context.model.pool().map(|pool| of_pool(context.theme, pool)),
        }
    }

    fn line(&self, theme: Theme, name_width: usize, width: usize) -> Line<'static> {
        let name = text::fit(&self.name, name_width).into_owned();
        let padding = name_width - text::width(&name);
        let mut line = Line::from(vec![Span::styled(name, theme.strong()), Span::raw(" ".repeat(padding))]);
        if width >= WITH_BAR {
            line.push_span(Span::raw(" "));
            line.extend(self.bar(theme));
        }
        let room = width.saturating_sub(line.width() + 1);
        for (number, words) in self.fitting(room).into_iter().enumerate() {
            line.push_span(Span::styled(if number == 0 { " " } else { SEPARATOR }, theme.quiet()));
            line.extend(words.spans.iter().cloned());
        }
        line
    }

    /// The words that fit into `room` columns. The first two words are the most important ones, so
    /// the first word becomes shorter if the second word would not fit otherwise.
    fn fitting(&self, room: usize) -> Vec<&Line<'static>> {
        let second = self.words.get(1).and_then(|variants| variants.last());
        let second = second.map_or(0, |words| SEPARATOR.len() + words.width());
        let mut fitting: Vec<&Line<'static>> = Vec::new();
        let mut used = 0;
        for (number, variants) in self.words.iter().enumerate() {
            let separator = if number == 0 { 0 } else { SEPARATOR.len() };
            let fits = |words: &&Line<'_>, reserved: usize| used + separator + words.width() + reserved <= room;
            let reserved = if number == 0 { second } else { 0 };
            let with_second = variants.iter().find(|words| fits(words, reserved));
            let Some(words) = with_second.or_else(|| variants.iter().find(|words| fits(words, 0))) else {
                break;
            };
            used += separator + words.width();
            fitting.push(words);
        }
        fitting
    }

    fn bar(&self, theme: Theme) -> [Span<'static>; 2] {
        let style = if self.is_bottleneck {
            waiting_style(theme)
        } else {
            Style::new()
        };
        let (filled, empty) = match self.share {
            Some(share) => (filled_cells(share, BAR_WIDTH), "▱"),
            None => (0, " "),
        };
        [
            Span::styled("▰".repeat(filled), style),
            Span::styled(empty.repeat(BAR_WIDTH - filled), theme.quiet()),
        ]
    }
}

fn of_pool(theme: Theme, pool: &Pool) -> Gauge {
    let (busy, threads, queued) = (pool.busy_now(), pool.info.threads, pool.queued_now());
    Gauge {
        name: pool.info.name.to_owned(),
        share: Some(busy as f64 / f64::from(threads.max(1))),
        is_bottleneck: queued > 0,
        words: vec![
            vec![Line::from(format!("{busy}/{threads} busy"))],
            vec![count_words(theme, queued as u64, "jobs queued", "")],
        ],
    }
}

fn of_resource(context: &FrameContext<'_>, resource: &Resource) -> Gauge {
    let usage = context.model.usage(resource, context.at);
    let traffic = resource.traffic(context.span.from, context.at);
    let view = View {
        context,
        resource,
        usage,
        traffic,
    };
    let info = &resource.info;
    let mut words = match info.kind {
        ResourceKind::Lock | ResourceKind::Rwlock => vec![view.holders(), view.waiting(), view.rates("")],
        ResourceKind::Semaphore => vec![view.fill(" permits"), view.waiting(), view.rates("")],
        ResourceKind::Barrier if usage.is_none_or(|usage| usage.held.is_none()) => vec![view.waiting(), view.rates("")],
        ResourceKind::Barrier => vec![view.fill(" arrived"), view.rates("")],
        ResourceKind::Notify => vec![view.waiting(), view.rates("")],
        ResourceKind::Results => vec![view.fill(" kept"), view.rates("")],
        ResourceKind::Channel => vec![view.fill(""), view.waiting(), view.rates("")],
        // A watch channel has at most one item.
        ResourceKind::Watch => vec![view.waiting(), view.rates("missed")],
        ResourceKind::Broadcast => {
            vec![view.fill(" items"), view.waiting(), view.behind(), view.rates("missed")]
        }
    };
    words.retain(|variants| !variants.is_empty());
    let waiting = usage.map_or(0, |usage| usage.waiting);
    let held = usage.and_then(|usage| usage.held);
    Gauge {
        name: info.name.clone(),
        share: held
            .filter(|_| info.kind != ResourceKind::Watch)
            .map(|held| view.share(held)),
        is_bottleneck: waiting > 0 && !matches!(info.kind, ResourceKind::Barrier | ResourceKind::Notify),
        words,
    }
}

/// What is known about a resource at the visible instant.
struct View<'a> {
    context: &'a FrameContext<'a>,
    resource: &'a Resource,
    usage: Option<Usage>,
    traffic: Traffic,
}

/// The variants of one text, the longest variant first.
type Variants = Vec<Line<'static>>;

impl View<'_> {
    /// How full the resource is. Without a limit, the bar is full at the greatest number so far.
    fn share(&self, held: u64) -> f64 {
        let all = match (self.resource.info.kind, self.resource.info.capacity) {
            (ResourceKind::Rwlock, _) => 1,
            (_, Some(capacity)) => u64::from(capacity),
            (_, None) => self.resource.held(self.context.at).max,
        };
        (held as f64 / all.max(1) as f64).min(1.0)
    }

    /// `6/8`, or `6` without a limit, and `6/8 12 KiB` if messages have a size.
    fn fill(&self, unit: &str) -> Variants {
        let info = &self.resource.info;
        let held = self.usage.and_then(|usage| usage.held);
        let number = held.map_or("?".to_owned(), |held| held.to_string());
        let bytes = held.filter(|_| info.item_bytes > 0);
        let bytes = bytes.map_or(String::new(), |held| {
            format!(" {:>7}", text::bytes(held * info.item_bytes))
        });
        let fill = match info.capacity {
            Some(capacity) => {
                let capacity = capacity.to_string();
                format!("{number:>width$}/{capacity}{bytes}{unit}", width = capacity.len())
            }
            None => format!("{number:>5}{bytes}{unit}"),
        };
        let fill = format!("{fill}{}", arrow(self.traffic.items));
        vec![Line::from(fill)]
    }

    /// `in 20/s out 10/s`
    fn rates(&self, missed: &str) -> Variants {
        let rate = |rate: f64| match rate < 9.95 && rate.fract() > 0.05 {
            true => format!("{rate:.1}/s"),
            false => format!("{}/s", text::count(rate.round() as u64)),
        };
        let Traffic {
            entered_per_s,
            left_per_s,
            missed_per_s,
            ..
        } = self.traffic;
        let mut rates = format!("in {} out {}", rate(entered_per_s), rate(left_per_s));
        if !missed.is_empty() && missed_per_s > 0.0 {
            rates = format!("{rates} {missed} {}", rate(missed_per_s));
        }
        vec![Line::from(Span::styled(rates, self.context.theme.quiet()))]
    }

    /// Every item stays in the channel until the slowest receiver has received it.
    fn behind(&self) -> Variants {
        let held = self.usage.and_then(|usage| usage.held);
        let items = held.filter(|items| *items > 0 && self.resource.info.kind == ResourceKind::Broadcast);
        let words = |items| vec![Line::from(format!("slowest receiver {items} behind"))];
        items.map_or(Vec::new(), words)
    }

    /// `6 waiting ▲`
    fn waiting(&self) -> Variants {
        let Some(Usage {
            waiting,
            waiting_for_other: other,
            ..
        }) = self.usage
        else {
            return Vec::new();
        };
        let kind = self.resource.info.kind;
        let (access, for_other) = match kind {
            ResourceKind::Rwlock => ("to write", "to read"),
            _ if kind.is_channel() => ("to send", "to receive"),
            _ => ("", ""),
        };
        let trend = arrow(self.traffic.waiting);
        let theme = self.context.theme;
        let join = |words: &str| format!("waiting {words}").trim_end().to_owned();
        vec![match (waiting, other) {
            (0, 0) => count_words(theme, 0, "waiting", trend),
            (0, other) => count_words(theme, other, &join(for_other), trend),
            (waiting, 0) => count_words(theme, waiting, &join(access), trend),
            (waiting, other) => {
                let words = format!("{} and {other} {for_other}", join(access));
                count_words(theme, waiting, &words, trend)
            }
        }]
    }

    /// `held by holder#0 (http /rates)  198 ms`, or `held 24 %` if no task holds the lock for long.
    fn holders(&self) -> Variants {
        let Some(usage) = self.usage else {
            return vec![Line::from("?")];
        };
        let since = usage.holder.and_then(|(task, since)| Some((task, since?)));
        let long = since.filter(|(_, since)| self.context.at - *since >= READABLE);
        match long {
            Some((task, since)) => self.holder(&usage, task, since),
            None => self.brief_holders(),
        }
    }

    fn holder(&self, usage: &Usage, task: TaskId, since: RunInstant) -> Variants {
        let theme = self.context.theme;
        let verb = match (self.resource.info.kind, usage.is_written) {
            (ResourceKind::Rwlock, true) => "written by ",
            (ResourceKind::Rwlock, false) => "read by ",
            _ => "held by ",
        };
        let more = match usage.holders {
            0..=1 => String::new(),
            holders => format!(" and {} more", holders - 1),
        };
        let step = doing(self.context, task).map(|step| format!(" ({step})"));
        let length = format!(" {:>7}", text::duration(self.context.at - since));
        let words = |verb: &'static str, step: &str| {
            Line::from(vec![
                Span::raw(verb),
                task_name(self.context, task),
                Span::styled(step.to_owned(), theme.quiet()),
                Span::raw(more.clone()),
                Span::raw(length.clone()),
            ])
        };
        vec![words(verb, &step.unwrap_or_default()), words(verb, ""), words("", "")]
    }

    fn brief_holders(&self) -> Variants {
        let Some(held) = self.resource.held_time_of(self.context.span.from, self.context.at) else {
            return vec![Line::from("held briefly")];
        };
        let share = Line::from(format!("held {:.0} %", held.share * 100.0));
        let main = held.main.filter(|(_, share)| *share > held.share / 2.0);
        let with_name = main.map(|(task, _)| {
            let mut line = share.clone();
            line.push_span(Span::raw(", mostly by "));
            line.push_span(task_name(self.context, task));
            line
        });
        with_name.into_iter().chain([share]).collect()
    }
}

/// What a task does at the visible instant, in one or two words. `None` if this is not known.
pub(super) fn doing(context: &FrameContext<'_>, task: TaskId) -> Option<String> {
    let model: &Model = context.model;
    let (state, step) = match context.is_live() {
        true => (model.state(task), model.current_step(task)),
        false => (
            model.state_at(task, context.at)?,
            model.awaited_step_at(task, context.at),
        ),
    };
    match (state, step) {
        (State::Queued | State::Unnoticed | State::Ended(_), _) => Some(state.into_str().to_owned()),
        (_, Some(step)) => Some(step.to_owned()),
        (State::Waiting(reason) | State::Suspended(reason), None) => {
            (reason != Reason::Unknown).then(|| reason.into_str().to_owned())
        }
        (_, None) => Some(state.into_str().to_owned()),
    }
}

fn arrow(trend: Trend) -> &'static str {
    match trend {
        Trend::Growing => " ▲",
        Trend::Shrinking => " ▼",
        Trend::Steady => "",
    }
}

fn waiting_style(theme: Theme) -> Style {
    theme.word(State::Waiting(Reason::Lock))
}

/// A number of waiting tasks or jobs.
fn count_words(theme: Theme, count: u64, words: &str, trend: &'static str) -> Line<'static> {
    let style = if count > 0 { waiting_style(theme) } else { theme.quiet() };
    Line::from(Span::styled(format!("{count:>2} {words}{trend}"), style))
}

/// The number of filled cells of a bar. The number is 0 only if the share is 0. A bar is completely
/// filled only if the share is 1.
fn filled_cells(share: f64, cells: usize) -> usize {
    match share {
        share if share <= 0.0 => 0,
        share if share >= 1.0 => cells,
        share => ((share * cells as f64) as usize).clamp(1, cells - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_or_full_only_if_the_resource_is_empty_or_full() {
        let filled = |held: u32, all: u32| filled_cells(f64::from(held) / f64::from(all), 8);
        assert_eq!([0, 1, 4, 7, 8].map(|held| filled(held, 8)), [0, 1, 4, 7, 8]);
        assert_eq!([0, 1, 500, 999, 1000].map(|held| filled(held, 1000)), [0, 1, 4, 7, 8]);
    }
}
