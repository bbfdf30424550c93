//! The ticks of an interval. Both async tasks and threads use the arithmetic of tokio's `Interval`
//! (<https://docs.rs/tokio/latest/tokio/time/struct.Interval.html>).

use crate::record::{Nanos, ProcessInstant};
use crate::scenario::steps::MissedTicks;

/// A tick that is late by at most this time does not count as missed, and the next tick keeps its
/// time. tokio uses the same value.
const TOLERANCE: Nanos = Nanos::from_millis(5);

/// The instant after which the next tick fires. The first tick fires at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ticks {
    next: ProcessInstant,
}

impl Ticks {
    /// An interval whose first tick is due at this instant.
    pub(super) fn starting(first: ProcessInstant) -> Ticks {
        Ticks { next: first }
    }

    /// The instant at which the next tick is due.
    pub(super) fn next(self) -> ProcessInstant {
        self.next
    }

    /// Plans the tick after the tick that has fired at `now`. `every` is above zero.
    pub(super) fn fired(&mut self, now: ProcessInstant, every: Nanos, missed: MissedTicks) {
        let late = now - self.next;
        self.next = match missed {
            MissedTicks::Delay if late > TOLERANCE => now + every,
            MissedTicks::Skip if late > TOLERANCE => now + every - Nanos(late.0 % every.0),
            _ => self.next + every,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Returns the instants at which the three ticks after the first tick are due, in milliseconds.
    /// The first tick is `late` milliseconds late, and no other tick is late. The first tick is due
    /// at 100 ms, and the interval is 10 ms.
    fn due(missed: MissedTicks, late: u64) -> [u64; 3] {
        let at = |ms: u64| ProcessInstant::new(ms * MS);
        let mut ticks = Ticks::starting(at(100));
        ticks.fired(at(100 + late), Nanos(10 * MS), missed);
        [(); 3].map(|()| {
            let next = ticks.next();
            // A tick that is already due fires at once.
            ticks.fired(next.max(at(100 + late)), Nanos(10 * MS), missed);
            next.0 / MS
        })
    }

    #[test]
    fn missed_ticks_come_at_once_or_move_later_ticks_or_never_come() {
        use MissedTicks::{Burst, Delay, Skip};
        for missed in [Burst, Delay, Skip] {
            assert_eq!(due(missed, 0), [110, 120, 130], "{missed:?}");
            assert_eq!(due(missed, 5), [110, 120, 130], "{missed:?}: within the tolerance");
        }
        assert_eq!(due(Burst, 24), [110, 120, 130]);
        assert_eq!(due(Delay, 24), [134, 144, 154]);
        assert_eq!(due(Skip, 24), [130, 140, 150]);
        assert_eq!(due(Skip, 30), [140, 150, 160]);
    }
}
