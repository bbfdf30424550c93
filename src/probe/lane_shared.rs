//! The data of a lane that the monitor reads in addition to the ring.

use super::lane_tally::LaneTally;
use super::open_slice::OpenSlice;

/// The number of nested branches whose open slices the monitor can read. Deeper branches are
/// recorded too, but are not shown before their slices end.
pub(super) const OPEN_BRANCHES: usize = 4;

/// The data that a lane's thread writes and the monitor reads.
pub(super) struct LaneShared {
    pub slice: OpenSlice,
    /// The slices of the branches that the task of `slice` polls now, the outermost first.
    pub branches: [OpenSlice; OPEN_BRANCHES],
    pub tally: LaneTally,
    /// The kernel's number for the thread.
    pub tid: i32,
}

impl LaneShared {
    /// Creates the data for the calling thread.
    pub(super) fn of_this_thread() -> LaneShared {
        LaneShared {
            slice: OpenSlice::default(),
            branches: Default::default(),
            tally: LaneTally::default(),
            tid: rustix::thread::gettid().as_raw_nonzero().get(),
        }
    }
}
