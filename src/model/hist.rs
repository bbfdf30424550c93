//! A distribution of durations over the whole run.

use crate::record::Nanos;

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
///
/// Between two powers of two, all buckets are equally wide. For `bits = 3`, the buckets begin at:
///
/// ```text
///   0 1 2 3 4 5 6 7   8 9 10 11 12 13 14 15   16 18 20 22 24 26 28 30   32 36 40 …
///   └─ width 1 ───────────────────────────┘   └─ width 2 ─────────┘     └─ width 4
/// ```
///
/// So the width of a bucket is at most 2^−`bits` of the durations in the bucket. This is the layout
/// of [HdrHistogram](http://hdrhistogram.org). The model records several durations per slice,
/// so `record` is short enough to be inlined.
#[derive(Clone, Debug)]
pub(super) struct Hist {
    bits: u32,
    /// The number of durations in each bucket, up to the longest duration. The numbers saturate.
    buckets: Vec<u32>,
    count: u64,
    max: Nanos,
}

impl Hist {
    /// Creates a histogram whose percentiles have an error of at most 1 %. The histogram takes 18
    /// KB if the longest duration is an hour.
    pub(super) fn fine() -> Hist {
        Hist::new(7)
    }

    /// Creates a histogram whose percentiles have an error of at most 10 %. The histogram takes 3
    /// KB if the longest duration is an hour. The sparklines need thousands of these histograms.
    pub(super) fn coarse() -> Hist {
        Hist::new(4)
    }

    fn new(bits: u32) -> Hist {
        Hist {
            bits,
            buckets: Vec::new(),
            count: 0,
            max: Nanos::ZERO,
        }
    }

    /// The base-2 logarithm of the width of the bucket that contains `length`.
    #[inline]
    fn width_log2(&self, length: u64) -> u32 {
        let bits_needed = u64::BITS - length.leading_zeros();
        bits_needed.saturating_sub(self.bits + 1)
    }

    #[inline]
    pub(super) fn record(&mut self, length: Nanos) {
        self.count += 1;
        self.max = self.max.max(length);
        let length = length.min(Nanos::BOUND).0;
        let width = self.width_log2(length);
        let index = ((width as usize) << self.bits) + (length >> width) as usize;
        if index >= self.buckets.len() {
            self.grow(index);
        }
        self.buckets[index] = self.buckets[index].saturating_add(1);
    }

    /// Adds buckets up to `index`, and up to the next power of two.
    #[cold]
    fn grow(&mut self, index: usize) {
        let buckets = ((index >> self.bits) + 1) << self.bits;
        self.buckets.reserve_exact(buckets - self.buckets.len());
        self.buckets.resize(buckets, 0);
    }

    /// The longest duration that belongs to the bucket `index`.
    fn longest(&self, index: usize) -> Nanos {
        let width = (index >> self.bits).saturating_sub(1);
        let first = (index - (width << self.bits)) as u64;
        Nanos(((first + 1) << width) - 1)
    }

    /// The number of recorded durations.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds all durations of `other`. Both histograms must have the same precision.
    pub(super) fn add(&mut self, other: &Hist) {
        debug_assert_eq!(self.bits, other.bits, "the buckets are the same");
        self.count += other.count;
        self.max = self.max.max(other.max);
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (sum, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum = sum.saturating_add(*more);
        }
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
        let mut buckets = self.buckets.iter().enumerate();
        let (mut seen, mut last) = (0, 0);
        // The shares are in ascending order, so one pass over the buckets is enough.
        let mut at = |share: f64| {
            let rank = (self.count as f64 * share).ceil() as u64;
            while seen < rank
                && let Some((index, &count)) = buckets.next()
            {
                seen += u64::from(count);
                last = index;
            }
            self.longest(last).min(self.max)
        };
        Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            count: self.count,
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
    fn each_duration_is_in_a_bucket_whose_bounds_contain_it() {
        for bits in [4, 7] {
            let edges = (0..=56).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + (1 << bit >> 1)]);
            for length in edges.filter(|&length| length <= Nanos::BOUND.0) {
                let mut hist = Hist::new(bits);
                hist.record(Nanos(length));
                let index = hist.buckets.iter().position(|&count| count == 1).expect("one duration");
                let shortest = index.checked_sub(1).map_or(0, |before| hist.longest(before).0 + 1);
                assert!(
                    (shortest..=hist.longest(index).0).contains(&length),
                    "{length} in {index}"
                );
                assert!(
                    hist.longest(index).0 - shortest <= length >> bits,
                    "{length} in {index}"
                );
            }
        }
    }

    #[test]
    fn an_empty_distribution_has_zeros_only() {
        assert_eq!(Hist::fine().percentiles(), Percentiles::default());
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
