//! A group of tasks: the sums, distributions and counts of all its tasks.

use super::hist::{Hist, Percentiles};
use super::present::{PresentState, PresentTotals};
use super::state::{StateTimes, TaskCounts};
use super::task::LiveTask;
use super::totals::GroupTotals;
use super::wait_state::Lateness;
use crate::record::{CompactDuration, GroupId, Nanos, Outcome, Reason, Repetition, RunInstant, Slice, Step};
use strum::VariantArray;

/// A group of the run.
#[derive(Clone, Debug)]
pub struct Group {
    /// The group's id.
    pub id: GroupId,
    /// The group's name.
    pub name: String,
    /// Whether a library spawned the group's tasks, and not the scenario.
    pub library: bool,
    /// The number of tasks so far, including branches.
    pub spawned: u64,
    /// How many of `spawned` are branches. A branch is not a task: a task polls its branches
    /// itself.
    pub branches: u64,
    /// The number of repetitions that have ended, by outcome, in the order of
    /// [`Outcome::VARIANTS`]. Repetitions whose records were lost are counted here, but not in
    /// [`repetition_time`](Group::repetition_time) and [`Task::repetitions`].
    ///
    /// [`Task::repetitions`]: super::Task::repetitions
    pub repetitions: [u64; Outcome::VARIANTS.len()],
    /// The number of tasks that were orphaned: another task waited for them and has stopped
    /// waiting.
    pub orphaned: u64,
    /// The number of tasks that failed, timed out or panicked while no other task waited for their
    /// result.
    pub failures_lost: u64,
    /// The time in which tasks blocked their threads, by reason. The reasons are in the order of
    /// [`Reason::VARIANTS`]. Only blocking steps that have ended are counted.
    ///
    /// [`Reason::VARIANTS`]: crate::record::Reason::VARIANTS
    pub(super) blocked_on: [Nanos; Reason::VARIANTS.len()],
    /// The number of sleeps that a runtime's timer has extended.
    pub sleeps: u64,
    /// The time that the timer added to these sleeps because it counts whole ticks.
    pub timer_rounding: Nanos,
    /// The totals of tokio-metrics since the run's start; `None` if tokio-metrics does not watch
    /// the group.
    pub totals: Option<GroupTotals>,
    /// The number of slices of the tasks whose records were lost.
    pub(super) lost: u64,
    /// The sum of the times of the tasks. The times of each task end with its last slice.
    pub(super) closed_times: StateTimes,
    /// The totals for the time after the last slice of each task.
    pub(super) present: PresentTotals,
    /// The slices and waits that have not ended.
    pub(super) open: OpenIntervals,
    /// The part of the running time in which the threads had no core, in the closed intervals
    /// between samples, see [`off_core`](super::off_core). `None` before the first interval has
    /// closed.
    pub(super) off_core: Option<Nanos>,
    /// When the first task was spawned.
    first_spawn: Option<RunInstant>,
    /// The latest end of a task so far.
    last_end: RunInstant,
    poll_time: Hist,
    delay: Hist,
    lateness: Hist,
    repetition_time: Hist,
}

impl Group {
    pub(super) fn new(id: GroupId, name: String, library: bool) -> Group {
        Group {
            id,
            name,
            library,
            spawned: 0,
            branches: 0,
            repetitions: [0; Outcome::VARIANTS.len()],
            orphaned: 0,
            failures_lost: 0,
            blocked_on: [Nanos::ZERO; Reason::VARIANTS.len()],
            sleeps: 0,
            timer_rounding: Nanos::ZERO,
            totals: None,
            lost: 0,
            closed_times: StateTimes::default(),
            present: PresentTotals::default(),
            open: OpenIntervals::default(),
            off_core: None,
            first_spawn: None,
            last_end: RunInstant::ZERO,
            poll_time: Hist::fine(),
            delay: Hist::fine(),
            lateness: Hist::fine(),
            repetition_time: Hist::fine(),
        }
    }

    /// The number of slices so far, including open and lost slices.
    pub fn polls(&self) -> u64 {
        self.recorded().saturating_add(self.lost)
    }

    /// The number of slices whose records have arrived, and of open slices.
    fn recorded(&self) -> u64 {
        self.poll_time.count() + self.open.slices.len() as u64
    }

    /// The sample of the slices that the distributions and timelines contain. `None` if they
    /// contain all slices.
    pub fn sampled(&self) -> Option<Sampled> {
        Sampled::new(self.recorded(), self.polls())
    }

    /// The distribution of the durations of the slices. A slice that has not ended counts with its
    /// duration up to now.
    pub fn poll_time(&self) -> Percentiles {
        self.poll_time.percentiles_with(self.open.slices.iter().copied())
    }

    /// The distribution of the delays of the slices whose wake-ups were recorded. The delay is the
    /// time from the wake-up to the start of the slice. A task that was woken and does not run yet
    /// counts with its delay up to now.
    pub fn delay(&self) -> Percentiles {
        self.delay.percentiles_with(self.open.waits.iter().map(|wait| wait.0))
    }

    /// The distribution of the lateness of the slices whose wake-ups were recorded. The lateness is
    /// the time from the instant at which the task was ready to the start of the slice. If that
    /// instant is not known, the instant of the wake-up is used. A task that is ready and does not
    /// run yet counts with its lateness up to now.
    pub fn lateness(&self) -> Percentiles {
        self.lateness
            .percentiles_with(self.open.waits.iter().map(|wait| wait.1))
    }

    /// The distribution of the durations of the repetitions whose records have arrived.
    pub fn repetition_time(&self) -> Percentiles {
        self.repetition_time.percentiles()
    }

    /// The number of tasks in each state now.
    pub fn counts(&self) -> TaskCounts {
        self.present.counts()
    }

    /// The time from the first spawn to the last end of a task. If a task is alive, the time from
    /// the first spawn to `now`.
    pub(super) fn span(&self, now: RunInstant) -> Nanos {
        let end = if self.counts().alive() > 0 { now } else { self.last_end };
        self.first_spawn.map_or(Nanos::ZERO, |first| end - first)
    }

    /// Adds the distributions of this group to distributions that cover several groups.
    pub(super) fn add_distributions_to(&self, repetition: &mut Hist, delay: &mut Hist, lateness: &mut Hist) {
        repetition.add(&self.repetition_time);
        delay.add(&self.delay);
        lateness.add(&self.lateness);
        for wait in &self.open.waits {
            delay.record(wait.0);
            lateness.record(wait.1);
        }
    }

    pub(super) fn note_spawn(&mut self, at: RunInstant) {
        self.first_spawn = Some(self.first_spawn.map_or(at, |first| first.min(at)));
    }

    pub(super) fn note_end(&mut self, at: RunInstant) {
        self.last_end = self.last_end.max(at);
    }

    /// Adds a task after a record has reported that the task belongs to this group.
    pub(super) fn add_task(&mut self, present_state: &PresentState, times: StateTimes) {
        self.spawned += 1;
        self.closed_times += times;
        self.present.add(present_state);
    }

    /// Removes a task after a record has reported that the task belongs to another group.
    pub(super) fn remove_task(&mut self, present_state: &PresentState, times: StateTimes) {
        self.spawned -= 1;
        self.closed_times -= times;
        self.present.remove(present_state);
    }

    pub(super) fn record_slice(&mut self, slice: &Slice) {
        self.poll_time.record(slice.len.get());
        self.record_wait(slice_lateness(slice));
    }

    /// Adds a wait that has ended.
    pub(super) fn record_wait(&mut self, wait: Lateness) {
        if let Some((delay, lateness)) = wait.delay_and_lateness() {
            self.delay.record(delay);
            self.lateness.record(lateness);
        }
    }

    pub(super) fn record_step(&mut self, step: &Step) {
        if step.blocking {
            self.blocked_on[step.blocked_on as usize] += step.len.get();
        }
        if step.timer_rounding > CompactDuration::ZERO {
            self.sleeps += 1;
            self.timer_rounding += step.timer_rounding.get();
        }
    }

    /// Counts repetitions whose durations are not known. A worker process of another program may
    /// report any number, so the sum saturates.
    pub(super) fn count_repetitions(&mut self, outcome: Outcome, count: u64) {
        let sum = &mut self.repetitions[outcome as usize];
        *sum = sum.saturating_add(count);
    }

    pub(super) fn record_repetition(&mut self, repetition: &Repetition) {
        self.count_repetitions(repetition.outcome, 1);
        self.repetition_time.record(repetition.len.get());
    }
}

/// A sample of the slices: some records were lost, because rings were full. Counts and times by
/// state do not depend on the sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sampled {
    /// The number of slices in the sample.
    pub slices: u64,
    /// The number of all slices.
    pub of: u64,
}

impl Sampled {
    /// Returns `None` if the sample contains all slices.
    fn new(slices: u64, of: u64) -> Option<Sampled> {
        (slices < of).then_some(Sampled { slices, of })
    }

    /// The combined sample of several groups.
    pub(super) fn of_groups<'a>(groups: impl Iterator<Item = &'a Group> + Clone) -> Option<Sampled> {
        let sum = |count: fn(&Group) -> u64| groups.clone().map(count).fold(0, u64::saturating_add);
        Sampled::new(sum(Group::recorded), sum(Group::polls))
    }
}

/// The combined distributions of several groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overall {
    /// The number of repetitions that have ended, by outcome, in the order of
    /// [`Outcome::VARIANTS`].
    pub repetitions: [u64; Outcome::VARIANTS.len()],
    /// The sample of the slices that the distributions contain. `None` if they contain all slices.
    pub sampled: Option<Sampled>,
    /// The distribution of the durations of the repetitions.
    pub repetition_time: Percentiles,
    /// The distribution of the delays, see [`Group::delay`].
    pub delay: Percentiles,
    /// The distribution of the lateness, see [`Group::lateness`].
    pub lateness: Percentiles,
}

/// The slices and waits of a group that have not ended. Each batch replaces them.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenIntervals {
    /// The durations of the slices up to now.
    slices: Vec<Nanos>,
    /// The delay and the lateness of each wait. For a task that holds a lane, this is the wait
    /// before its slice. For a task that is ready or woken, this is the wait up to now.
    waits: Vec<(Nanos, Nanos)>,
}

impl OpenIntervals {
    pub(super) fn clear(&mut self) {
        self.slices.clear();
        self.waits.clear();
    }

    /// Adds what a task does now.
    pub(super) fn add(&mut self, live: &LiveTask, now: RunInstant) {
        match *live {
            LiveTask::Current {
                start,
                queued,
                unnoticed,
                ..
            } => {
                self.slices.push(now - start);
                self.add_wait(Lateness { unnoticed, queued });
            }
            LiveTask::Waiting { ready, woken } => {
                let woken = woken.unwrap_or(now).min(now);
                let ready = ready.unwrap_or(woken).min(woken);
                self.add_wait(Lateness {
                    unnoticed: woken - ready,
                    queued: now - woken,
                });
            }
        }
    }

    pub(super) fn add_wait(&mut self, wait: Lateness) {
        self.waits.extend(wait.delay_and_lateness());
    }
}

/// The last parts of the wait before a slice.
pub(super) fn slice_lateness(slice: &Slice) -> Lateness {
    Lateness {
        unnoticed: slice.unnoticed.get(),
        queued: slice.queued.get(),
    }
}
