//! `log`: changes what the event log keeps.

use super::ActionDefinition;
use crate::scenario::check::Checker;
use crate::scenario::report::Place;
use crate::scenario::types::LogLevel;

/// Keeps events of this level and more severe ones from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Log(pub LogLevel);

impl ActionDefinition for Log {
    type Syntax = LogLevel;
    const DESCRIPTION: &'static str = "Keep these events in the log from now on, and more severe ones.";

    fn check(level: &LogLevel, _: &Place, _: &mut Checker<'_>) -> Option<Log> {
        Some(Log(*level))
    }
}
