//! The figures of the run in buckets of 250 ms. The sparklines show them.

use super::group::slice_lateness;
use super::hist::{Hist, Percentiles};
use crate::record::{Nanos, Repetition, RunInstant, RuntimeSample, Slice};
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
    /// The lengths of tokio's queues; `None` if the executor is not tokio, or if the bucket
    /// contains no sample.
    pub queues: Option<Queues>,
}

/// The lengths of tokio's queues in one sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queues {
    /// The number of tasks in the global queue.
    pub global: usize,
    /// The number of tasks in the workers' own queues.
    pub local: usize,
    /// The number of jobs that wait for a blocking thread.
    pub blocking: usize,
}

impl Queues {
    /// The sum of the three lengths.
    pub fn total(self) -> usize {
        self.global + self.local + self.blocking
    }
}

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    polls: u64,
    finished: u64,
    busy: Nanos,
    computing: Nanos,
    delay: Hist,
    lateness: Hist,
    queues: Option<(RunInstant, Queues)>,
}

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket {
            polls: 0,
            finished: 0,
            busy: Nanos::ZERO,
            computing: Nanos::ZERO,
            delay: Hist::coarse(),
            lateness: Hist::coarse(),
            queues: None,
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

    /// Adds a slice.
    pub(super) fn slice(&mut self, slice: &Slice) {
        let end = slice.start + slice.len.get();
        if let Some(bucket) = self.bucket(end) {
            bucket.polls += 1;
            if let Some((delay, lateness)) = slice_lateness(slice).delay_and_lateness() {
                bucket.delay.record(delay);
                bucket.lateness.record(lateness);
            }
        }
    }

    /// Adds a time in which a task held a lane that is not a blocking thread.
    pub(super) fn busy(&mut self, from: RunInstant, to: RunInstant) {
        self.add(from, to, |bucket| &mut bucket.busy);
    }

    /// Adds a time in which a task computed on a blocking thread.
    pub(super) fn computing(&mut self, from: RunInstant, to: RunInstant) {
        self.add(from, to, |bucket| &mut bucket.computing);
    }

    /// For each bucket that overlaps `from..to`, adds the overlap to `sum` of the bucket.
    fn add(&mut self, from: RunInstant, to: RunInstant, sum: fn(&mut Bucket) -> &mut Nanos) {
        let oldest = RunInstant::new(self.first * SERIES_BUCKET.0);
        let mut at = from.max(oldest);
        while at < to {
            let next = RunInstant::new((at.0 / SERIES_BUCKET.0 + 1) * SERIES_BUCKET.0).min(to);
            if let Some(bucket) = self.bucket(at) {
                *sum(bucket) += next - at;
            }
            at = next;
        }
    }

    pub(super) fn repetition(&mut self, repetition: &Repetition) {
        if let Some(bucket) = self.bucket(repetition.start + repetition.len.get()) {
            bucket.finished += 1;
        }
    }

    pub(super) fn runtime(&mut self, sample: &RuntimeSample) {
        if let Some(bucket) = self.bucket(sample.at)
            && bucket.queues.is_none_or(|(at, _)| at <= sample.at)
        {
            bucket.queues = Some((
                sample.at,
                Queues {
                    global: sample.global_queue,
                    local: sample.local_queue,
                    blocking: sample.blocking_queue,
                },
            ));
        }
    }

    /// The figures of the buckets kept, oldest first. `still_busy` and `still_computing` return the
    /// times within a span that open slices add to [`busy`](Series::busy) and
    /// [`computing`](Series::computing).
    pub(super) fn points(
        &self,
        now: RunInstant,
        still_busy: impl Fn(RunInstant, RunInstant) -> Nanos,
        still_computing: impl Fn(RunInstant, RunInstant) -> Nanos,
    ) -> impl DoubleEndedIterator<Item = SeriesPoint> + ExactSizeIterator {
        self.buckets.iter().enumerate().map(move |(index, bucket)| {
            let from = RunInstant::new((self.first + index as u64) * SERIES_BUCKET.0);
            let to = (from + SERIES_BUCKET).min(now.max(from + Nanos(1)));
            let seconds = (to - from).as_secs_f64();
            let busy = bucket.busy + still_busy(from, to);
            let computing = bucket.computing + still_computing(from, to);
            SeriesPoint {
                from,
                polls_per_s: bucket.polls as f64 / seconds,
                repetitions_per_s: bucket.finished as f64 / seconds,
                delay: bucket.delay.percentiles(),
                lateness: bucket.lateness.percentiles(),
                busy_lanes: busy.as_secs_f64() / seconds,
                computing_threads: computing.as_secs_f64() / seconds,
                queues: bucket.queues.map(|(_, queues)| queues),
            }
        })
    }
}
