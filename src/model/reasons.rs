//! Why a task is in its state: which step it executes, which tasks hold the lanes that it needs,
//! and which tasks hold the resource that it waits for.
//!
//! The queries answer for one [`StateInterval`] of a task, in the present or in the past. The
//! answers come from records, and the model never guesses: if the records do not contain the
//! answer, it returns nothing.

use super::lane_track::LaneSlice;
use super::step_log::{LONG, LongStep};
use super::task::LiveTask;
use super::*;
use crate::record::{Label, Wanted};
use std::collections::BTreeMap;

/// The tasks that kept another task from something.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Holding {
    /// The tasks, in the order in which their holds began. Empty if they are not known.
    pub tasks: Vec<TaskId>,
    /// Whether the tasks held the resource or the lanes one after the other, each of them for less
    /// than half of the time.
    pub in_turn: bool,
}

/// What a task waits for, if it is a resource.
#[derive(Clone, Copy, Debug)]
pub struct ResourceWait<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// What the task wants to do with the resource.
    pub wanted: Wanted,
}

impl Model {
    /// The interval of a task that contains the instant `at`. `None` if `at` is before the task's
    /// spawn, before the [horizon](Model::horizon), or not before [now](Model::now).
    pub fn interval_at(&self, id: TaskId, at: RunInstant) -> Option<StateInterval> {
        let task = self.task(id)?;
        if at < self.horizon || at >= self.now {
            return None;
        }
        let mut found = None;
        task.intervals(at, at + Nanos(1), self.read_context(), |interval| {
            found = Some(interval);
        });
        found
    }

    /// The step that a task executed during most of `interval`, in which it held a lane. `None` if
    /// the step is not known. While the interval is open, this is the task's present step.
    ///
    /// The record of a step arrives at its end, so an inner step is known before an outer step. If
    /// both fill most of the interval, the answer is the inner step.
    pub fn step_of_hold(&self, id: TaskId, interval: &StateInterval) -> Option<&str> {
        let task = self.task(id)?;
        let (from, to) = (interval.from, interval.to);
        let mut by_label: BTreeMap<Label, (Nanos, Nanos)> = BTreeMap::new();
        for step in self.long_steps.overlapping(id, from, to) {
            if self.is_within_hold(id, interval, &step) {
                let (covered, longest) = by_label.entry(step.label).or_default();
                *covered += step.to.min(to) - step.from.max(from);
                *longest = (*longest).max(step.to - step.from);
            }
        }
        let most = by_label
            .into_iter()
            .filter(|(_, (covered, _))| covered.0 >= interval.len().0.div_ceil(2));
        let label = most.min_by_key(|(_, (_, longest))| *longest).map(|(label, _)| label);
        let label = label.or_else(|| match task.live.as_deref() {
            Some(LiveTask::Current { label, .. }) if to >= self.now => Some(*label),
            _ => None,
        });
        Some(self.label(label?)).filter(|text| !text.is_empty())
    }

    /// Whether the task held its lane during the whole step `step`. A step that contains a wait
    /// does not say what the task did while it held a lane.
    fn is_within_hold(&self, id: TaskId, interval: &StateInterval, step: &LongStep) -> bool {
        if interval.from <= step.from && step.to <= interval.to {
            return true;
        }
        let mut is_held = true;
        self.intervals(id, step.from, step.to, |part| is_held &= part.state.holds_lane());
        is_held
    }

    /// The step that a task executed or awaited at the instant `at`. If the step is not known, the
    /// name of the task's state. `None` as for [`interval_at`](Model::interval_at).
    pub fn activity_at(&self, id: TaskId, at: RunInstant) -> Option<&str> {
        let interval = self.interval_at(id, at)?;
        let step = match interval.state {
            State::Waiting(_) | State::Suspended(_) => self.awaited_step_at(id, at),
            state if state.holds_lane() => self.step_of_hold(id, &interval),
            _ => None,
        };
        Some(step.unwrap_or(interval.state.into_str()))
    }

    /// The tasks behind which a task was queued during `interval`: the tasks that held the lanes on
    /// which this task runs. A lane counts only if long slices filled at least four fifths of the
    /// interval.
    pub fn queued_behind(&self, id: TaskId, interval: &StateInterval) -> Holding {
        match self.lanes_for(id) {
            Some(lanes) => holding(self.busy_lanes(lanes, interval).into_iter().flatten(), interval),
            None => Holding::default(),
        }
    }

    /// The tasks that held the workers while nothing polled the I/O and timer driver during
    /// `interval`. The second value is the number of workers that they held. If they held one
    /// worker, this worker held the driver, because any other worker would have polled it.
    pub fn driver_held_by(&self, interval: &StateInterval) -> (Holding, usize) {
        let lanes = self.busy_lanes(LaneSet::Workers, interval);
        let count = lanes.len();
        (holding(lanes.into_iter().flatten(), interval), count)
    }

    /// The lanes that this task shares with other tasks. `None` if they are not known, because no
    /// task of its group has run, and for a branch, which runs only inside the slices of its task.
    fn lanes_for(&self, id: TaskId) -> Option<LaneSet> {
        let task = self.task(id).filter(|task| !task.is_branch)?;
        let sets = || self.lanes.iter().map(LaneSet::of);
        let lanes = task.group.and_then(|group| self.blames.lanes_of(group));
        let lanes = lanes.or_else(|| sets().next().filter(|first| sets().all(|lanes| lanes == *first)));
        lanes.filter(|lanes| *lanes != LaneSet::OwnThread)
    }

    /// The long slices on each of these lanes that long slices filled during `interval`.
    fn busy_lanes(&self, set: LaneSet, interval: &StateInterval) -> Vec<Vec<LaneSlice>> {
        let (from, to) = (interval.from.max(self.horizon), interval.to.min(self.now));
        let min = LONG.min(Nanos(interval.len().0 / 16)).max(Nanos(1));
        let lanes = self.lanes.iter().filter(|lane| LaneSet::of(lane) == set);
        let slices = lanes.filter_map(|lane| {
            let mut slices = lane.track.long_slices(from, to, min)?;
            if let Some((current, _)) = self.open_slice(lane) {
                slices.push(LaneSlice {
                    start: current.start,
                    end: self.now,
                    task: current.task,
                });
            }
            let held: Nanos = slices
                .iter()
                .map(|slice| slice.end.min(to) - slice.start.max(from))
                .sum();
            (held.0 / 4 >= (to - from).0 / 5).then_some(slices)
        });
        slices.collect()
    }

    /// The resource for which a task waited during `interval`. `None` if the task waited for
    /// something else, or if this is not known.
    pub fn resource_wait(&self, id: TaskId, interval: &StateInterval) -> Option<ResourceWait<'_>> {
        let middle = interval.from + Nanos(interval.len().0 / 2);
        let mut waits = self.resources().iter();
        let found = waits.find_map(|resource| Some((resource, resource.wait_of(id, Some(middle))?)));
        found.map(|(resource, stay)| ResourceWait {
            resource,
            wanted: stay.wanted,
        })
    }

    /// The tasks that held a resource during `interval`. If any of them held it for at least half
    /// of the interval, only those.
    pub fn held_during(&self, resource: &Resource, interval: &StateInterval) -> Holding {
        let holds = resource.holds_during(interval.from, interval.to.min(self.now));
        let slices = holds.into_iter().flatten().map(|hold| LaneSlice {
            start: hold.from,
            end: hold.to,
            task: hold.task,
        });
        holding(slices, interval)
    }

    /// What a holder did while it held something during `interval`, see
    /// [`activity_at`](Model::activity_at). While the interval grows, the answer stays the same for
    /// as long as possible.
    pub fn activity_during(&self, holder: TaskId, interval: &StateInterval) -> Option<&str> {
        // The instant moves only when the length of the interval doubles.
        let len = interval.len().0.checked_ilog2()?;
        self.activity_at(holder, interval.from + Nanos((1 << len) - 1))
    }
}

/// The tasks of these holds. If any task held for at least half of the interval, only such tasks.
fn holding(holds: impl Iterator<Item = LaneSlice>, interval: &StateInterval) -> Holding {
    let mut by_task: BTreeMap<TaskId, (RunInstant, Nanos)> = BTreeMap::new();
    for hold in holds {
        let (first, held) = by_task.entry(hold.task).or_insert((hold.start, Nanos::ZERO));
        *first = (*first).min(hold.start);
        *held += hold.end.min(interval.to) - hold.start.max(interval.from);
    }
    let half = interval.len().0.div_ceil(2);
    let in_turn = by_task.values().all(|(_, held)| held.0 < half);
    let mut tasks: Vec<(RunInstant, TaskId)> = by_task
        .into_iter()
        .filter(|(_, (_, held))| in_turn || held.0 >= half)
        .map(|(task, (first, _))| (first, task))
        .collect();
    tasks.sort_unstable();
    Holding {
        in_turn: in_turn && !tasks.is_empty(),
        tasks: tasks.into_iter().map(|(_, task)| task).collect(),
    }
}
