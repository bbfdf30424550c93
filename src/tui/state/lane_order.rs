//! The order of the lanes' rows.
//!
//! The first part of the order contains workers, pool threads, processes, and all other threads
//! that ran a task during the visible time. The second part contains the remaining threads. There
//! may be thousands of such threads, and most of them are idle or have ended. Within each part, the
//! lanes keep the order of the model.

use crate::model::{Lane, Model};
use crate::record::{LaneId, RunInstant};

/// The lanes in the order of their rows. `from` is the start of the visible time.
pub(crate) fn lane_order(model: &Model, from: RunInstant) -> Vec<LaneId> {
    let comes_first = |lane: &&Lane| lane.is_shared() || lane.has_run_since(from);
    let (first, last): (Vec<_>, Vec<_>) = model.lanes().iter().partition(comes_first);
    first.into_iter().chain(last).map(|lane| lane.id).collect()
}
