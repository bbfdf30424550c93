//! A line of the event log.

use super::{Instant, RunClock, TaskId};
use serde::{Deserialize, Serialize};

/// A line for the event log: a `tracing` event of a task or of tasklab itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LogLine<C = RunClock> {
    /// When the event was written.
    pub at: Instant<C>,
    /// The severity of the event.
    #[serde(with = "level")]
    pub level: tracing::Level,
    /// The task that held the lane of the writing thread.
    #[serde(default)]
    pub task: Option<TaskId>,
    /// The module that wrote the event.
    #[serde(default)]
    pub target: String,
    /// The message with its fields, without control characters.
    pub message: String,
}

impl<C> LogLine<C> {
    /// The same line with its instant converted to another clock.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> LogLine<D> {
        let LogLine {
            at,
            level,
            task,
            target,
            message,
        } = self;
        LogLine {
            at: map(at),
            level,
            task,
            target,
            message,
        }
    }
}

/// In JSON, a level is a word in lower case, such as `warn`.
mod level {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use tracing::Level;

    pub(super) fn serialize<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&level.as_str().to_ascii_lowercase())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
