//! `log`: writes an event to the log.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::limits;
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{At, Line, Required, table, words};
use crate::scenario::types::LogLevel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// Writes an event to the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Log {
    /// The level of the event. Never `Off`.
    pub level: LogLevel,
    /// The message of the event.
    pub message: String,
    /// The message contains a list of this many numbers.
    pub items: u32,
    /// Whether the message is always formatted, or only if the log keeps the event.
    pub how: Formatting,
}

/// The mode of formatting the message of a `log` step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoStaticStr, VariantArray, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub enum Formatting {
    /// The message is always formatted, even if the log does not keep events of this level. This is
    /// the mistake.
    Eager,
    /// The message is formatted only if the log keeps events of this level.
    Lazy,
}

words!(Formatting, "a mode");

table! {
    /// An event for the log.
    #[schemars(rename = "LogEvent")]
    LogSyntax, "`log`" {
        /// The level of the event: `error`, `warn`, `info`, `debug` or `trace`. Default: `info`.
        level: Option<At<LogLevel>>,
        /// The message of the event.
        message: Required<Line>,
        /// The message contains a list of this many numbers, up to 100000. Default: 0.
        #[schemars(range(max = limits::ITEMS))]
        items: Option<At<u64>>,
        /// `lazy`: the message is formatted only if the log keeps events of this level. `eager`:
        /// the message is always formatted, which is the mistake. Default: `lazy`.
        how: Option<At<Formatting>>,
    }
}

impl StepContents for Log {}

impl StepDefinition for Log {
    type Syntax = LogSyntax;
    const DESCRIPTION: &'static str = "Write an event to the log.";

    fn check(event: &LogSyntax, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Log> {
        let level = match &event.level {
            None => Some(LogLevel::Info),
            Some(At {
                value: LogLevel::Off,
                place,
            }) => {
                let diagnostic = Diagnostic::new(place.clone(), "an event cannot have the level `off`");
                checker.reject(diagnostic.help("use `error`, `warn`, `info`, `debug` or `trace`"))
            }
            Some(level) => Some(level.value),
        };
        let items = match &event.items {
            None => Some(0),
            Some(items) if items.value > limits::ITEMS => {
                let title = format!("`items` is {}, but at most {} are allowed", items.value, limits::ITEMS);
                checker.reject(Diagnostic::new(items.place.clone(), title))
            }
            Some(items) => Some(items.value as u32),
        };
        Some(Log {
            level: level?,
            message: event.message.0.as_ref()?.value.0.clone(),
            items: items?,
            how: event.how.as_ref().map_or(Formatting::Lazy, |how| how.value),
        })
    }
}
