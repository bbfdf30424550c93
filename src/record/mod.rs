//! The words that the rooms share: identities, states, and the records that the probe writes and the model reads.
//!
//! A record is fixed-size, `Copy` and owns no heap, because a measured thread writes it into a ring between two polls.
//! Everything with a length or a name is *defined* once ([`Definition`]) and referred to by number afterwards.
//!
//! ```text
//!   measured thread ──► ring ──► Batch ──► Model
//!        Record          │         ▲
//!                        └ lost ───┤
//!   monitor thread ── Sample, Live ┘
//! ```
//!
//! There is no record for a wake-up: the wake's time and its author ride in the [`Slice`] that follows it, which halves
//! the records of a busy runtime; a wake-up that no slice has followed yet is in [`Live`].

mod batch;
mod calibration;
mod event;
mod ids;
mod kinds;
mod resources;
mod time;

pub use batch::{
    Batch, ChannelSample, CurrentSlice, GroupSample, LaneSample, Live, LogLine, Lost, RepetitionsLost, RuntimeSample,
    Sample, Waiting,
};
pub use calibration::Calibration;
pub use event::{Ended, Mark, Marked, Orphaned, Record, Repetition, Slice, Spawned, Step};
pub use ids::{DEAD, Definition, GroupId, Label, LaneId, TaskId};
pub use kinds::{LaneKind, Outcome, Reason};
pub use resources::Resources;
pub use time::{
    Clock, CompactDuration, Instant, MonotonicClock, MonotonicInstant, Nanos, ProcessClock, ProcessInstant, RunClock,
    RunInstant,
};
