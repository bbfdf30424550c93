//! The data of a lane that the monitor reads in addition to the ring.

use super::lane_tally::LaneTally;
use super::open_slice::OpenSlice;

/// The data that a lane's thread writes and the monitor reads.
pub(super) struct LaneShared {
    pub slice: OpenSlice,
    pub tally: LaneTally,
    /// The kernel's number for the thread.
    pub tid: i32,
}

impl LaneShared {
    /// Creates the data for the calling thread.
    pub(super) fn of_this_thread() -> LaneShared {
        LaneShared {
            slice: OpenSlice::default(),
            tally: LaneTally::default(),
            tid: rustix::thread::gettid().as_raw_nonzero().get(),
        }
    }
}
