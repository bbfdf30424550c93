//! How computations and waiting tasks learn that the run stops.
//!
//! This module imports nothing from its siblings, so that everything in `workload` can use it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Time between two checks of [`wait_until`].
const CHECK_INTERVAL: Duration = Duration::from_millis(1);

/// A place where tasks wait for one another, and that can be closed for good.
pub(super) trait Close: Send + Sync {
    /// Ends all present and future waits here.
    fn close(&self);
}

/// A flag that is raised once, when the run stops.
///
/// Computations check the flag between steps and, inside long steps, about every millisecond: a
/// task that never awaits cannot be cancelled in any other way. A task that waits for another task
/// cannot check the flag. Therefore raising the flag also closes every place where tasks wait for
/// one another.
#[derive(Default)]
pub struct Stop {
    requested: AtomicBool,
    wait_places: Vec<Arc<dyn Close>>,
}

impl Stop {
    /// A flag that is not raised and closes nothing.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// A flag that is not raised, and that closes these places when it is.
    pub(super) fn closing(wait_places: Vec<Arc<dyn Close>>) -> Stop {
        Stop {
            requested: AtomicBool::new(false),
            wait_places,
        }
    }

    /// Raises the flag, for good.
    pub fn request(&self) {
        self.requested.store(true, Ordering::Relaxed);
        self.wait_places.iter().for_each(|place| place.close());
    }

    /// Whether the flag is raised.
    #[inline]
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// Lets a loop end with `?` once the flag is raised.
    ///
    /// # Errors
    /// [`Stopped`] once the flag is raised.
    #[inline]
    pub fn check(&self) -> Result<(), Stopped> {
        if self.is_requested() { Err(Stopped) } else { Ok(()) }
    }
}

/// The run was stopped before a computation had its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the run is over")]
pub struct Stopped;

/// Keeps the calling thread until `is_over` returns true, at most until `deadline`.
///
/// Executors stop with this: what they wait for (tasks, threads, processes) signals nothing when it
/// ends, and ends within milliseconds. So this function checks about every millisecond.
pub(crate) fn wait_until(deadline: Instant, is_over: impl Fn() -> bool) {
    while !is_over() && Instant::now() < deadline {
        thread::sleep(CHECK_INTERVAL);
    }
}
