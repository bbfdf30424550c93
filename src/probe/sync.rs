//! The atomic types of the probe. All modules of the probe import these types from here, so that a
//! model checker can replace the types.
//!
//! Four small structs contain the lock-free protocols of the probe: [`SeqLock`], which
//! [`OpenSlice`] and [`ExactSums`] use; [`LossNote`] (which sums must be read); [`LaneTally`] (the
//! hand-over of a ring); and [`WakeStamps`].
//!
//! [`SeqLock`]: super::seq_lock::SeqLock
//! [`OpenSlice`]: super::open_slice::OpenSlice
//! [`ExactSums`]: super::exact_sums::ExactSums
//! [`LossNote`]: super::exact_sums::LossNote
//! [`LaneTally`]: super::lane_tally::LaneTally
//! [`WakeStamps`]: super::wake_stamps::WakeStamps

pub(super) use std::hint::spin_loop;
pub(super) use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};
