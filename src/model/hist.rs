//! A distribution of lengths of time, kept for as long as the run lasts.

use crate::record::Nanos;
use hdrhistogram::Histogram;

/// The percentiles of a distribution, each within 1 % (`max` is exact). All zero where nothing was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Percentiles {
    /// How many lengths were counted.
    pub count: u64,
    /// Half are not above it.
    pub p50: Nanos,
    /// Nine in ten are not above it.
    pub p90: Nanos,
    /// Ninety-nine in a hundred are not above it.
    pub p99: Nanos,
    /// The longest.
    pub max: Nanos,
}

/// Lengths of time, counted into buckets whose width grows with the length.
#[derive(Clone, Debug)]
pub(super) struct Hist {
    buckets: Histogram<u32>,
    count: u64,
    max: Nanos,
}

impl Hist {
    /// Percentiles within 1 %, in at most 20 KB.
    pub(super) fn fine() -> Hist {
        Hist::new(2)
    }

    /// Percentiles within 10 %, in at most 3 KB: for sparklines, of which there are thousands.
    pub(super) fn coarse() -> Hist {
        Hist::new(1)
    }

    fn new(digits: u8) -> Hist {
        Hist {
            buckets: Histogram::new(digits).expect("one or two significant digits are among those the crate allows"),
            count: 0,
            max: Nanos::ZERO,
        }
    }

    #[inline]
    pub(super) fn record(&mut self, length: Nanos) {
        self.count += 1;
        self.max = self.max.max(length);
        // An hour is the longest that percentiles tell apart; `max` knows better. (`saturating_record` would never let the
        // buckets grow.)
        let counted = self.buckets.record(length.0.min(3_600_000_000_000));
        debug_assert!(counted.is_ok(), "buckets grow as far as an hour");
    }

    /// Counts all that `other` counted, which has as many digits.
    pub(super) fn add(&mut self, other: &Hist) {
        self.count += other.count;
        self.max = self.max.max(other.max);
        let added = self.buckets.add(&other.buckets);
        debug_assert!(added.is_ok(), "buckets grow as far as an hour");
    }

    pub(super) fn percentiles(&self) -> Percentiles {
        let at = |q| Nanos(self.buckets.value_at_quantile(q)).min(self.max);
        Percentiles {
            count: self.count,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: self.max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_near_the_truth() {
        for (mut hist, within) in [(Hist::fine(), 0.01), (Hist::coarse(), 0.1)] {
            for ms in 1..=1000 {
                hist.record(Nanos::from_millis(ms));
            }
            let p = hist.percentiles();
            for (value, ms) in [(p.p50, 500.0), (p.p90, 900.0), (p.p99, 990.0)] {
                assert!(
                    (value.0 as f64 / 1e6 - ms).abs() <= ms * within,
                    "{value:?} is not about {ms} ms"
                );
            }
            assert_eq!((p.count, p.max), (1000, Nanos::from_millis(1000)));
        }
    }

    #[test]
    fn two_distributions_add_up_to_one() {
        let (mut all, mut even, mut odd) = (Hist::fine(), Hist::fine(), Hist::fine());
        for us in 1..5000 {
            let length = Nanos::from_micros(us * us);
            all.record(length);
            if us % 2 == 0 { &mut even } else { &mut odd }.record(length);
        }
        even.add(&odd);
        assert_eq!(even.percentiles(), all.percentiles());
    }
}
