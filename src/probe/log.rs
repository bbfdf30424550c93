//! `tracing` events, of tasks and of tasklab itself, on their way to the event log. They never reach the terminal raw.

use super::{console, lane};
use crate::record::LogLine;
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

/// Makes this process's `tracing` events of `level` and above lines for the monitor, and feeds the console if there is one.
///
/// # Errors
/// When the process has a subscriber already.
pub fn subscribe(
    level: LevelFilter,
    console: Option<ConsoleLayer>,
) -> Result<Receiver<LogLine>, SetGlobalDefaultError> {
    let (layer, lines) = LogLayer::new();
    let console = console.map(|layer| layer.with_filter(filter_fn(console::wants)));
    let log = layer.with_filter(level);
    tracing::subscriber::set_global_default(Registry::default().with(log).with(console))?;
    Ok(lines)
}

/// Lines that may wait for the monitor; more are dropped, so that nobody who logs waits for a screen.
const CAPACITY: usize = 4096;

/// A layer that sends every event to the monitor.
struct LogLayer(SyncSender<LogLine>);

impl LogLayer {
    /// The layer, and where its lines arrive. Their instants are still the process's clock; the collector shifts them.
    fn new() -> (LogLayer, Receiver<LogLine>) {
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
            message: message
                .0
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect(),
        });
    }
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
}
