//! The atomic types of the probe. All modules of the probe import these types from here, so that a
//! model checker can replace the types.
//!
//! Four small structs contain all lock-free protocols of the probe:
//! [`OpenSlice`](super::open_slice::OpenSlice) and
//! [`ExactSums`](super::exact_sums::ExactSums) (each a sequence lock),
//! [`LaneTally`](super::lane_tally::LaneTally) (the hand-over of a ring) and
//! [`WakeStamps`](super::wake_stamps::WakeStamps).

pub(super) use std::hint::spin_loop;
pub(super) use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};
