//! `log`: writes a real `tracing` event, whose message is formatted in one of two ways.
//!
//! Eager formatting makes the message first and hands the text over. Its cost is paid whether or
//! not the line is wanted. Lazy formatting hands over the parts. `tracing` asks whether the level
//! is on, and formats nothing if it is not.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::LogLevel;
use crate::scenario::steps as spec;
use crate::scenario::steps::Formatting;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::fmt;

/// The source of the events of `log` steps, as the log shows it.
const TARGET: &str = "scenario";

#[derive(Debug)]
pub(in crate::workload) struct Log {
    level: LogLevel,
    how: Formatting,
    message: Message,
}

/// A message, and the list that is formatted into it, if there is one.
#[derive(Debug)]
struct Message {
    text: String,
    items: Vec<u32>,
}

impl StepProgram for Log {
    type Spec = spec::Log;

    fn name(spec: &spec::Log) -> String {
        format!("log {} {}", spec.level.into_str(), spec.how.into_str())
    }

    fn compile(spec: &spec::Log, _: &str, _: &mut Compiler<'_>) -> Log {
        Log {
            level: spec.level,
            how: spec.how,
            message: Message {
                text: spec.message.clone(),
                items: (0..spec.items).collect(),
            },
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        interpreter.compute(label, |_| {
            write(self.how, self.level, &self.message);
            Ok(())
        })
    }
}

fn write(how: Formatting, level: LogLevel, message: impl fmt::Display) {
    match how {
        Formatting::Eager => {
            // The optimiser must not remove this, even if the text turns out to be of no use.
            let text = std::hint::black_box(message.to_string());
            emit(level, format_args!("{text}"));
        }
        Formatting::Lazy => emit(level, format_args!("{message}")),
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.items.is_empty() {
            Ok(())
        } else {
            write!(f, " {:?}", self.items)
        }
    }
}

/// Writes the event. `tracing` fixes the level of an event where the event is written, so there is
/// one place for each level.
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
    use strum::VariantArray;
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
        tracing::subscriber::with_default(subscriber, || write(how, level, Counted(&count)));
        count.get()
    }

    #[test]
    fn an_unwanted_message_is_formatted_eagerly_but_not_lazily() {
        assert_eq!(formatted(Formatting::Eager, LogLevel::Debug), 1);
        assert_eq!(formatted(Formatting::Lazy, LogLevel::Debug), 0);
        for &how in Formatting::VARIANTS {
            assert_eq!(formatted(how, LogLevel::Warn), 1, "{how:?}");
            let eager = u32::from(how == Formatting::Eager);
            assert_eq!(formatted(how, LogLevel::Off), eager, "{how:?}");
        }
    }
}
