//! What the tasks of all tests log, from `info` up. Tests run side by side: each looks for its own names.

use std::fmt::{Debug, Write};
use std::sync::{Mutex, Once};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

static LINES: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

/// Lines are kept from now on.
pub fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Journal.with_filter(LevelFilter::INFO));
        tracing::subscriber::set_global_default(subscriber).expect("nobody else subscribes");
    });
}

/// The lines that mention this, with their levels.
pub fn lines_about(name: &str) -> Vec<(Level, String)> {
    let lines = LINES.lock().expect("nobody panics with it");
    lines.iter().filter(|(_, line)| line.contains(name)).cloned().collect()
}

struct Journal;

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        LINES
            .lock()
            .expect("nobody panics with it")
            .push((*event.metadata().level(), text.0));
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            write!(self.0, "{value:?}").expect("a string takes everything");
        }
    }
}
