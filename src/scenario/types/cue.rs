//! Cues: captions and actions at given times of a run.

use crate::scenario::actions::CueAction;
use std::time::Duration;

/// A caption, an action on the run, or both, at a given time.
#[derive(Clone, PartialEq, Debug)]
pub struct Cue {
    /// The time of the cue, counted from the start of the run.
    pub at: Duration,
    /// The caption. May be empty.
    pub say: String,
    /// Whether the caption is a question to the audience.
    pub asks: bool,
    /// What the cue does to the run. `None`: the cue only shows its caption.
    pub action: Option<CueAction>,
}
