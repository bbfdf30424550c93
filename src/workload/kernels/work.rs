//! The calibrated work: so many units of pure arithmetic, whatever the time it takes.
//!
//! A unit is a chain of steps of a linear congruential generator. Each step needs the one before, so that a core can
//! neither reorder nor widen them, and they touch no memory, so that neighbours disturb them only by taking the core away.
//! The sum has a closed form, by which the test knows the answer; the compiler is kept from knowing it too.

use crate::workload::stop::{Stop, Stopped};
use std::hint::black_box;

/// Steps in a unit: about 50 ns on a core of today.
const STEPS: u32 = 32;
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
const INCREMENT: u64 = 1_442_695_040_888_963_407;

/// Does so many units of work, looking at the flag each time `between_looks` units are done.
///
/// # Errors
/// [`Stopped`] if the flag is raised before the end.
pub fn run(units: u64, between_looks: u64, stop: &Stop) -> Result<u64, Stopped> {
    let mut state = 0;
    let mut left = units;
    while left > 0 {
        stop.check()?;
        let now = left.min(between_looks.max(1));
        for _ in 0..now {
            state = unit(state);
        }
        left -= now;
    }
    Ok(black_box(state))
}

/// One unit.
#[inline]
fn unit(mut state: u64) -> u64 {
    for _ in 0..STEPS {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT);
    }
    black_box(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The `n`th number of the generator from 0, by repeated squaring of the step `x ↦ a·x + c`.
    fn nth(mut n: u64) -> u64 {
        let (mut a, mut c) = (MULTIPLIER, INCREMENT);
        let mut x = 0u64;
        while n > 0 {
            if n & 1 == 1 {
                x = x.wrapping_mul(a).wrapping_add(c);
            }
            c = a.wrapping_add(1).wrapping_mul(c);
            a = a.wrapping_mul(a);
            n >>= 1;
        }
        x
    }

    proptest! {
        #[test]
        fn every_unit_is_done(units in 0u64..5_000, between_looks in 0u64..6_000) {
            prop_assert_eq!(run(units, between_looks, &Stop::new()), Ok(nth(units * u64::from(STEPS))));
        }
    }

    #[test]
    fn a_stop_ends_work_that_would_take_for_ever() {
        let stop = Stop::new();
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| run(u64::MAX, 1_000, &stop));
            stop.request();
            assert_eq!(worker.join().unwrap(), Err(Stopped));
        });
    }
}
