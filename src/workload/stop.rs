//! How whoever computes or waits learns that the run is over.

use super::shared::Gate;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is raised once. Everything that computes looks at it between steps and, inside long steps, about every
/// millisecond: a task that never awaits cannot be cancelled in any other way. A task that waits for another one cannot look; so
/// the gates at which tasks wait are closed, which ends all waits there.
#[derive(Debug, Default)]
pub struct Stop {
    raised: AtomicBool,
    gates: Vec<Gate>,
}

impl Stop {
    /// Not raised, and without gates.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Not raised. These gates will be closed.
    pub(super) fn closing(gates: Vec<Gate>) -> Stop {
        Stop {
            raised: AtomicBool::new(false),
            gates,
        }
    }

    /// Raises it, for good.
    pub fn request(&self) {
        self.raised.store(true, Ordering::Relaxed);
        self.gates.iter().for_each(Gate::close);
    }

    /// Whether it is raised.
    #[inline]
    pub fn requested(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
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
