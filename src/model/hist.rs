//! A distribution of durations over the whole run.

use crate::record::Nanos;
use hdrhistogram::Histogram;

/// The percentiles of a distribution of durations. `max` is exact. The percentiles have an error of
/// at most 1 %, or of at most 10 % in a [`SeriesPoint`](super::SeriesPoint). All fields are zero if
/// no duration was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Percentiles {
    /// The number of durations.
    pub count: u64,
    /// The median: half of the durations are at most this long.
    pub p50: Nanos,
    /// 90 % of the durations are at most this long.
    pub p90: Nanos,
    /// 99 % of the durations are at most this long.
    pub p99: Nanos,
    /// The longest duration.
    pub max: Nanos,
}

/// A histogram of durations. The buckets for longer durations are wider.
#[derive(Clone, Debug)]
pub(super) struct Hist {
    buckets: Histogram<u32>,
    count: u64,
    max: Nanos,
}

impl Hist {
    /// Creates a histogram whose percentiles have an error of at most 1 %. It takes at most 20 KB.
    pub(super) fn fine() -> Hist {
        Hist::new(2)
    }

    /// Creates a histogram whose percentiles have an error of at most 10 %. It takes at most 3 KB.
    /// The sparklines need thousands of these histograms.
    pub(super) fn coarse() -> Hist {
        Hist::new(1)
    }

    fn new(digits: u8) -> Hist {
        Hist {
            buckets: Histogram::new(digits).expect("the crate allows one and two significant digits"),
            count: 0,
            max: Nanos::ZERO,
        }
    }

    #[inline]
    pub(super) fn record(&mut self, length: Nanos) {
        self.count += 1;
        self.max = self.max.max(length);
        // Longer durations are recorded as one hour; only `max` is exact for them.
        // `saturating_record` is not used because it never adds buckets.
        let recorded = self.buckets.record(length.0.min(3_600_000_000_000));
        debug_assert!(recorded.is_ok(), "buckets grow up to one hour");
    }

    /// Adds all durations of `other`. Both histograms must have the same precision.
    pub(super) fn add(&mut self, other: &Hist) {
        self.count += other.count;
        self.max = self.max.max(other.max);
        let added = self.buckets.add(&other.buckets);
        debug_assert!(added.is_ok(), "buckets grow up to one hour");
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
    fn percentiles_are_within_the_documented_error() {
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
    fn adding_a_distribution_equals_recording_its_durations() {
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
