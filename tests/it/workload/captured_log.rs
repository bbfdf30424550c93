//! The log messages of the tasks in all tests, with the levels `info`, `warn` and `error`.
//!
//! The subscriber is global and tests run side by side. So each test looks for names that no other
//! test uses.

use parking_lot::Mutex;
use std::fmt::{Debug, Write};
use std::sync::Once;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

static MESSAGES: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

/// Starts to capture all messages.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Capture.with_filter(LevelFilter::INFO));
        tracing::subscriber::set_global_default(subscriber).expect("no other global subscriber");
    });
}

/// The messages that contain this text, with their levels.
pub(super) fn log_messages_with(text: &str) -> Vec<(Level, String)> {
    let messages = MESSAGES.lock();
    messages
        .iter()
        .filter(|(_, message)| message.contains(text))
        .cloned()
        .collect()
}

struct Capture;

impl<S: Subscriber> Layer<S> for Capture {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        MESSAGES.lock().push((*event.metadata().level(), message.0));
    }
}

/// The text of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            write!(self.0, "{value:?}").expect("writing to a string does not fail");
        }
    }
}
