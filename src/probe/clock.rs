//! The one clock of all lanes.
//!
//! It reads the processor's time-stamp counter where that is invariant (10 ns a read on the machine where this was
//! chosen, against 24 ns for `clock_gettime`), and the operating system's monotonic clock elsewhere. Clock reads are more than half of
//! what recording a poll costs, so nothing else is read on a measured thread.
//!
//! Inside the probe, an instant counts from the process's first look at the clock; a [`Batch`](crate::record::Batch) is
//! shifted to its run's start.

use crate::record::Nanos;
use rustix::time::{ClockId, clock_gettime};
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

/// CLOCK_MONOTONIC, which all processes of a machine share, in nanoseconds.
fn monotonic() -> Nanos {
    let time = clock_gettime(ClockId::Monotonic);
    Nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// What CLOCK_MONOTONIC is ahead of a run's own time: the rate of exchange between processes. The two clocks drift apart by some
/// microseconds in a second, so it is measured anew for every batch.
#[derive(Clone, Copy, Debug)]
pub struct ClockOffset(i64);

impl ClockOffset {
    /// Measures now, for a run that began at `zero` by this process's clock.
    pub(super) fn measure(zero: Nanos) -> ClockOffset {
        // Who is preempted between the two clocks is wrong by as long: the narrowest of a few looks is the best.
        let look = || {
            let before = now();
            let there = monotonic();
            let after = now();
            let here = Nanos(before.0 + (after - before).0 / 2) - zero;
            (after - before, there.0.wrapping_sub(here.0) as i64)
        };
        let best = (0..3).map(|_| look()).min().expect("three looks");
        ClockOffset(best.1)
    }

    /// The instant by CLOCK_MONOTONIC.
    pub fn to_monotonic(self, at: Nanos) -> Nanos {
        Nanos(at.0.saturating_add_signed(self.0))
    }

    /// The instant since the run's start; what was before is at the start.
    pub fn from_monotonic(self, at: Nanos) -> Nanos {
        Nanos(at.0.saturating_add_signed(self.0.saturating_neg()))
    }
}

/// What CLOCK_MONOTONIC is ahead of [`now`], measured now.
pub fn monotonic_ahead() -> ClockOffset {
    ClockOffset::measure(Nanos::ZERO)
}

/// The present instant, never zero after the process's first call.
#[inline]
pub fn now() -> Nanos {
    let clock = &*CLOCK;
    Nanos(clock.counter.delta_as_nanos(clock.zero, clock.counter.raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back_from_the_clock_that_processes_share() {
        let zero = now();
        let at = Nanos::from_millis(5);
        let ahead = ClockOffset::measure(zero);
        assert_eq!(ahead.from_monotonic(ahead.to_monotonic(at)), at);
        assert_eq!(ahead.from_monotonic(Nanos::ZERO), Nanos::ZERO);
        // What is now by the one clock is now by the other.
        let before = now() - zero;
        let there = ahead.from_monotonic(monotonic());
        let after = now() - zero;
        let slack = Nanos::from_millis(1);
        assert!(
            before <= there + slack && there <= after + slack,
            "{before:?} {there:?} {after:?}"
        );
    }
}
