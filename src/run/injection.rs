//! The task that a key or a cue injects into a run, and the log message about an injection by key.

use crate::scenario::steps::{Block, Offload};
use crate::scenario::{Arrivals, Draw, How, INJECTED, Repeat, Start, Step, TaskSpec, show_duration};
use std::time::Duration;

/// A task that blocks once for `lasts`: on the worker itself, or through `spawn_blocking`.
pub(super) fn block(lasts: Duration, how: How) -> TaskSpec {
    let block = Step::Block(Block(Draw::Fixed(lasts)));
    let steps = match how {
        How::Offload => vec![Step::Offload(Offload(vec![block]))],
        How::Sync | How::Async => vec![block],
    };
    TaskSpec {
        name: INJECTED.to_owned(),
        count: Some(1),
        start: Start::At(Duration::ZERO),
        arrivals: Arrivals::Together,
        until: None,
        repeat: Repeat::Times(1),
        timeout: None,
        steps,
    }
}

/// The log message for a block that a key injects.
pub(super) fn message(lasts: Duration) -> String {
    format!("by hand: a task blocks for {}", show_duration(lasts))
}
