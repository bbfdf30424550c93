//! The flag that ends a computation early.

use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is raised once. A computation checks the flag about every millisecond.
#[derive(Default, Debug)]
pub struct StopFlag(AtomicBool);

impl StopFlag {
    /// A flag that is not raised.
    pub fn new() -> StopFlag {
        StopFlag::default()
    }

    /// Raises the flag permanently.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is raised.
    #[inline]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns an error if the flag is raised, so that a loop can end with `?`.
    ///
    /// # Errors
    /// Returns [`Stopped`] if the flag is raised.
    #[inline]
    pub fn check(&self) -> Result<(), Stopped> {
        if self.is_requested() { Err(Stopped) } else { Ok(()) }
    }
}

/// The run was stopped before a computation was complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the run is over")]
pub struct Stopped;
