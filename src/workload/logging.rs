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
    match event.how {
        Formatting::Eager => {
            // Nothing may take this away, also where the text turns out to be of no use.
            let text = std::hint::black_box(format!("{}", Message(event)));
            emit(event.level, format_args!("{text}"));
        }
        Formatting::Lazy => emit(event.level, format_args!("{}", Message(event))),
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
