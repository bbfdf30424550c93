//! The ticks of a runtime's timer, and the instant at which a timer can fire.
//!
//! tokio's timer has a resolution of one millisecond, and rounds twice:
//!
//! ```text
//!   tick n        deadline    tick n + 1                      wake-up
//!   ├─────────────────●───────────┼───────────────────────────────●──
//!                     └─ first ──►└─────────── second ───────────►│
//! ```
//!
//! 1. A deadline is rounded up to the next tick. The first tick is the instant at which the runtime
//!    was built (`deadline_to_tick` in `runtime/time/source.rs` of tokio 1.54).
//! 2. A worker that parks on the driver waits for the difference between the timer's tick and the
//!    last tick (`park_internal` in `runtime/time/mod.rs`). mio passes this whole number of
//!    milliseconds to `epoll_wait`. So if the park begins 0.4 ms after a tick, it also ends 0.4 ms
//!    after a tick. The kernel adds its timer slack.
//!
//! The second rounding applies only if a worker is parked on the driver at the timer's tick.
//! Otherwise, a worker that polls the driver at the tick fires the timer immediately.
//!
//! tokio does not report when its ticks begin. The runtime creates its timer at the beginning of
//! its construction, so the instant before the construction is used. This instant is some ten
//! microseconds too early, because the runtime creates its I/O driver first.

use super::clock::ClockOffset;
use super::sync::{AtomicU64, Relaxed};
use crate::record::{MonotonicInstant, Nanos, ProcessInstant};

/// The length of a tick.
const TICK: u64 = 1_000_000;
/// The timer sorts the ticks into slots of this many ticks. If a worker waits for a tick of a later
/// slot, it wakes up once more at the beginning of that slot (`level_for` in
/// `runtime/time/wheel/mod.rs`).
const TICKS_PER_SLOT: u64 = 64;
/// The time by which the kernel may delay the end of a wait: by default 50 µs, or a thousandth of
/// a longer wait (`select_estimate_accuracy` in `fs/select.c` of Linux).
const MIN_SLACK: u64 = 50_000;
const WAIT_PER_SLACK: u64 = 1000;

/// The ticks of one runtime's timer. A new object has no ticks, and rounds nothing.
#[derive(Default)]
pub(super) struct TimerTicks {
    /// When the ticks began, by `CLOCK_MONOTONIC`, which is tokio's clock. Zero if there are no
    /// ticks.
    first: AtomicU64,
    /// The same instant by the process's clock. The two clocks drift apart, so this value changes.
    first_in_process: AtomicU64,
}

impl TimerTicks {
    /// Sets the instant at which the ticks begin: the instant just before the runtime is built.
    pub(super) fn begin(&self, at: MonotonicInstant) {
        self.first.store(at.0, Relaxed);
        self.follow_drift();
    }

    /// Measures again when the ticks began by the process's clock. The monitor calls this method
    /// for each batch.
    pub(super) fn follow_drift(&self) {
        let first = self.first.load(Relaxed);
        if first > 0 {
            let first = ClockOffset::of_process().from_monotonic(MonotonicInstant::new(first));
            self.first_in_process.store(first.0, Relaxed);
        }
    }

    /// The first tick at or after this deadline: the first instant at which a timer with this
    /// deadline can fire.
    pub(super) fn at_or_after(&self, deadline: ProcessInstant) -> ProcessInstant {
        match self.first_in_process.load(Relaxed) {
            0 => deadline,
            first => ProcessInstant::new(first + deadline.0.saturating_sub(first).div_ceil(TICK) * TICK),
        }
    }

    /// The instant at which a worker wakes up for the timer of `tick`. The worker has been parked
    /// on the driver since `parked`. Returns `tick` if the worker parked after the tick.
    pub(super) fn end_of_park(&self, tick: ProcessInstant, parked: ProcessInstant) -> ProcessInstant {
        let first = self.first_in_process.load(Relaxed);
        if first == 0 || parked > tick {
            return tick;
        }
        let (parked, number) = (parked.0.saturating_sub(first), tick.0.saturating_sub(first) / TICK);
        let is_same_slot = parked / TICK / TICKS_PER_SLOT == number / TICKS_PER_SLOT;
        let (after_tick, wait) = match is_same_slot {
            true => (parked % TICK, number * TICK - parked / TICK * TICK),
            // The worker wakes up once more before the tick. The time from a tick to this wake-up
            // is not known.
            false => (TICK, TICKS_PER_SLOT * TICK),
        };
        tick + Nanos(after_tick + MIN_SLACK.max(wait / WAIT_PER_SLACK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe;
    use crate::probe::clock::monotonic_now;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use tokio::runtime::Builder;

    const FIRST: u64 = 7_300_000;

    fn ticks() -> TimerTicks {
        let ticks = TimerTicks::default();
        ticks.first_in_process.store(FIRST, Relaxed);
        ticks
    }

    fn us(us: u64) -> ProcessInstant {
        ProcessInstant::new(FIRST + us * 1000)
    }

    #[test]
    fn a_deadline_is_rounded_up_to_the_next_tick() {
        assert_eq!(ticks().at_or_after(us(1_001)), us(2_000));
        assert_eq!(ticks().at_or_after(us(2_000)), us(2_000));
        assert_eq!(TimerTicks::default().at_or_after(us(1_001)), us(1_001), "no ticks");
    }

    #[test]
    fn a_park_begins_and_ends_at_the_same_time_after_a_tick() {
        let end = |tick, parked| ticks().end_of_park(us(tick), us(parked));
        assert_eq!(end(5_000, 1_400), us(5_000 + 400 + 50));
        assert_eq!(end(5_000, 5_000), us(5_000 + 50));
        assert_eq!(end(5_000, 5_001), us(5_000), "the worker did not wait for this tick");
        assert_eq!(end(70_000, 60_100), us(70_000 + 1_000 + 64), "the wait has two parts");
    }

    /// Polls a real timer again and again, so that only the first rounding applies.
    #[test]
    fn tokios_timers_fire_at_the_ticks() {
        let ticks = TimerTicks::default();
        let mut built = Nanos::MAX;
        let mut runtime = None;
        // The ticks begin while the runtime is built, a little later than `before`. The difference
        // is small only if this thread keeps its core, so the fastest of several builds is used.
        for _ in 0..20 {
            let before = monotonic_now();
            let start = probe::now();
            let new = Builder::new_current_thread().enable_all().build().expect("a runtime");
            let took = probe::now() - start;
            if took < built {
                ticks.begin(before);
                (built, runtime) = (took, Some(new));
            }
        }
        let runtime = runtime.expect("a runtime was built");
        let earliest = runtime.block_on(async {
            let mut earliest = Nanos::MAX;
            for _ in 0..50 {
                let deadline = probe::now() + Nanos(TICK);
                let mut timer = pin!(tokio::time::sleep(std::time::Duration::from_millis(1)));
                while timer.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending {
                    tokio::task::yield_now().await;
                }
                let tick = ticks.at_or_after(deadline);
                earliest = earliest.min(Nanos((probe::now().0 + TICK).saturating_sub(tick.0)));
            }
            earliest
        });
        let late = earliest.0 as i64 - TICK as i64;
        assert!(
            (-50_000..300_000).contains(&late),
            "{late} ns after the tick; built in {built:?}"
        );
    }
}
