//! The stop flag, which ends computations and waits when the run stops.
//!
//! This module imports nothing from its siblings, so that everything in `workload` can use it.

use crate::probe;
use crate::record::ProcessInstant;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tasklab_kernels::StopFlag;

pub use tasklab_kernels::Stopped;

/// How often [`wait_until`] checks its condition.
const CHECK_INTERVAL: Duration = Duration::from_millis(1);

/// An object at which tasks wait for one another, such as a lock. The object can be closed
/// permanently.
pub(super) trait Close: Send + Sync {
    /// Ends all current and future waits at this object.
    fn close(&self);
}

/// A flag that is raised once, when the run stops.
///
/// Computations check the flag between steps. Inside long steps, computations check the flag about
/// every millisecond. A task that never awaits cannot be cancelled in any other way. A task that
/// waits for another task cannot check the flag. Therefore raising the flag also closes every place
/// where tasks wait for one another.
pub struct Stop {
    flag: StopFlag,
    /// The instant at which the run ended, or `u64::MAX` until the run ends.
    ended_at: AtomicU64,
    wait_places: Vec<Arc<dyn Close>>,
}

impl Default for Stop {
    /// A flag that is not raised yet. Raising the flag closes nothing.
    fn default() -> Stop {
        Stop::closing(Vec::new())
    }
}

impl Stop {
    /// A flag that is not raised yet. Raising the flag closes `wait_places`.
    pub(super) fn closing(wait_places: Vec<Arc<dyn Close>>) -> Stop {
        Stop {
            flag: StopFlag::new(),
            ended_at: AtomicU64::new(u64::MAX),
            wait_places,
        }
    }

    /// Raises the flag permanently. `at` is the end of the run. If several calls give different
    /// ends, the earliest end counts.
    pub fn request(&self, at: ProcessInstant) {
        self.ended_at.fetch_min(at.0, Ordering::Relaxed);
        self.flag.request();
        self.wait_places.iter().for_each(|place| place.close());
    }

    /// The flag alone, for computations that only check the flag.
    pub(super) fn flag(&self) -> &StopFlag {
        &self.flag
    }

    /// Whether the flag is raised.
    #[inline]
    pub fn is_requested(&self) -> bool {
        self.flag.is_requested()
    }

    /// The present instant, or the end of the run if the run has ended.
    pub(super) fn now(&self) -> ProcessInstant {
        probe::now().min(ProcessInstant::new(self.ended_at.load(Ordering::Relaxed)))
    }

    /// Returns an error if the flag is raised, so that a loop can end with `?`.
    ///
    /// # Errors
    /// Returns [`Stopped`] if the flag is raised.
    #[inline]
    pub fn check(&self) -> Result<(), Stopped> {
        self.flag.check()
    }
}

/// Blocks the calling thread until `is_over` returns true, but not longer than until `deadline`.
///
/// Executors call this function when they stop, to wait for tasks, threads and processes. The end
/// of a task, thread or process notifies nobody, but usually comes within milliseconds. So this
/// function checks about every millisecond.
pub(crate) fn wait_until(deadline: Instant, mut is_over: impl FnMut() -> bool) {
    while !is_over() && Instant::now() < deadline {
        thread::sleep(CHECK_INTERVAL);
    }
}
