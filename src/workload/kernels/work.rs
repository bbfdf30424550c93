//! The calibrated work: so many units of pure arithmetic, whatever the time it takes.
//!
//! A unit is a chain of steps of a xorshift generator (G. Marsaglia, "Xorshift RNGs", 2003). Each step needs the one before,
//! so that a core can neither reorder nor widen them, and they touch no memory, so that neighbours disturb them only by
//! taking the core away. The steps are linear over the bits of the state: the test knows the answer by powers of a matrix.
//! The compiler does not; a chain of multiplications and additions it would have folded into one.

use crate::workload::stop::{Stop, Stopped};
use std::hint::black_box;

/// Steps in a unit: some 50–70 ns on a core of today.
const STEPS: u32 = 32;
/// Where the chain begins. Any number but zero.
const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;

/// Does so many units of work, looking at the flag each time `between_looks` units are done.
///
/// # Errors
/// [`Stopped`] if the flag is raised before the end.
pub fn run(units: u64, between_looks: u64, stop: &Stop) -> Result<u64, Stopped> {
    let mut state = FIRST;
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
        state = step(state);
    }
    black_box(state)
}

#[inline]
fn step(mut x: u64) -> u64 {
    x ^= x << 13;
    x ^= x >> 7;
    x ^ (x << 17)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A linear map of 64 bits, by the images of the single bits.
    type Map = [u64; 64];

    fn apply(map: &Map, x: u64) -> u64 {
        (0..64)
            .filter(|bit| x >> bit & 1 == 1)
            .fold(0, |sum, bit| sum ^ map[bit])
    }

    /// The state after `n` steps, by repeated squaring of the step.
    fn after(mut n: u64) -> u64 {
        let mut power: Map = std::array::from_fn(|bit| step(1 << bit));
        let mut x = FIRST;
        while n > 0 {
            if n & 1 == 1 {
                x = apply(&power, x);
            }
            power = std::array::from_fn(|bit| apply(&power, power[bit]));
            n >>= 1;
        }
        x
    }

    proptest! {
        #[test]
        fn every_unit_is_done(units in 0u64..3_000, between_looks in 0u64..4_000) {
            prop_assert_eq!(run(units, between_looks, &Stop::new()), Ok(after(units * u64::from(STEPS))));
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
