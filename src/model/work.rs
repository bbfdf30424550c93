//! Useful and wasted work.
//!
//! *Work* is the time in which tasks held a thread: running and blocking. The end of a repetition
//! decides what the work since the previous end was for:
//!
//! ```text
//!   slices       ▐██▌   ▐███▌      ▐█████▌   ▐█▌    ▐██▌
//!   repetitions  ├── completed ──┤├ timed out ┤├─ open …
//!   work          useful           wasted       open
//! ```
//!
//! The record of a repetition arrives before the record of the slice in which the repetition ended.
//! So its end is kept until that slice has arrived. The end of the task decides about the work of a
//! task that does not repeat, such as offloaded work.

use crate::record::{Nanos, Outcome, RunInstant};
use strum::VariantArray;

/// What the work of a repetition was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, VariantArray)]
#[repr(u8)]
pub enum Fate {
    /// The repetition completed, and a task or the scenario could use the result.
    Useful,
    /// The repetition ended, but the task that had waited for its result no longer waited.
    Orphaned,
    /// The repetition timed out.
    TimedOut,
    /// The repetition was cancelled.
    Cancelled,
    /// A step failed.
    Failed,
    /// A step panicked.
    Panicked,
    /// The process that ran the task died.
    Lost,
}

impl Fate {
    /// The fate of the work of a repetition or a task with this outcome. `None` if tokio does not
    /// report how a task of a library ended.
    pub(super) fn of(outcome: Outcome, is_orphan: bool) -> Option<Fate> {
        if is_orphan {
            return Some(Fate::Orphaned);
        }
        Some(match outcome {
            Outcome::Completed => Fate::Useful,
            Outcome::Failed | Outcome::UnobservedFailure => Fate::Failed,
            Outcome::Cancelled | Outcome::NeverStarted => Fate::Cancelled,
            Outcome::TimedOut => Fate::TimedOut,
            Outcome::Panicked => Fate::Panicked,
            Outcome::Lost => Fate::Lost,
            Outcome::Unknown => return None,
        })
    }
}

/// Work and repetitions by their fate, in the order of [`Fate::VARIANTS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WorkSums {
    /// The times in which the tasks held a thread.
    pub times: [Nanos; Fate::VARIANTS.len()],
    /// The numbers of repetitions.
    pub repetitions: [u64; Fate::VARIANTS.len()],
}

impl WorkSums {
    pub(super) fn add(&mut self, other: &WorkSums) {
        let times = self.times.iter_mut().zip(other.times);
        times.for_each(|(sum, time)| *sum += time);
        let counts = self.repetitions.iter_mut().zip(other.repetitions);
        counts.for_each(|(sum, count)| *sum = u64::saturating_add(*sum, count));
    }

    /// The work whose fate is known.
    pub fn decided(&self) -> Nanos {
        self.times.iter().copied().sum()
    }
}

/// The work of one task. Each slice reads only the first field.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub(super) struct TaskWork {
    /// The last end of a repetition. `RunInstant::MAX` after the end of the task.
    until: RunInstant,
    /// The work whose fate is known.
    decided: Nanos,
    /// The part of `decided` that the last repetition did.
    of_last: Nanos,
    /// The fate of the work that ended at `until`.
    fate: Option<Fate>,
    /// Whether a repetition ended at `until`, or before the end of the task.
    has_repetition: bool,
    /// The earlier ends of repetitions within the slice that has not been recorded yet.
    earlier: Vec<(RunInstant, Fate)>,
}

impl TaskWork {
    /// Loads the field that a slice reads into the cache, see `Model::prefetch`. Ignore the result.
    #[inline]
    pub(super) fn prefetch(&self) -> u64 {
        self.until.0
    }

    /// A repetition ended at `at`. `held` is the total length of the task's recorded slices.
    pub(super) fn repetition(&mut self, at: RunInstant, fate: Option<Fate>, held: Nanos, sums: &mut WorkSums) {
        let Some(fate) = fate else { return };
        // A worker process of another program may report any number of repetitions.
        let count = &mut sums.repetitions[fate as usize];
        *count = count.saturating_add(1);
        if self.until == RunInstant::MAX {
            return;
        }
        self.of_last = Nanos::ZERO;
        self.has_repetition = true;
        self.end(at, fate, held, sums);
    }

    /// The task ended. `held` is as for [`repetition`](TaskWork::repetition).
    pub(super) fn ended(&mut self, fate: Option<Fate>, held: Nanos, sums: &mut WorkSums) {
        if let Some(fate) = fate {
            if self.fate != Some(fate) {
                (self.of_last, self.has_repetition) = (Nanos::ZERO, false);
            }
            self.end(RunInstant::MAX, fate, held, sums);
        }
    }

    fn end(&mut self, at: RunInstant, fate: Fate, held: Nanos, sums: &mut WorkSums) {
        if let Some(last) = self.fate.filter(|last| *last != fate) {
            self.earlier.push((self.until, last));
        }
        self.fate = Some(fate);
        self.until = self.until.max(at);
        self.decide(fate, held - self.decided, sums);
    }

    fn decide(&mut self, fate: Fate, time: Nanos, sums: &mut WorkSums) {
        self.decided += time;
        sums.times[fate as usize] += time;
        if self.fate == Some(fate) {
            self.of_last += time;
        }
    }

    /// A slice was recorded, which held a thread for `held`. Decides about the part before the last
    /// end of a repetition.
    #[inline]
    pub(super) fn slice(&mut self, start: RunInstant, end: RunInstant, held: Nanos, sums: &mut WorkSums) {
        if start < self.until {
            self.slice_with_end(start, end, held, sums);
        }
    }

    fn slice_with_end(&mut self, start: RunInstant, end: RunInstant, held: Nanos, sums: &mut WorkSums) {
        let earlier = std::mem::take(&mut self.earlier);
        let (mut from, mut left) = (start, held);
        let last = self.fate.map(|fate| (self.until, fate));
        for (until, fate) in earlier.iter().copied().chain(last) {
            let to = until.min(end);
            if to > from {
                let time = (to - from).min(left);
                self.decide(fate, time, sums);
                (from, left) = (to, left - time);
            }
        }
        if earlier.iter().any(|(until, _)| *until > end) {
            self.earlier = earlier;
        }
    }

    /// Some slices of a task were lost, so sums up to `until` replaced the slices that arrived.
    /// `held` is the total length of the task's recorded and lost slices.
    pub(super) fn lost(&mut self, until: RunInstant, held: Nanos, sums: &mut WorkSums) {
        if let Some(fate) = self.fate.filter(|_| until <= self.until) {
            self.decide(fate, held - self.decided, sums);
        }
    }

    /// The record of the orphaning arrived after the record of a repetition's end. No task could
    /// use the result of this repetition.
    pub(super) fn orphaned(&mut self, at: RunInstant, ended_at: Option<RunInstant>, sums: &mut WorkSums) {
        let end = if self.until == RunInstant::MAX {
            ended_at
        } else {
            Some(self.until)
        };
        if self.fate != Some(Fate::Useful) || end.is_none_or(|end| end < at) {
            return;
        }
        self.fate = Some(Fate::Orphaned);
        let (useful, orphaned) = (Fate::Useful as usize, Fate::Orphaned as usize);
        sums.times[useful] = sums.times[useful] - self.of_last;
        sums.times[orphaned] += self.of_last;
        if self.has_repetition {
            sums.repetitions[useful] -= 1;
            sums.repetitions[orphaned] += 1;
        }
    }

    /// For a slice that began at `start` and has not been recorded: the part whose fate is known,
    /// and this fate.
    pub(super) fn of_open_slice(&self, start: RunInstant, now: RunInstant) -> Option<(Fate, Nanos)> {
        let fate = self.fate.filter(|_| start < self.until)?;
        Some((fate, self.until.min(now) - start))
    }
}
