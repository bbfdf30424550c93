//! The vocabulary that all modules share: ids, instants, kinds, and the records that the probe
//! writes and the model reads.
//!
//! A measured thread writes a record into a ring between two polls. So a record has a fixed size,
//! is `Copy`, and owns no heap memory. Everything that has a name is *defined* once
//! ([`Definition`]), and records refer to it by its number.
//!
//! ```text
//!   measured thread ──► ring ──► Batch ──► Model
//!        Record          │         ▲
//!                        └ lost ───┤
//!   monitor thread ── Sample, Live ┘
//! ```
//!
//! A wake-up has no record of its own. The [`Slice`] after a wake-up contains the instant of the
//! wake-up and the waker. So a busy runtime writes only half as many records. If that slice has not
//! begun yet, the wake-up is in [`Live`].

mod batch;
mod calibration;
mod event;
mod ids;
mod kinds;
mod live;
mod log_line;
mod resource;
mod sample;
mod sums;
mod time;
mod usage;

pub use batch::{ArrivalWindow, Batch, Lost, LostTime, RepetitionsLost};
pub use calibration::Calibration;
pub use event::{Ended, Mark, Marked, Orphaned, Record, Repetition, Slice, Spawned, Step};
pub use ids::{DEAD, Definition, GroupId, Label, LaneId, TaskId};
pub use kinds::{LaneKind, Outcome, Reason, ResourceKind, Rule};
pub use live::{CurrentSlice, Live, Waiting};
pub use log_line::LogLine;
pub use resource::{
    Acquired, HolderLate, Missed, Notification, Received, Released, ResourceId, ResourceInfo, WaitBegan, WaitEnded,
    Wanted,
};
pub use sample::{ChannelSample, GroupSample, LaneSample, RuntimeSample, Sample};
pub use sums::{ByReason, HOGGING_POLL, LostSlices, TaskSums, WaitParts};
pub use time::{
    Clock, CompactDuration, Instant, MonotonicClock, MonotonicInstant, Nanos, ProcessClock, ProcessInstant, RunClock,
    RunInstant,
};
pub use usage::Usage;
