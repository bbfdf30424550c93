//! Sends the `tracing` events of tasks and of tasklab itself to the event log. These events are
//! never written to the terminal directly.

use super::{console, lane};
use crate::record::{LogLine, ProcessClock};
use crate::text;
use console_subscriber::ConsoleLayer;
use std::fmt::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing::{Event, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::reload;

/// This process's `tracing` events, as lines of the event log.
pub struct Log {
    /// The channel on which the lines arrive.
    pub lines: Receiver<LogLine<ProcessClock>>,
    /// Decides which events become lines.
    pub filter: LogFilter,
}

/// Decides which events become lines. The filter can be changed while tasks run.
#[derive(Clone, Debug)]
pub struct LogFilter(reload::Handle<LevelFilter, Registry>);

impl LogFilter {
    /// From now on, the log drops events that are less severe than this level. For such an event,
    /// the writing thread does little more than a comparison.
    pub fn keep(&self, level: LevelFilter) {
        // The reload fails only if the subscriber has been dropped, and then there are no events.
        let _ = self.0.reload(level);
    }
}

/// Turns this process's `tracing` events into lines for the monitor. Events that are less severe
/// than `level` are dropped. If there is a console, it receives the events that it needs.
///
/// # Errors
/// Returns an error if the process already has a subscriber.
pub fn subscribe(level: LevelFilter, console: Option<ConsoleLayer>) -> Result<Log, SetGlobalDefaultError> {
    let (layer, lines) = LogLayer::new();
    let (level, handle) = reload::Layer::new(level);
    let console = console.map(|layer| layer.with_filter(filter_fn(console::wants)));
    let log = layer.with_filter(level);
    tracing::subscriber::set_global_default(Registry::default().with(log).with(console))?;
    Ok(Log {
        lines,
        filter: LogFilter(handle),
    })
}

/// The maximum number of lines that wait for the monitor. Further lines are dropped, so that no
/// task waits for the screen.
const CAPACITY: usize = 4096;

/// The maximum length of a message, in characters. No screen shows more in one line.
const MAX_CHARS: usize = 400;

/// A layer that sends every event to the monitor.
struct LogLayer(SyncSender<LogLine<ProcessClock>>);

impl LogLayer {
    /// Creates a layer, and the channel on which its lines arrive.
    fn new() -> (LogLayer, Receiver<LogLine<ProcessClock>>) {
        let (sender, receiver) = sync_channel(CAPACITY);
        (LogLayer(sender), receiver)
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message::default();
        event.record(&mut message);
        // If the channel is full or closed, the line is lost.
        let _ = self.0.try_send(LogLine {
            at: super::now(),
            level: *event.metadata().level(),
            task: lane::current_task(),
            target: event.metadata().target().to_owned(),
            message: single_line(&message.0),
        });
    }
}

/// The message in one line without control characters, cut to [`MAX_CHARS`]. The caller has already
/// formatted the whole message, as for any log. The cost of this formatting is part of the cost of
/// the event.
fn single_line(message: &str) -> String {
    let message = text::clean(message);
    let mut chars = message.chars();
    let mut kept: String = chars.by_ref().take(MAX_CHARS).collect();
    if chars.next().is_some() {
        kept.push('…');
    }
    kept
}

/// `message key=value …`
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let space = if self.0.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{space}{value:?}"),
            name => write!(self.0, "{space}{name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.record_debug(field, &format_args!("{value}")),
            _ => self.record_debug(field, &value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_becomes_one_line_without_control_characters() {
        let (layer, lines) = LogLayer::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::warn!(status = 500, "http \x1b[31mfailed");
        });
        let line = lines.recv().unwrap();
        assert_eq!(line.level, tracing::Level::WARN);
        assert_eq!(line.message, "http \\u{1b}[31mfailed status=500");
        assert_eq!(line.task, None);
    }

    #[test]
    fn a_long_message_is_cut() {
        let exact = "ü".repeat(MAX_CHARS);
        assert_eq!(single_line(&exact), exact);
        assert_eq!(single_line(&(exact.clone() + "!")), exact + "…");
    }

    #[test]
    fn events_beyond_the_capacity_are_dropped() {
        let (layer, lines) = LogLayer::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for _ in 0..CAPACITY + 100 {
                tracing::info!("again");
            }
        });
        assert_eq!(lines.try_iter().count(), CAPACITY);
    }

    #[test]
    fn the_filter_can_change_between_events() {
        let (layer, lines) = LogLayer::new();
        let (level, handle) = reload::Layer::new(LevelFilter::WARN);
        let filter = LogFilter(handle);
        let log = Registry::default().with(layer.with_filter(level));
        let write = || tracing::debug!("detail");
        tracing::subscriber::with_default(log, || {
            write();
            filter.keep(LevelFilter::DEBUG);
            write();
            write();
            filter.keep(LevelFilter::OFF);
            write();
        });
        assert_eq!(lines.try_iter().count(), 2);
    }
}
