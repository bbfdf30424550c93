//! In which order lanes stand.
//!
//! Workers, pool threads and processes have their fixed places. Threads that come and go may be thousands, and most of them
//! idle, or over: those that were held in the time on screen come before those that were not. Among themselves they keep their
//! order, and a lane keeps its place while anything of it can be seen.

use crate::model::{Lane, Model};
use crate::record::{LaneId, RunInstant};

/// The lanes in the order of their rows, for a screen that shows the time from `from` on.
pub fn lane_order(model: &Model, from: RunInstant) -> Vec<LaneId> {
    let stands = |lane: &&Lane| lane.is_shared() || lane.has_run_since(from);
    let (first, last): (Vec<_>, Vec<_>) = model.lanes().iter().partition(stands);
    first.into_iter().chain(last).map(|lane| lane.id).collect()
}
