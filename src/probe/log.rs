//! `tracing` events, of tasks and of tasklab itself, on their way to the event log. They never reach the terminal raw.

use super::{console, lane};
use crate::record::{LogLine, ProcessClock};
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

/// This process's `tracing` events, as lines.
pub struct Log {
    /// Where they arrive. Their instants are the process's clock still.
    pub lines: Receiver<LogLine<ProcessClock>>,
    /// Which of them are kept.
    pub filter: LogFilter,
}

/// Decides which events become lines, and can be told otherwise while tasks run.
#[derive(Clone, Debug)]
pub struct LogFilter(reload::Handle<LevelFilter, Registry>);

impl LogFilter {
    /// Keeps events of this level and graver ones from now on. Those that are not kept cost who writes them hardly more than a
    /// branch.
    pub fn keep(&self, level: LevelFilter) {
        // It fails only when the subscriber is gone, and then nobody writes.
        let _ = self.0.reload(level);
    }
}

/// Makes this process's `tracing` events of `level` and above lines for the monitor, and feeds the console if there is one.
///
/// # Errors
/// When the process has a subscriber already.
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

/// Lines that may wait for the monitor; more are dropped, so that nobody who logs waits for a screen.
const CAPACITY: usize = 4096;

/// Characters of a message that are kept: more than any screen shows of one line.
const LONGEST: usize = 400;

/// A layer that sends every event to the monitor.
struct LogLayer(SyncSender<LogLine<ProcessClock>>);

impl LogLayer {
    /// The layer, and where its lines arrive. Their instants are still the process's clock; the collector shifts them.
    fn new() -> (LogLayer, Receiver<LogLine<ProcessClock>>) {
        let (sender, receiver) = sync_channel(CAPACITY);
        (LogLayer(sender), receiver)
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message::default();
        event.record(&mut message);
        // Full or closed: the line is lost, which costs nobody anything.
        let _ = self.0.try_send(LogLine {
            at: super::now(),
            level: *event.metadata().level(),
            task: lane::current_task(),
            target: event.metadata().target().to_owned(),
            message: tidy(&message.0),
        });
    }
}

/// In one line, and cut where nobody reads on. The whole message has been formatted by then, as it would be for any log: what
/// that costs is part of what the event costs.
fn tidy(message: &str) -> String {
    let mut chars = message.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut kept: String = chars.by_ref().take(LONGEST).collect();
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
    fn an_event_becomes_one_clean_line() {
        let (layer, lines) = LogLayer::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::warn!(status = 500, "http \x1b[31mfailed");
        });
        let line = lines.recv().unwrap();
        assert_eq!(line.level, tracing::Level::WARN);
        assert_eq!(line.message, "http  [31mfailed status=500");
        assert_eq!(line.task, None);
    }

    #[test]
    fn a_message_that_nobody_would_read_to_its_end_is_cut() {
        let exact = "ü".repeat(LONGEST);
        assert_eq!(tidy(&exact), exact);
        assert_eq!(tidy(&(exact.clone() + "!")), exact + "…");
    }

    #[test]
    fn a_flood_is_lost_rather_than_waited_for() {
        let (layer, lines) = LogLayer::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for _ in 0..CAPACITY + 100 {
                tracing::info!("again");
            }
        });
        assert_eq!(lines.try_iter().count(), CAPACITY);
    }

    #[test]
    fn the_filter_can_be_told_otherwise_while_events_are_written() {
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
