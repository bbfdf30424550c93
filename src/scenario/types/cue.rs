//! What a presenter says and does.

use super::{Draw, How, LogLevel};
use std::time::Duration;

/// What a presenter says and does.
#[derive(Clone, PartialEq, Debug)]
pub struct Cue {
    /// When, after the run's start.
    pub at: Duration,
    /// The caption. May be empty.
    pub say: String,
    /// The caption is a question to those who watch.
    pub asks: bool,
    /// What happens.
    pub action: Option<CueAction>,
}

/// What a cue does to the run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum CueAction {
    /// Spawn a task that blocks: once, or again and again until [`CueAction::Calm`] or another block.
    Block {
        /// How long each block lasts.
        lasts: Duration,
        /// The pause between two; `None`: once.
        every: Option<Duration>,
        /// `Sync`: on a worker, the mistake. `Offload`: on a blocking thread, the remedy. Never `Async`.
        how: How,
    },
    /// Change how the loopback service behaves; `None` leaves as it is.
    Http {
        /// New latency.
        latency: Option<Draw>,
        /// New failure rate, 0–1.
        failure_rate: Option<f64>,
    },
    /// Keep these events from now on.
    Log(LogLevel),
    /// Stop injected blocks, and give the service its first behaviour back.
    Calm,
}
