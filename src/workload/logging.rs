//! The `log` step: a real `tracing` event, whose message is formatted in one of two ways.
//!
//! Eager formats the message first and hands the text over: what that costs is paid whether or not anybody wants the line. Lazy
//! hands over the parts; `tracing` asks whether the level is on, and formats nothing if it is not.

use super::program::LogEvent;
use crate::scenario::{Formatting, LogLevel};
use std::fmt;

/// Where the events of `log` steps come from, in the log's words.
const TARGET: &str = "scenario";

/// Writes the event.
pub(super) fn write(event: &LogEvent) {
    write_as(event.how, event.level, Message(event));
}

fn write_as(how: Formatting, level: LogLevel, message: impl fmt::Display) {
    match how {
        Formatting::Eager => {
            // Nothing may take this away, also where the text turns out to be of no use.
            let text = std::hint::black_box(message.to_string());
            emit(level, format_args!("{text}"));
        }
        Formatting::Lazy => emit(level, format_args!("{message}")),
    }
}

/// The message, and the list if there is one.
struct Message<'a>(&'a LogEvent);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogEvent { message, items, .. } = self.0;
        f.write_str(message)?;
        if items.is_empty() {
            Ok(())
        } else {
            write!(f, " {items:?}")
        }
    }
}

/// A level is part of the place in the code where an event is written, so there is a place for each.
fn emit(level: LogLevel, message: fmt::Arguments<'_>) {
    match level {
        LogLevel::Off => {}
        LogLevel::Error => tracing::error!(target: TARGET, "{message}"),
        LogLevel::Warn => tracing::warn!(target: TARGET, "{message}"),
        LogLevel::Info => tracing::info!(target: TARGET, "{message}"),
        LogLevel::Debug => tracing::debug!(target: TARGET, "{message}"),
        LogLevel::Trace => tracing::trace!(target: TARGET, "{message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::layer::{Layer, SubscriberExt};

    /// Counts how often it is formatted.
    struct Counted<'a>(&'a Cell<u32>);

    impl fmt::Display for Counted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            f.write_str("order")
        }
    }

    /// A layer that looks at every message, as a log does.
    struct Reads;

    impl<S: tracing::Subscriber> Layer<S> for Reads {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            event.record(&mut |_: &tracing::field::Field, value: &dyn fmt::Debug| {
                assert_eq!(format!("{value:?}"), "order");
            });
        }
    }

    /// How often a message of this level is formatted while the log keeps `info` and above.
    fn formatted(how: Formatting, level: LogLevel) -> u32 {
        let count = Cell::new(0);
        let subscriber = tracing_subscriber::registry().with(Reads.with_filter(LevelFilter::INFO));
        tracing::subscriber::with_default(subscriber, || write_as(how, level, Counted(&count)));
        count.get()
    }

    #[test]
    fn eager_formats_what_nobody_wants_and_lazy_does_not() {
        assert_eq!(formatted(Formatting::Eager, LogLevel::Debug), 1);
        assert_eq!(formatted(Formatting::Lazy, LogLevel::Debug), 0);
        for how in Formatting::ALL {
            assert_eq!(formatted(how, LogLevel::Warn), 1, "{how:?}");
            assert_eq!(
                formatted(how, LogLevel::Off),
                u32::from(how == Formatting::Eager),
                "{how:?}"
            );
        }
    }
}
