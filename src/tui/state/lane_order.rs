//! The order of the lanes' rows.
//!
//! Workers, pool threads and processes keep their places. Threads that come and go may be
//! thousands, most of them idle or ended. Those that held a task in the visible time come before
//! those that did not. Within each part lanes keep their order, so a lane keeps its place while
//! anything of it is visible.

use crate::model::{Lane, Model};
use crate::record::{LaneId, RunInstant};

/// The lanes in the order of their rows, for a screen that shows the time from `from` on.
pub(crate) fn lane_order(model: &Model, from: RunInstant) -> Vec<LaneId> {
    let comes_first = |lane: &&Lane| lane.is_shared() || lane.has_run_since(from);
    let (first, last): (Vec<_>, Vec<_>) = model.lanes().iter().partition(comes_first);
    first.into_iter().chain(last).map(|lane| lane.id).collect()
}
