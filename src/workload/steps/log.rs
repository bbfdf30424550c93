//! `log`: writes a real `tracing` event, whose message is formatted in one of two ways.
//!
//! Eager formatting first builds the text and then passes it to `tracing`. Eager formatting takes
//! time even if the log drops messages of this level. Lazy formatting passes the parts of the
//! message to `tracing`, which formats them only if the level is enabled.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::LogLevel;
use crate::scenario::steps as spec;
use crate::scenario::steps::Formatting;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::fmt;

/// The `tracing` target of the events of `log` steps. The log shows the target as the source of an
/// event.
const TARGET: &str = "scenario";

#[derive(Debug)]
pub(in crate::workload) struct Log {
    level: LogLevel,
    how: Formatting,
    message: Message,
}

/// A message, and a list of numbers that is appended to the text unless the list is empty.
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
            // The optimiser must not remove the formatting, even if the text is never used.
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

/// Writes the event. `tracing` needs the level as a constant, so there is one macro call for each
/// level.
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

    /// A value that counts how often it is formatted.
    struct Counted<'a>(&'a Cell<u32>);

    impl fmt::Display for Counted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            f.write_str("order")
        }
    }

    /// A layer that reads every message, as a log does.
    struct Reads;

    impl<S: tracing::Subscriber> Layer<S> for Reads {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            event.record(&mut |_: &tracing::field::Field, value: &dyn fmt::Debug| {
                assert_eq!(format!("{value:?}"), "order");
            });
        }
    }

    /// The number of times that a message of this level is formatted. The log keeps the level
    /// `info` and more severe levels.
    fn formatted(how: Formatting, level: LogLevel) -> u32 {
        let count = Cell::new(0);
        let subscriber = tracing_subscriber::registry().with(Reads.with_filter(LevelFilter::INFO));
        tracing::subscriber::with_default(subscriber, || write(how, level, Counted(&count)));
        count.get()
    }

    #[test]
    fn a_message_that_the_log_drops_is_formatted_eagerly_but_not_lazily() {
        assert_eq!(formatted(Formatting::Eager, LogLevel::Debug), 1);
        assert_eq!(formatted(Formatting::Lazy, LogLevel::Debug), 0);
        for &how in Formatting::VARIANTS {
            assert_eq!(formatted(how, LogLevel::Warn), 1, "{how:?}");
            let eager = u32::from(how == Formatting::Eager);
            assert_eq!(formatted(how, LogLevel::Off), eager, "{how:?}");
        }
    }
}
