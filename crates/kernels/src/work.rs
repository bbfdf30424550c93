//! The calibrated work: a number of units of pure arithmetic. The number of units does not depend
//! on the time that they take.
//!
//! A unit is a chain of steps of a xorshift generator (G. Marsaglia, "Xorshift RNGs", 2003). Each
//! step needs the result of the previous step, so a core cannot execute the steps in parallel. The
//! steps use no memory, so other threads can disturb them only by taking the core. The steps are
//! linear over the bits of the state, so the test can compute the result with powers of a matrix.
//! The compiler does not find this shortcut. A chain of multiplications and additions would be a
//! bad choice, because the compiler could merge the whole chain into one operation.

use crate::{StopFlag, Stopped};
use std::hint::black_box;

/// The number of steps in a unit. A unit takes about 50–70 ns on a current core.
const STEPS: u32 = 32;
/// The first state of the generator, which can be any number except zero.
const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;

/// Does `units` units of work, and checks the flag every `units_per_check` units.
///
/// # Errors
/// Returns [`Stopped`] if the flag is raised before the end.
pub fn run(units: u64, units_per_check: u64, stop: &StopFlag) -> Result<u64, Stopped> {
    let mut state = FIRST;
    let mut left = units;
    while left > 0 {
        stop.check()?;
        let now = left.min(units_per_check.max(1));
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

    /// A linear map on 64-bit numbers. For each bit, the array contains the result for the number
    /// that has only this bit.
    type Map = [u64; 64];

    fn apply(map: &Map, x: u64) -> u64 {
        (0..64)
            .filter(|bit| x >> bit & 1 == 1)
            .fold(0, |sum, bit| sum ^ map[bit])
    }

    /// The state after `n` steps, computed by repeated squaring of the map of one step.
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
        fn every_unit_is_done(units in 0u64..3_000, units_per_check in 0u64..4_000) {
            prop_assert_eq!(run(units, units_per_check, &StopFlag::new()), Ok(after(units * u64::from(STEPS))));
        }
    }

    #[test]
    fn a_stop_ends_endless_work() {
        let stop = StopFlag::new();
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| run(u64::MAX, 1_000, &stop));
            stop.request();
            assert_eq!(worker.join().unwrap(), Err(Stopped));
        });
    }
}
