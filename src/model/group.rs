//! A group of tasks: the sums, distributions and counts of all its tasks.

use super::hist::{Hist, Percentiles};
use super::present::{PresentState, PresentTotals};
use super::state::{StateTimes, TaskCounts};
use super::task::LiveTask;
use super::totals::GroupTotals;
use super::wait_state::Lateness;
use super::work::{Fate, WorkSums};
use crate::record::{
    CompactDuration, GroupId, Nanos, Outcome, Reason, Repetition, RepetitionsLost, RunInstant, Slice, Step,
};
use std::borrow::Cow;
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
    /// The number of slices that were lost.
    pub(super) lost: u64,
    /// The sum of the times of the tasks, each up to the end of the task's last slice: first the
    /// tasks that have not held a worker of an async runtime, then those that have.
    pub(super) closed_times: [StateTimes; 2],
    /// The work of the tasks whose fate is known.
    pub(super) work: WorkSums,
    /// The totals for the time after the last slice of each task.
    pub(super) present: PresentTotals,
    /// The slices and waits that have not ended.
    pub(super) open: OpenIntervals,
    /// The part of the running time in which the threads had no core, in the closed intervals
    /// between samples, see [`off_core`](super::off_core). `None` before the first interval has
    /// closed.
    pub(super) off_core: Option<Nanos>,
    /// The time in which tasks have arrived, including the pause after the last arrival. Zero if
    /// the tasks do not arrive at a pace, or if they repeat their steps.
    pub(super) arrival_window: Nanos,
    /// When the first task was spawned.
    first_spawn: Option<RunInstant>,
    /// The latest end of a task so far.
    last_end: RunInstant,
    poll_time: Hist,
    of_tasks: Distributions,
    /// The distributions of branches, which are parts of tasks. `None` if there is no branch.
    of_branches: Option<Box<Distributions>>,
}

/// The distributions of the tasks or of the branches of a group.
#[derive(Clone, Debug)]
pub(super) struct Distributions {
    /// The number of repetitions that have ended, by outcome, in the order of
    /// [`Outcome::VARIANTS`].
    repetitions: [u64; Outcome::VARIANTS.len()],
    delay: Hist,
    lateness: Hist,
    repetition_time: Hist,
}

impl Distributions {
    pub(super) fn new() -> Distributions {
        Distributions {
            repetitions: [0; Outcome::VARIANTS.len()],
            delay: Hist::fine(),
            lateness: Hist::fine(),
            repetition_time: Hist::fine(),
        }
    }

    fn add(&mut self, other: &Distributions) {
        let counts = self.repetitions.iter_mut().zip(other.repetitions);
        counts.for_each(|(sum, count)| *sum = u64::saturating_add(*sum, count));
        self.delay.add(&other.delay);
        self.lateness.add(&other.lateness);
        self.repetition_time.add(&other.repetition_time);
    }

    fn record_wait(&mut self, wait: Lateness) {
        if let Some((delay, lateness)) = wait.delay_and_lateness() {
            self.delay.record(delay);
            self.lateness.record(lateness);
        }
    }

    /// Counts repetitions whose durations are not known. A worker process of another program may
    /// report any number, so the sum saturates.
    fn count_repetitions(&mut self, outcome: Outcome, count: u64) {
        let sum = &mut self.repetitions[outcome as usize];
        *sum = sum.saturating_add(count);
    }

    /// The answers about several groups. `sampled` is the sample of these groups' slices that the
    /// distributions contain.
    pub(super) fn overall(&self, sampled: Option<Sampled>) -> Overall {
        Overall {
            repetitions: self.repetitions,
            sampled,
            repetition_time: self.repetition_time.percentiles(),
            delay: self.delay.percentiles(),
            lateness: self.lateness.percentiles(),
        }
    }
}

impl Group {
    pub(super) fn new(id: GroupId, name: String, library: bool) -> Group {
        Group {
            id,
            name,
            library,
            spawned: 0,
            branches: 0,
            orphaned: 0,
            failures_lost: 0,
            blocked_on: [Nanos::ZERO; Reason::VARIANTS.len()],
            sleeps: 0,
            timer_rounding: Nanos::ZERO,
            totals: None,
            lost: 0,
            closed_times: [StateTimes::default(); 2],
            work: WorkSums::default(),
            present: PresentTotals::default(),
            open: OpenIntervals::default(),
            off_core: None,
            arrival_window: Nanos::ZERO,
            first_spawn: None,
            last_end: RunInstant::ZERO,
            poll_time: Hist::fine(),
            of_tasks: Distributions::new(),
            of_branches: None,
        }
    }

    /// The distributions of the tasks and of the branches.
    fn all(&self) -> Cow<'_, Distributions> {
        match &self.of_branches {
            None => Cow::Borrowed(&self.of_tasks),
            Some(branches) => {
                let mut all = self.of_tasks.clone();
                all.add(branches);
                Cow::Owned(all)
            }
        }
    }

    fn distributions(&mut self, of_branch: bool) -> &mut Distributions {
        if !of_branch {
            return &mut self.of_tasks;
        }
        self.of_branches.get_or_insert_with(|| Box::new(Distributions::new()))
    }

    /// The number of repetitions that have ended, by outcome, in the order of
    /// [`Outcome::VARIANTS`]. Repetitions whose records were lost are counted here, but not in
    /// [`repetition_time`](Group::repetition_time) and [`Task::repetitions`].
    ///
    /// [`Task::repetitions`]: super::Task::repetitions
    pub fn repetitions(&self) -> [u64; Outcome::VARIANTS.len()] {
        let of_branches = self.of_branches.as_ref().map(|branches| branches.repetitions);
        let mut sum = self.of_tasks.repetitions;
        let counts = sum.iter_mut().zip(of_branches.unwrap_or_default());
        counts.for_each(|(sum, count)| *sum = sum.saturating_add(count));
        sum
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
        let open = self.open.waits.iter().map(|wait| wait.delay);
        self.all().delay.percentiles_with(open)
    }

    /// The distribution of the lateness of the slices whose wake-ups were recorded. The lateness is
    /// the time from the instant at which the task was ready to the start of the slice. If that
    /// instant is not known, the instant of the wake-up is used. A task that is ready and does not
    /// run yet counts with its lateness up to now.
    pub fn lateness(&self) -> Percentiles {
        let open = self.open.waits.iter().map(|wait| wait.lateness);
        self.all().lateness.percentiles_with(open)
    }

    /// The distribution of the durations of the repetitions whose records have arrived.
    pub fn repetition_time(&self) -> Percentiles {
        self.all().repetition_time.percentiles()
    }

    /// The number of tasks in each state now.
    pub fn counts(&self) -> TaskCounts {
        self.present.counts.counts()
    }

    /// The time from the first spawn to the last end of a task. If a task is alive, the time from
    /// the first spawn to `now`.
    pub(super) fn span(&self, now: RunInstant) -> Nanos {
        let end = if self.counts().alive() > 0 { now } else { self.last_end };
        self.first_spawn.map_or(Nanos::ZERO, |first| end - first)
    }

    /// Adds the distributions of the group's tasks to distributions that cover several groups.
    /// Branches are parts of tasks, so they are not added.
    pub(super) fn add_distributions_to(&self, all: &mut Distributions) {
        all.add(&self.of_tasks);
        for wait in self.open.waits.iter().filter(|wait| !wait.of_branch) {
            all.delay.record(wait.delay);
            all.lateness.record(wait.lateness);
        }
    }

    pub(super) fn note_spawn(&mut self, at: RunInstant) {
        self.first_spawn = Some(self.first_spawn.map_or(at, |first| first.min(at)));
    }

    pub(super) fn note_end(&mut self, at: RunInstant) {
        self.last_end = self.last_end.max(at);
    }

    /// Adds a task after a record has reported that the task belongs to this group.
    pub(super) fn add_task(&mut self, present_state: &PresentState, times: StateTimes, on_worker: bool) {
        self.spawned += 1;
        self.closed_times[usize::from(on_worker)] += times;
        self.present.add(present_state);
    }

    /// Removes a task after a record has reported that the task belongs to another group.
    pub(super) fn remove_task(&mut self, present_state: &PresentState, times: StateTimes, on_worker: bool) {
        self.spawned -= 1;
        self.closed_times[usize::from(on_worker)] -= times;
        self.present.remove(present_state);
    }

    pub(super) fn record_slice(&mut self, slice: &Slice) {
        self.poll_time.record(slice.len.get());
        self.record_wait(slice_lateness(slice), slice.branch);
    }

    /// Adds a wait of a task or of a branch that has ended.
    pub(super) fn record_wait(&mut self, wait: Lateness, of_branch: bool) {
        self.distributions(of_branch).record_wait(wait);
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

    /// Counts repetitions whose records were lost.
    pub(super) fn count_lost_repetitions(&mut self, lost: &RepetitionsLost) {
        self.distributions(lost.branch)
            .count_repetitions(lost.outcome, lost.count);
        if let Some(fate) = Fate::of(lost.outcome, false) {
            let sum = &mut self.work.repetitions[fate as usize];
            *sum = sum.saturating_add(lost.count);
        }
    }

    pub(super) fn record_repetition(&mut self, repetition: &Repetition, of_branch: bool) {
        let distributions = self.distributions(of_branch);
        distributions.count_repetitions(repetition.outcome, 1);
        distributions.repetition_time.record(repetition.len.get());
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

/// The combined distributions of the tasks of several groups. Branches are not counted: the time of
/// a branch is a part of its task's time.
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
    /// The waits. For a task that holds a lane, this is the wait before its slice. For a task that
    /// is ready or woken, this is the wait up to now.
    waits: Vec<Wait>,
}

/// The last parts of a wait.
#[derive(Clone, Copy, Debug)]
struct Wait {
    delay: Nanos,
    lateness: Nanos,
    /// Whether this is the wait of a branch.
    of_branch: bool,
}

impl OpenIntervals {
    pub(super) fn clear(&mut self) {
        self.slices.clear();
        self.waits.clear();
    }

    /// Adds what a task does now.
    pub(super) fn add(&mut self, live: &LiveTask, of_branch: bool, now: RunInstant) {
        match *live {
            LiveTask::Current {
                start,
                queued,
                unnoticed,
                ..
            } => {
                self.slices.push(now - start);
                self.add_wait(Lateness { unnoticed, queued }, of_branch);
            }
            LiveTask::Waiting { ready, woken } => {
                let woken = woken.unwrap_or(now).min(now);
                let ready = ready.unwrap_or(woken).min(woken);
                let wait = Lateness {
                    unnoticed: woken - ready,
                    queued: now - woken,
                };
                self.add_wait(wait, of_branch);
            }
        }
    }

    pub(super) fn add_wait(&mut self, wait: Lateness, of_branch: bool) {
        let wait = wait.delay_and_lateness().map(|(delay, lateness)| Wait {
            delay,
            lateness,
            of_branch,
        });
        self.waits.extend(wait);
    }
}

/// The last parts of the wait before a slice.
pub(super) fn slice_lateness(slice: &Slice) -> Lateness {
    Lateness {
        unnoticed: slice.unnoticed.get(),
        queued: slice.queued.get(),
    }
}
