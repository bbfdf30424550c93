//! How a computation learns that the run is over.

use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is raised once. Everything that computes looks at it between steps and, inside long steps, about every
/// millisecond: a task that never awaits cannot be cancelled in any other way.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Not raised.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Raises it, for good.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is raised.
    #[inline]
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The run was stopped before a computation had its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stopped;

impl Stop {
    /// For `?` in loops: [`Stopped`] once the flag is raised.
    #[inline]
    pub fn check(&self) -> Result<(), Stopped> {
        if self.requested() { Err(Stopped) } else { Ok(()) }
    }
}
