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
        // An hour is the longest that percentiles tell apart; `max` knows better.
        self.buckets.saturating_record(length.0.min(3_600_000_000_000));
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
