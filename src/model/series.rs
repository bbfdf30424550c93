//! The figures of the run in buckets of 250 ms. The sparklines show them.

use super::group::slice_lateness;
use super::hist::{Hist, Percentiles};
use crate::record::{Nanos, Repetition, RunInstant, Slice};
use std::collections::VecDeque;

/// The duration of one bucket.
pub const SERIES_BUCKET: Nanos = Nanos::from_millis(250);

/// The maximum number of buckets kept, which cover the last ten minutes.
pub(super) const MAX_BUCKETS: usize = 2400;

/// The figures of one bucket of the series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SeriesPoint {
    /// The first instant of the bucket. A bucket covers [`SERIES_BUCKET`].
    pub from: RunInstant,
    /// The number of slices that ended, per second.
    pub polls_per_s: f64,
    /// The number of repetitions that ended, per second.
    pub repetitions_per_s: f64,
    /// The distribution of the delays of the slices that ended. The percentiles have an error of at
    /// most 10 %.
    pub delay: Percentiles,
    /// The distribution of the lateness of the slices that ended. The percentiles have an error of
    /// at most 10 %.
    pub lateness: Percentiles,
    /// The average number of lanes that are held by a task. Blocking threads are not counted.
    pub busy_lanes: f64,
    /// The average number of blocking threads that compute.
    pub computing_threads: f64,
    /// The average number of queued tasks.
    pub queued_tasks: f64,
}

/// The waits of tasks that have been woken, if no record contains these waits yet. The sums of the
/// buckets must include them.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenQueue {
    /// When the waits began.
    begins: Vec<RunInstant>,
    /// For the waits that have ended: the instants at which their tasks began to run.
    ends: Vec<RunInstant>,
}

impl OpenQueue {
    pub(super) fn clear(&mut self) {
        self.begins.clear();
        self.ends.clear();
    }

    /// Adds a wait that goes on.
    pub(super) fn add(&mut self, from: RunInstant) {
        self.begins.push(from);
    }

    /// Adds a wait that has ended, although no record contains it yet.
    pub(super) fn add_ended(&mut self, from: RunInstant, to: RunInstant) {
        self.begins.push(from);
        self.ends.push(to);
    }

    /// Returns the waiting time within a span, summed over the waits.
    pub(super) fn times(&self) -> impl Fn(RunInstant, RunInstant) -> Nanos + use<> {
        let (begins, ends) = (TimesSince::new(&self.begins), TimesSince::new(&self.ends));
        move |from, to| begins.within(from, to) - ends.within(from, to)
    }
}

/// Some instants. For a span and each instant, computes the time of the span that lies after the
/// instant, and adds these times up. An answer takes two binary searches.
struct TimesSince {
    /// In ascending order.
    instants: Vec<u64>,
    /// The sums of the first 0, 1, 2, … instants.
    sums: Vec<u128>,
}

impl TimesSince {
    fn new(instants: &[RunInstant]) -> TimesSince {
        let mut instants: Vec<u64> = instants.iter().map(|at| at.0).collect();
        instants.sort_unstable();
        let mut sum = 0;
        let sums = instants.iter().map(|&at| {
            sum += u128::from(at);
            sum
        });
        TimesSince {
            sums: std::iter::once(0).chain(sums).collect(),
            instants,
        }
    }

    fn within(&self, from: RunInstant, to: RunInstant) -> Nanos {
        let before = |at: RunInstant| self.instants.partition_point(|&instant| instant < at.0);
        let (all, part) = (before(from), before(to));
        let whole = all as u128 * u128::from((to - from).0);
        let partly = (part - all) as u128 * u128::from(to.0) - (self.sums[part] - self.sums[all]);
        Nanos(u64::try_from(whole + partly).unwrap_or(u64::MAX))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    polls: u64,
    finished: u64,
    busy: Nanos,
    computing: Nanos,
    queued: Nanos,
    delay: Hist,
    lateness: Hist,
}

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket {
            polls: 0,
            finished: 0,
            busy: Nanos::ZERO,
            computing: Nanos::ZERO,
            queued: Nanos::ZERO,
            delay: Hist::coarse(),
            lateness: Hist::coarse(),
        }
    }
}

/// The buckets kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    /// The number of the oldest bucket kept, counted from the run's start.
    first: u64,
    buckets: VecDeque<Bucket>,
}

impl Series {
    /// Returns the bucket that contains `at`; `None` if that bucket was dropped already. Adds all
    /// missing buckets up to `at`, and drops the oldest buckets beyond [`MAX_BUCKETS`].
    fn bucket(&mut self, at: RunInstant) -> Option<&mut Bucket> {
        let number = at.0 / SERIES_BUCKET.0;
        let ahead = usize::try_from(number.checked_sub(self.first)?).ok()?;
        if ahead >= self.buckets.len() + MAX_BUCKETS {
            self.buckets.clear();
            self.first = number;
        }
        while self.first + self.buckets.len() as u64 <= number {
            self.buckets.push_back(Bucket::default());
        }
        while self.buckets.len() > MAX_BUCKETS {
            self.buckets.pop_front();
            self.first += 1;
        }
        self.buckets.get_mut((number - self.first) as usize)
    }

    /// Adds empty buckets up to `now`.
    pub(super) fn advance_to(&mut self, now: RunInstant) {
        self.bucket(now);
    }

    /// Adds a slice and the time in which its task was queued before it. `is_busy`: the lane is not
    /// a blocking thread, so the slice keeps it busy.
    pub(super) fn slice(&mut self, slice: &Slice, is_busy: bool) {
        let end = slice.start + slice.len.get();
        let woken = slice.start - slice.queued.get();
        let is_in_one_bucket = woken.0 / SERIES_BUCKET.0 == end.0 / SERIES_BUCKET.0;
        if let Some(bucket) = self.bucket(end) {
            bucket.polls += 1;
            if let Some((delay, lateness)) = slice_lateness(slice).delay_and_lateness() {
                bucket.delay.record(delay);
                bucket.lateness.record(lateness);
            }
            if is_in_one_bucket {
                bucket.queued += slice.start - woken;
                bucket.busy += if is_busy { end - slice.start } else { Nanos::ZERO };
            }
        }
        if !is_in_one_bucket {
            self.queued(woken, slice.start);
            if is_busy {
                self.add(slice.start, end, |bucket, time| bucket.busy += time);
            }
        }
    }

    /// Adds a time in which a task computed on a blocking thread.
    pub(super) fn computing(&mut self, from: RunInstant, to: RunInstant) {
        self.add(from, to, |bucket, time| bucket.computing += time);
    }

    /// Adds a time in which a task was queued.
    pub(super) fn queued(&mut self, from: RunInstant, to: RunInstant) {
        self.add(from, to, |bucket, time| bucket.queued += time);
    }

    /// Takes back a time that was added by [`queued`](Series::queued).
    pub(super) fn not_queued(&mut self, from: RunInstant, to: RunInstant) {
        self.add(from, to, |bucket, time| bucket.queued = bucket.queued - time);
    }

    /// Calls `add` with the buckets in which the parts of `from..to` lie, and with the lengths of
    /// these parts.
    fn add(&mut self, from: RunInstant, to: RunInstant, add: impl Fn(&mut Bucket, Nanos)) {
        let oldest = RunInstant::new(self.first * SERIES_BUCKET.0);
        let mut at = from.max(oldest);
        while at < to {
            let next = RunInstant::new((at.0 / SERIES_BUCKET.0 + 1) * SERIES_BUCKET.0).min(to);
            if let Some(bucket) = self.bucket(at) {
                add(bucket, next - at);
            }
            at = next;
        }
    }

    pub(super) fn repetition(&mut self, repetition: &Repetition) {
        if let Some(bucket) = self.bucket(repetition.start + repetition.len.get()) {
            bucket.finished += 1;
        }
    }

    /// The figures of the buckets kept, oldest first. For a span, `still_busy`, `still_computing`
    /// and `still_queued` return the parts of the busy times of [`slice`](Series::slice), and of the
    /// times of [`computing`](Series::computing) and [`queued`](Series::queued), that no record
    /// contains yet.
    pub(super) fn points(
        &self,
        now: RunInstant,
        still_busy: impl Fn(RunInstant, RunInstant) -> Nanos,
        still_computing: impl Fn(RunInstant, RunInstant) -> Nanos,
        still_queued: impl Fn(RunInstant, RunInstant) -> Nanos,
    ) -> impl DoubleEndedIterator<Item = SeriesPoint> + ExactSizeIterator {
        self.buckets.iter().enumerate().map(move |(index, bucket)| {
            let from = RunInstant::new((self.first + index as u64) * SERIES_BUCKET.0);
            let to = (from + SERIES_BUCKET).min(now.max(from + Nanos(1)));
            let seconds = (to - from).as_secs_f64();
            let busy = bucket.busy + still_busy(from, to);
            let computing = bucket.computing + still_computing(from, to);
            let queued = bucket.queued + still_queued(from, to);
            SeriesPoint {
                from,
                polls_per_s: bucket.polls as f64 / seconds,
                repetitions_per_s: bucket.finished as f64 / seconds,
                delay: bucket.delay.percentiles(),
                lateness: bucket.lateness.percentiles(),
                busy_lanes: busy.as_secs_f64() / seconds,
                computing_threads: computing.as_secs_f64() / seconds,
                queued_tasks: queued.as_secs_f64() / seconds,
            }
        })
    }
}
