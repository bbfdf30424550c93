//! `log`: changes which events the log keeps.

use super::ActionDefinition;
use crate::scenario::check::Checker;
use crate::scenario::report::Place;
use crate::scenario::types::LogLevel;

/// From now on, the log keeps only events of this level and of more severe levels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Log(pub LogLevel);

impl ActionDefinition for Log {
    type Syntax = LogLevel;
    const DESCRIPTION: &'static str =
        "From now on, keep only events of this level and of more severe levels in the log.";

    fn check(level: &LogLevel, _: &Place, _: &mut Checker<'_>) -> Option<Log> {
        Some(Log(*level))
    }
}
