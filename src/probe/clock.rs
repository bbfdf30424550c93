//! The one clock of all lanes.
//!
//! It reads the processor's time-stamp counter where that is invariant (10 ns a read on the machine
//! where this was chosen, against 24 ns for `clock_gettime`), and the operating system's monotonic
//! clock elsewhere. Clock reads are more than half of what recording a poll costs, so nothing else
//! is read on a measured thread.
//!
//! This module alone turns instants of one clock into instants of another: [`RunStart`] between
//! this process's clock and the run's, [`ClockOffset`] between one of these two and
//! `CLOCK_MONOTONIC`. Inside the probe, instants are [`ProcessInstant`]s; a
//! [`Batch`](crate::record::Batch) is shifted to its run's start.

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

/// The present instant, never zero after the process's first call.
#[inline]
pub fn now() -> ProcessInstant {
    let Counter { counter, zero } = &*COUNTER;
    ProcessInstant::new(counter.delta_as_nanos(*zero, counter.raw()))
}

/// The present instant by `CLOCK_MONOTONIC`.
fn monotonic_now() -> MonotonicInstant {
    let time = clock_gettime(ClockId::Monotonic);
    MonotonicInstant::new(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// When a run began, by this process's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunStart(pub(super) ProcessInstant);

impl RunStart {
    /// The same instant after the run's start. What was before the start is moved to the start.
    #[inline]
    pub fn to_run(self, at: ProcessInstant) -> RunInstant {
        RunInstant::ZERO + (at - self.0)
    }

    /// The same instant by this process's clock.
    pub fn to_process(self, at: RunInstant) -> ProcessInstant {
        self.0 + at.since_zero()
    }
}

/// How far `CLOCK_MONOTONIC` is ahead of the clock `C`.
///
/// The two drift apart by some microseconds in a second, so the offset is measured anew for every
/// batch.
#[derive(Debug)]
pub struct ClockOffset<C>(i64, PhantomData<C>);

impl<C> Clone for ClockOffset<C> {
    fn clone(&self) -> ClockOffset<C> {
        *self
    }
}

impl<C> Copy for ClockOffset<C> {}

impl ClockOffset<ProcessClock> {
    /// Measures now, against this process's clock.
    pub fn of_process() -> ClockOffset<ProcessClock> {
        ClockOffset::measure(|at| at)
    }
}

impl ClockOffset<RunClock> {
    /// Measures now, against the clock of the run that began at `start`.
    pub fn of_run(start: RunStart) -> ClockOffset<RunClock> {
        ClockOffset::measure(|at| start.to_run(at))
    }
}

impl<C> ClockOffset<C> {
    fn measure(to_clock: impl Fn(ProcessInstant) -> Instant<C>) -> ClockOffset<C> {
        // A thread that is preempted between the two clock reads gets a wrong offset. So the
        // measurement is repeated, and the one with the least time between the two reads of this
        // process's clock counts.
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

    /// The same instant by `CLOCK_MONOTONIC`.
    pub fn to_monotonic(self, at: Instant<C>) -> MonotonicInstant {
        MonotonicInstant::new(at.0.saturating_add_signed(self.0))
    }

    /// The same instant by the clock `C`. What was before that clock's zero is moved to its zero.
    pub fn from_monotonic(self, at: MonotonicInstant) -> Instant<C> {
        Instant::new(at.0.saturating_add_signed(self.0.saturating_neg()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_the_way_to_the_monotonic_clock_and_back() {
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
