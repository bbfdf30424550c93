//! How the run went, in buckets of a quarter of a second: what sparklines draw.

use super::group::waits;
use super::hist::{Hist, Percentiles};
use crate::record::{Nanos, Repetition, RunInstant, RuntimeSample, Slice};
use std::collections::VecDeque;

/// The length of one bucket.
pub const SERIES_BUCKET: Nanos = Nanos::from_millis(250);

/// Steps kept: the last ten minutes.
pub(super) const MAX_BUCKETS: usize = 2400;

/// One step of the series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SeriesPoint {
    /// Its first instant; it lasts [`SERIES_BUCKET`].
    pub from: RunInstant,
    /// Slices that ended, per second.
    pub polls_per_s: f64,
    /// Repetitions that ended, per second.
    pub repetitions_per_s: f64,
    /// From wake-up to running, within 10 %.
    pub delay: Percentiles,
    /// From ready to running, within 10 %.
    pub lateness: Percentiles,
    /// How many lanes, of those on which tasks are at home, a task held on average.
    pub busy_lanes: f64,
    /// What stood in tokio's queues; `None`: nobody was there to ask, or nobody asked.
    pub queues: Option<Queues>,
}

/// What stood in tokio's queues when they were last sampled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queues {
    /// Tasks in the injection queue.
    pub global: usize,
    /// Tasks in the workers' own queues.
    pub local: usize,
    /// Jobs waiting for a blocking thread.
    pub blocking: usize,
}

impl Queues {
    /// All together.
    pub fn total(self) -> usize {
        self.global + self.local + self.blocking
    }
}

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    polls: u64,
    finished: u64,
    busy: Nanos,
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
            delay: Hist::coarse(),
            lateness: Hist::coarse(),
            queues: None,
        }
    }
}

/// The buckets kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    /// The number of the oldest step kept, counted from the run's start.
    first: u64,
    buckets: VecDeque<Bucket>,
}

impl Series {
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

    pub fn advance_to(&mut self, now: RunInstant) {
        self.bucket(now);
    }

    pub fn slice(&mut self, slice: &Slice, worker: bool) {
        let end = slice.start + slice.len.get();
        if let Some(bucket) = self.bucket(end) {
            bucket.polls += 1;
            if let Some((delay, lateness)) = waits(slice) {
                bucket.delay.record(delay);
                bucket.lateness.record(lateness);
            }
        }
        if worker {
            let oldest = RunInstant::new(self.first * SERIES_BUCKET.0);
            let mut at = slice.start.max(oldest);
            while at < end {
                let next = RunInstant::new((at.0 / SERIES_BUCKET.0 + 1) * SERIES_BUCKET.0).min(end);
                if let Some(bucket) = self.bucket(at) {
                    bucket.busy += next - at;
                }
                at = next;
            }
        }
    }

    pub fn repetition(&mut self, repetition: &Repetition) {
        if let Some(bucket) = self.bucket(repetition.start + repetition.len.get()) {
            bucket.finished += 1;
        }
    }

    pub fn runtime(&mut self, sample: &RuntimeSample) {
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

    /// The buckets kept, oldest first. `still_busy` tells how much of a span the slices fill that have not ended yet.
    pub fn points(
        &self,
        now: RunInstant,
        still_busy: impl Fn(RunInstant, RunInstant) -> Nanos,
    ) -> impl DoubleEndedIterator<Item = SeriesPoint> + ExactSizeIterator {
        self.buckets.iter().enumerate().map(move |(at, bucket)| {
            let from = RunInstant::new((self.first + at as u64) * SERIES_BUCKET.0);
            let to = (from + SERIES_BUCKET).min(now.max(from + Nanos(1)));
            let seconds = (to - from).as_secs_f64();
            let busy = bucket.busy + still_busy(from, to);
            SeriesPoint {
                from,
                polls_per_s: bucket.polls as f64 / seconds,
                repetitions_per_s: bucket.finished as f64 / seconds,
                delay: bucket.delay.percentiles(),
                lateness: bucket.lateness.percentiles(),
                busy_lanes: busy.as_secs_f64() / seconds,
                queues: bucket.queues.map(|(_, queues)| queues),
            }
        })
    }
}
