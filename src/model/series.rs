//! How the run went, in steps of a quarter of a second: what sparklines draw.

use super::group::waits;
use super::hist::{Hist, Percentiles};
use crate::record::{Nanos, Repetition, RuntimeSample, Slice};
use std::collections::VecDeque;

/// The length of one step.
pub const STEP: Nanos = Nanos::from_millis(250);

/// Steps kept: the last ten minutes.
pub(super) const KEPT: usize = 2400;

/// One step of the series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// Its first instant; it lasts [`STEP`].
    pub from: Nanos,
    /// Slices that ended, per second.
    pub polls_per_s: f64,
    /// Repetitions that ended, per second.
    pub finished_per_s: f64,
    /// From wake-up to running, within 10 %.
    pub delay: Percentiles,
    /// From ready to running, within 10 %.
    pub lateness: Percentiles,
    /// How many lanes, of those on which tasks are at home, a task held on average.
    pub held: f64,
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
pub(super) struct Step {
    polls: u64,
    finished: u64,
    busy: Nanos,
    delay: Hist,
    lateness: Hist,
    queues: Option<(Nanos, Queues)>,
}

impl Default for Step {
    fn default() -> Step {
        Step {
            polls: 0,
            finished: 0,
            busy: Nanos::ZERO,
            delay: Hist::coarse(),
            lateness: Hist::coarse(),
            queues: None,
        }
    }
}

/// The steps kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    /// The number of the oldest step kept, counted from the run's start.
    first: u64,
    steps: VecDeque<Step>,
}

impl Series {
    fn step(&mut self, at: Nanos) -> Option<&mut Step> {
        let number = at.0 / STEP.0;
        let ahead = usize::try_from(number.checked_sub(self.first)?).ok()?;
        if ahead >= self.steps.len() + KEPT {
            self.steps.clear();
            self.first = number;
        }
        while self.first + self.steps.len() as u64 <= number {
            self.steps.push_back(Step::default());
        }
        while self.steps.len() > KEPT {
            self.steps.pop_front();
            self.first += 1;
        }
        self.steps.get_mut((number - self.first) as usize)
    }

    pub fn reach(&mut self, now: Nanos) {
        self.step(now);
    }

    pub fn slice(&mut self, slice: &Slice, worker: bool) {
        let end = slice.start + slice.len.get();
        if let Some(step) = self.step(end) {
            step.polls += 1;
            if let Some((delay, lateness)) = waits(slice) {
                step.delay.record(delay);
                step.lateness.record(lateness);
            }
        }
        if worker {
            let oldest = Nanos(self.first * STEP.0);
            let mut at = slice.start.max(oldest);
            while at < end {
                let next = Nanos((at.0 / STEP.0 + 1) * STEP.0).min(end);
                if let Some(step) = self.step(at) {
                    step.busy += next - at;
                }
                at = next;
            }
        }
    }

    pub fn repetition(&mut self, repetition: &Repetition) {
        if let Some(step) = self.step(repetition.start + repetition.len.get()) {
            step.finished += 1;
        }
    }

    pub fn runtime(&mut self, sample: &RuntimeSample) {
        if let Some(step) = self.step(sample.at)
            && step.queues.is_none_or(|(at, _)| at <= sample.at)
        {
            step.queues = Some((
                sample.at,
                Queues {
                    global: sample.global_queue,
                    local: sample.local_queue,
                    blocking: sample.blocking_queue,
                },
            ));
        }
    }

    /// The steps kept, oldest first. `still_busy` tells how much of a span the slices fill that have not ended yet.
    pub fn points(
        &self,
        now: Nanos,
        still_busy: impl Fn(Nanos, Nanos) -> Nanos,
    ) -> impl DoubleEndedIterator<Item = Point> + ExactSizeIterator {
        self.steps.iter().enumerate().map(move |(at, step)| {
            let from = Nanos((self.first + at as u64) * STEP.0);
            let to = (from + STEP).min(now.max(from + Nanos(1)));
            let seconds = (to - from).as_secs_f64();
            let busy = step.busy + still_busy(from, to);
            Point {
                from,
                polls_per_s: step.polls as f64 / seconds,
                finished_per_s: step.finished as f64 / seconds,
                delay: step.delay.percentiles(),
                lateness: step.lateness.percentiles(),
                held: busy.as_secs_f64() / seconds,
                queues: step.queues.map(|(_, queues)| queues),
            }
        })
    }
}
