//! Primes by a segmented sieve: integer arithmetic, branches, and a segment that fits the
//! first-level cache.

use crate::{StopFlag, Stopped};

/// The number of integers in one segment of the sieve.
const SEGMENT: u64 = 1 << 15;

/// Counts the primes below `limit`.
pub(crate) fn run(limit: u32, stop: &StopFlag) -> Result<u64, Stopped> {
    stop.check()?;
    let limit = u64::from(limit);
    let small = primes_up_to(limit.isqrt());
    let mut count = 0;
    let mut composite = vec![false; SEGMENT as usize];
    for low in (0..limit).step_by(SEGMENT as usize) {
        stop.check()?;
        let high = (low + SEGMENT).min(limit);
        composite.fill(false);
        for &p in &small {
            // A multiple of p below p² also has a smaller prime factor, so it is already marked.
            let first = (p * p).max(low.next_multiple_of(p));
            for multiple in (first..high).step_by(p as usize) {
                composite[(multiple - low) as usize] = true;
            }
        }
        let numbers = &composite[..(high - low) as usize];
        count += numbers.iter().filter(|&&composite| !composite).count() as u64;
    }
    // 0 and 1 are not marked as composite, but they are not primes.
    Ok(count.saturating_sub(2))
}

/// The primes up to and including `n`. `n` is the square root of a 32-bit number, so it is at most
/// 65,535.
fn primes_up_to(n: u64) -> Vec<u64> {
    let mut composite = vec![false; n as usize + 1];
    let mut primes = Vec::new();
    for i in 2..=n {
        if !composite[i as usize] {
            primes.push(i);
            for multiple in (i * i..=n).step_by(i as usize) {
                composite[multiple as usize] = true;
            }
        }
    }
    primes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_primes_matches_published_tables() {
        for (limit, count) in [
            (0, 0),
            (1, 0),
            (2, 0),
            (3, 1),
            (4, 2),
            (100, 25),
            (1_000, 168),
            (1_000_000, 78_498),
        ] {
            assert_eq!(run(limit, &StopFlag::new()), Ok(count), "below {limit}");
        }
    }
}
