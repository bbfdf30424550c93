//! Cues.

use crate::scenario::actions::CueAction;
use std::time::Duration;

/// What a presenter says and does.
#[derive(Clone, PartialEq, Debug)]
pub struct Cue {
    /// When, after the run's start.
    pub at: Duration,
    /// The caption. May be empty.
    pub say: String,
    /// Whether the caption is a question to the audience.
    pub asks: bool,
    /// What happens.
    pub action: Option<CueAction>,
}
