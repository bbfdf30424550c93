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
    /// Creates a histogram whose percentiles have an error of at most 1 %. It takes
    /// 20 KB if the longest duration is an hour.
    pub(super) fn fine() -> Hist {
        Hist::new(2)
    }

    /// Creates a histogram whose percentiles have an error of at most 10 %. It takes 3 KB if the
    /// longest duration is an hour. The sparklines need thousands of these histograms.
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
        // `saturating_record` is not used because it never adds buckets.
        let recorded = self.buckets.record(length.min(Nanos::BOUND).0);
        debug_assert!(recorded.is_ok(), "the number of buckets grows");
    }

    /// The number of recorded durations.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds all durations of `other`. Both histograms must have the same precision.
    pub(super) fn add(&mut self, other: &Hist) {
        self.count += other.count;
        self.max = self.max.max(other.max);
        let added = self.buckets.add(&other.buckets);
        debug_assert!(added.is_ok(), "the number of buckets grows");
    }

    /// The percentiles of the recorded durations and of the durations in `open`.
    pub(super) fn percentiles_with(&self, open: impl IntoIterator<Item = Nanos>) -> Percentiles {
        let mut open = open.into_iter().peekable();
        if open.peek().is_none() {
            return self.percentiles();
        }
        let mut all = self.clone();
        open.for_each(|length| all.record(length));
        all.percentiles()
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
        // From microseconds to weeks.
        for (unit, (hist, within)) in (0..30).flat_map(|bits| {
            let hists = [(Hist::fine(), 0.01), (Hist::coarse(), 0.1)];
            hists.map(|hist| (1_u64 << bits, hist))
        }) {
            let mut hist = hist;
            for n in 1..=1000 {
                hist.record(Nanos(n * unit * 1_000));
            }
            let p = hist.percentiles();
            for (value, n) in [(p.p50, 500.0), (p.p90, 900.0), (p.p99, 990.0)] {
                let exact = n * unit as f64 * 1e3;
                assert!(
                    (value.0 as f64 - exact).abs() <= exact * within,
                    "{value:?} is not about {exact} ns"
                );
            }
            assert_eq!((p.count, p.max), (1000, Nanos(1_000_000 * unit)));
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
