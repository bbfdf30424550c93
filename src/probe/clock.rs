//! The one clock of all lanes.
//!
//! It reads the processor's time-stamp counter where that is invariant (10 ns a read on the machine where this was
//! chosen, against 24 ns for `clock_gettime`), and the operating system's monotonic clock elsewhere. Clock reads are more than half of
//! what recording a poll costs, so nothing else is read on a measured thread.
//!
//! Inside the probe, an instant counts from the process's first look at the clock; a [`Batch`](crate::record::Batch) is
//! shifted to its run's start.

use crate::record::Nanos;
use std::sync::LazyLock;

struct Clock {
    counter: quanta::Clock,
    zero: u64,
}

static CLOCK: LazyLock<Clock> = LazyLock::new(|| {
    let counter = quanta::Clock::new();
    let zero = counter.raw();
    Clock { counter, zero }
});

/// The present instant, never zero after the process's first call.
#[inline]
pub fn now() -> Nanos {
    let clock = &*CLOCK;
    Nanos(clock.counter.delta_as_nanos(clock.zero, clock.counter.raw()))
}
