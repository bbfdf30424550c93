//! The clock that all lanes share.
//!
//! If the processor's time-stamp counter is invariant, the clock reads this counter. Otherwise it
//! reads the operating system's monotonic clock. A read of the counter takes less time than a call
//! of `clock_gettime`, and each recorded poll reads the clock at its start and at its end. So a
//! measured thread reads only this clock.
//!
//! Only this module converts instants from one clock to another. [`RunStart`] converts between this
//! process's clock and the run's clock. [`ClockOffset`] converts between one of these two clocks
//! and `CLOCK_MONOTONIC`. Inside the probe, instants are [`ProcessInstant`]s. In a
//! [`Batch`](crate::record::Batch), they are converted to the run's clock.

use crate::record::{Instant, MonotonicInstant, Nanos, ProcessClock, ProcessInstant, RunClock, RunInstant};
use rustix::time::{ClockId, clock_gettime};
use std::marker::PhantomData;
use std::sync::LazyLock;

struct Counter {
    counter: quanta::Clock,
    zero: u64,
}

static COUNTER: LazyLock<Counter> = LazyLock::new(|| {
    let counter = quanta::Clock::new();
    let zero = counter.raw();
    Counter { counter, zero }
});

/// The present instant. Only the first call in a process can return zero.
#[inline]
pub fn now() -> ProcessInstant {
    let Counter { counter, zero } = &*COUNTER;
    ProcessInstant::new(counter.delta_as_nanos(*zero, counter.raw()))
}

/// The present instant by `CLOCK_MONOTONIC`.
pub(super) fn monotonic_now() -> MonotonicInstant {
    let time = clock_gettime(ClockId::Monotonic);
    MonotonicInstant::new(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// When a run began, by this process's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunStart(pub(super) ProcessInstant);

impl RunStart {
    /// Converts an instant to the run's clock. An instant before the run's start becomes the start.
    #[inline]
    pub fn to_run(self, at: ProcessInstant) -> RunInstant {
        RunInstant::ZERO + (at - self.0)
    }

    /// Converts an instant to this process's clock.
    pub fn to_process(self, at: RunInstant) -> ProcessInstant {
        self.0 + at.since_zero()
    }
}

/// How far `CLOCK_MONOTONIC` is ahead of the clock `C`.
///
/// The two clocks drift apart by a few microseconds per second, so the offset is measured again for
/// every batch.
#[derive(Debug)]
pub struct ClockOffset<C>(i64, PhantomData<C>);

impl<C> Clone for ClockOffset<C> {
    fn clone(&self) -> ClockOffset<C> {
        *self
    }
}

impl<C> Copy for ClockOffset<C> {}

impl ClockOffset<ProcessClock> {
    /// Measures the present offset from this process's clock.
    pub fn of_process() -> ClockOffset<ProcessClock> {
        ClockOffset::measure(|at| at)
    }
}

impl ClockOffset<RunClock> {
    /// Measures the present offset from the clock of the run that began at `start`.
    pub fn of_run(start: RunStart) -> ClockOffset<RunClock> {
        ClockOffset::measure(|at| start.to_run(at))
    }
}

impl<C> ClockOffset<C> {
    fn measure(to_clock: impl Fn(ProcessInstant) -> Instant<C>) -> ClockOffset<C> {
        // A thread that is preempted between the two clock reads gets a wrong offset. So the
        // measurement is repeated, and the measurement with the shortest time between the two reads
        // of this process's clock is used.
        let attempt = || {
            let before = now();
            let monotonic = monotonic_now();
            let took = now() - before;
            let ours = to_clock(before + Nanos(took.0 / 2));
            (took, monotonic.0.wrapping_sub(ours.0) as i64)
        };
        let (_, offset) = (0..3).map(|_| attempt()).min().expect("three attempts");
        ClockOffset(offset, PhantomData)
    }

    /// Converts an instant to `CLOCK_MONOTONIC`.
    pub fn to_monotonic(self, at: Instant<C>) -> MonotonicInstant {
        MonotonicInstant::new(at.0.saturating_add_signed(self.0))
    }

    /// Converts an instant to the clock `C`. An instant before the zero of `C` becomes the zero of
    /// `C`.
    pub fn from_monotonic(self, at: MonotonicInstant) -> Instant<C> {
        Instant::new(at.0.saturating_add_signed(self.0.saturating_neg()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converting_an_instant_to_the_monotonic_clock_and_back_does_not_change_it() {
        let start = RunStart(now());
        let at = RunInstant::from_millis(5);
        let offset = ClockOffset::of_run(start);
        assert_eq!(offset.from_monotonic(offset.to_monotonic(at)), at);
        assert_eq!(offset.from_monotonic(MonotonicInstant::ZERO), RunInstant::ZERO);
        let before = start.to_run(now());
        let between = offset.from_monotonic(monotonic_now());
        let after = start.to_run(now());
        let slack = Nanos::from_millis(1);
        assert!(
            before <= between + slack && between <= after + slack,
            "{before:?} {between:?} {after:?}"
        );
    }

    #[test]
    fn an_instant_before_the_runs_start_becomes_the_start() {
        let start = RunStart(ProcessInstant::new(100));
        assert_eq!(start.to_run(ProcessInstant::new(90)), RunInstant::ZERO);
        assert_eq!(start.to_run(ProcessInstant::new(130)), RunInstant::new(30));
        assert_eq!(start.to_process(RunInstant::new(30)), ProcessInstant::new(130));
    }
}
