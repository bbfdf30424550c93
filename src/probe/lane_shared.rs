//! What the monitor may see of a lane beside its ring.

use super::lane_tally::LaneTally;
use super::open_slice::OpenSlice;

/// Shared between a lane's thread, which writes, and the monitor.
pub(super) struct LaneShared {
    pub slice: OpenSlice,
    pub tally: LaneTally,
    /// The kernel's number for the thread.
    pub tid: i32,
}

impl LaneShared {
    /// For the calling thread.
    pub(super) fn of_this_thread() -> LaneShared {
        LaneShared {
            slice: OpenSlice::default(),
            tally: LaneTally::default(),
            tid: rustix::thread::gettid().as_raw_nonzero().get(),
        }
    }
}
