//! Which events the log keeps.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use tracing::level_filters::LevelFilter;

/// The log keeps the events of this level and of more severe levels.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    IntoStaticStr,
    VariantArray,
    JsonSchema,
    Serialize,
    Deserialize,
)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub enum LogLevel {
    /// No events.
    Off,
    /// Only errors.
    Error,
    /// Errors and warnings.
    Warn,
    /// Errors, warnings, and events that matter in normal operation.
    Info,
    /// All these events, and events that help to find a fault.
    Debug,
    /// All events.
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> LevelFilter {
        match level {
            LogLevel::Off => LevelFilter::OFF,
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        }
    }
}
