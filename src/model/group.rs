//! A group of tasks: what all of them together have done.

use super::hist::{Hist, Percentiles};
use super::state::{State, StateTimes, TaskCounts};
use super::task::PresentState;
use super::totals::GroupTotals;
use crate::record::{GroupId, Nanos, Outcome, Reason, Repetition, RunInstant, Slice};

/// A group of the run.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its identity.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// A library spawned its tasks, not the scenario.
    pub library: bool,
    /// Tasks so far.
    pub spawned: u64,
    /// Repetitions that are over by how, in the order of [`Outcome::ALL`]; those whose records were lost are counted, but have no length
    /// and no task.
    pub repetitions: [u64; Outcome::ALL.len()],
    /// Slices so far.
    pub polls: u64,
    /// Tasks that nobody waited for any more, though somebody had.
    pub orphaned: u64,
    /// Tasks that failed, timed out or panicked when nobody was left to hear of it.
    pub failures_lost: u64,
    /// What tokio-metrics has said since the run's start; `None` where it was not asked.
    pub totals: Option<GroupTotals>,
    /// Of its tasks, up to the ends of their last slices.
    pub(super) closed_times: StateTimes,
    /// What its tasks do after their last slices.
    pub(super) present: PresentTotals,
    /// When its first task was spawned.
    first_spawn: Option<RunInstant>,
    /// When the last of its tasks that are over ended.
    last_end: RunInstant,
    poll: Hist,
    delay: Hist,
    lateness: Hist,
    repetition: Hist,
}

impl Group {
    pub(super) fn new(id: GroupId, name: String, library: bool) -> Group {
        Group {
            id,
            name,
            library,
            spawned: 0,
            repetitions: [0; Outcome::ALL.len()],
            polls: 0,
            orphaned: 0,
            failures_lost: 0,
            totals: None,
            closed_times: StateTimes::default(),
            present: PresentTotals::default(),
            first_spawn: None,
            last_end: RunInstant::ZERO,
            poll: Hist::fine(),
            delay: Hist::fine(),
            lateness: Hist::fine(),
            repetition: Hist::fine(),
        }
    }

    /// Lengths of its tasks' slices.
    pub fn poll_time(&self) -> Percentiles {
        self.poll.percentiles()
    }

    /// From the wake-up to running, of the slices whose wake-up was seen.
    pub fn delay(&self) -> Percentiles {
        self.delay.percentiles()
    }

    /// From ready (where that is not known: from the wake-up) to running, of the slices whose wake-up was seen.
    pub fn lateness(&self) -> Percentiles {
        self.lateness.percentiles()
    }

    /// Lengths of its tasks' repetitions.
    pub fn repetition_time(&self) -> Percentiles {
        self.repetition.percentiles()
    }

    /// How many of its tasks are in each state now.
    pub fn counts(&self) -> TaskCounts {
        self.present.counts()
    }

    /// From the first spawn to the last end, or to `now` while a task is alive.
    pub(super) fn span(&self, now: RunInstant) -> Nanos {
        let end = if self.counts().alive() > 0 { now } else { self.last_end };
        self.first_spawn.map_or(Nanos::ZERO, |first| end - first)
    }

    /// Its share of what several groups have in common.
    pub(super) fn pool(&self, repetition: &mut Hist, delay: &mut Hist, lateness: &mut Hist) {
        repetition.add(&self.repetition);
        delay.add(&self.delay);
        lateness.add(&self.lateness);
    }

    pub(super) fn spawned_at(&mut self, at: RunInstant) {
        self.first_spawn = Some(self.first_spawn.map_or(at, |first| first.min(at)));
    }

    pub(super) fn ended_at(&mut self, at: RunInstant) {
        self.last_end = self.last_end.max(at);
    }

    /// A task turns out to be one of its own.
    pub(super) fn add_task(&mut self, present_state: &PresentState, times: StateTimes) {
        self.spawned += 1;
        self.closed_times += times;
        self.present.add(present_state);
    }

    /// A task turns out to be another group's.
    pub(super) fn remove_task(&mut self, present_state: &PresentState, times: StateTimes) {
        self.spawned -= 1;
        self.closed_times -= times;
        self.present.remove(present_state);
    }

    pub(super) fn record(&mut self, slice: &Slice) {
        self.polls += 1;
        self.poll.record(slice.len.get());
        if let Some((delay, lateness)) = waits(slice) {
            self.delay.record(delay);
            self.lateness.record(lateness);
        }
    }

    /// So many repetitions are over, without their lengths. A worker from elsewhere may claim any number.
    pub(super) fn count_repetitions(&mut self, outcome: Outcome, count: u64) {
        let known = &mut self.repetitions[outcome as usize];
        *known = known.saturating_add(count);
    }

    pub(super) fn repeat(&mut self, repetition: &Repetition) {
        self.count_repetitions(repetition.outcome, 1);
        self.repetition.record(repetition.len.get());
    }
}

/// Several groups taken together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overall {
    /// Repetitions that are over by how, in the order of [`Outcome::ALL`].
    pub repetitions: [u64; Outcome::ALL.len()],
    /// Lengths of repetitions.
    pub repetition_time: Percentiles,
    /// From the wake-up to running.
    pub delay: Percentiles,
    /// From ready to running.
    pub lateness: Percentiles,
}

/// A slice's delay and lateness, where its wake-up was seen.
pub(super) fn waits(slice: &Slice) -> Option<(Nanos, Nanos)> {
    let (queued, unnoticed) = (slice.queued.get(), slice.unnoticed.get());
    (queued + unnoticed > Nanos::ZERO).then(|| (queued, queued + unnoticed))
}

/// How many tasks are at rest after their last slices, by what they wait for, and since when, in sum; and how many are over.
///
/// The sum makes "how long have they all been waiting" one multiplication, however many they are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PresentTotals {
    count: [u64; Reason::ALL.len()],
    since: [u128; Reason::ALL.len()],
    ended: [u64; Outcome::ALL.len()],
    /// Of the tasks that are over, from the ends of their last slices to their own.
    rested: StateTimes,
    /// Of the tasks that do something else than rest.
    pub live: StateTimes,
    pub live_counts: TaskCounts,
}

impl PresentTotals {
    #[inline]
    pub fn add(&mut self, task: &PresentState) {
        let reason = task.wait.reason as usize;
        match task.ended {
            None => {
                self.count[reason] += 1;
                self.since[reason] += u128::from(task.wait.since.0);
            }
            Some((over, outcome)) => {
                self.ended[outcome as usize] += 1;
                self.rested += task.wait.times(over);
            }
        }
    }

    #[inline]
    pub fn remove(&mut self, task: &PresentState) {
        let reason = task.wait.reason as usize;
        match task.ended {
            None => {
                self.count[reason] -= 1;
                self.since[reason] -= u128::from(task.wait.since.0);
            }
            Some((over, outcome)) => {
                self.ended[outcome as usize] -= 1;
                self.rested -= task.wait.times(over);
            }
        }
    }

    /// The task's last slice moves what it rests on from one to the other.
    #[inline]
    pub fn replace(&mut self, before: &PresentState, after: &PresentState) {
        self.remove(before);
        self.add(after);
    }

    /// Time since their last slices, up to `now`.
    pub fn times(&self, now: RunInstant) -> StateTimes {
        let mut times = self.live;
        times += self.rested;
        for reason in Reason::ALL {
            let (count, since) = (self.count[reason as usize], self.since[reason as usize]);
            let all = (u128::from(count) * u128::from(now.0)).saturating_sub(since);
            times.add(
                State::between_slices(reason),
                Nanos(u64::try_from(all).unwrap_or(u64::MAX)),
            );
        }
        times
    }

    pub fn counts(&self) -> TaskCounts {
        let mut counts = self.live_counts;
        for reason in Reason::ALL {
            *counts.get_mut(State::between_slices(reason)) += self.count[reason as usize] as usize;
        }
        for outcome in Outcome::ALL {
            *counts.get_mut(State::Ended(outcome)) += self.ended[outcome as usize] as usize;
        }
        counts
    }
}
