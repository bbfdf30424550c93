//! The present: what is going on at the instant at which a batch was cut, laid over what the records tell.
//!
//! While a task has something in [`Task::live`] it does not count as resting, in no sum; the next batch begins by taking
//! all of that back.

use super::spans::Spans;
use super::task::LiveTask;
use super::*;
use crate::record::{CurrentSlice, Live, RunInstant, Waiting};

impl Model {
    pub(super) fn unset_live(&mut self) {
        for id in std::mem::take(&mut self.live) {
            let Some(at) = self.task_indices.get(id) else { continue };
            let task = &mut self.tasks[at];
            task.live = None;
            let present_state = task.present_state();
            self.present.add(&present_state);
            if let Some(group) = task.group.and_then(|group| self.group_indices.get(group)) {
                self.groups[group].present.add(&present_state);
            }
        }
        self.present.live_counts = TaskCounts::default();
        for group in &mut self.groups {
            group.present.live = StateTimes::default();
            group.present.live_counts = TaskCounts::default();
        }
        for lane in &mut self.lanes {
            lane.current = None;
        }
    }

    pub(super) fn set_live(&mut self, live: &Live) {
        for current in &live.lanes {
            self.set_current(current);
        }
        for waiting in &live.waiting {
            self.set_waiting(waiting);
        }
    }

    /// A slice that has not ended; unless its end has overtaken it, which the task's last slice tells.
    fn set_current(&mut self, current: &CurrentSlice) {
        self.now = self.now.max(current.start);
        if self
            .task(current.task)
            .is_none_or(|task| task.live.is_none() && current.start < task.spawned_at)
        {
            self.change(current.task, current.start, |_, _| ());
        }
        let Some(lane_at) = self.lane_indices.get(current.lane) else {
            return;
        };
        let Some(at) = self.task_indices.get(current.task) else {
            return;
        };
        let (task, lane) = (&self.tasks[at], &self.lanes[lane_at]);
        if task.ended.is_some() || task.live.is_some() || task.last_wait().since > current.start {
            return;
        }
        let mut asleep = Spans::default();
        for (from, to) in lane.asleep.contained(current.start, self.now) {
            // Until the next sample says otherwise, a thread that was asleep when last seen still is.
            let open = lane.asleep.last() == Some((from, to)) && lane.os.is_some_and(|os| os.at == to);
            asleep.add(from, if open { self.now } else { to }, |_, _| ());
        }
        if let Some(since) = current.blocking_since {
            asleep.add(since.max(current.start), self.now, |_, _| ());
        }
        for (from, to) in task.blocking.within(current.start, self.now) {
            asleep.add(from, to, |_, _| ());
        }
        let live = LiveTask::Current {
            lane: current.lane,
            start: current.start,
            queued: current.queued.get(),
            unnoticed: current.unnoticed.get(),
            label: current.label,
            blocking: asleep.within(current.start, self.now).collect(),
        };
        self.lanes[lane_at].current = Some(*current);
        self.tasks[at].on_shared_lane |= self.lanes[lane_at].is_shared();
        self.overlay(at, live);
    }

    /// Who should run; unless it has, which the task's last slice tells.
    fn set_waiting(&mut self, waiting: &Waiting) {
        let Some(at) = self.task_indices.get(waiting.task) else {
            return;
        };
        let task = &self.tasks[at];
        let served = |at: &RunInstant| task.track.last_start().is_none_or(|start| *at > start);
        let (ready, woken) = (waiting.ready.filter(served), waiting.woken.filter(served));
        if task.ended.is_some() || task.live.is_some() || (ready.is_none() && woken.is_none()) {
            return;
        }
        self.overlay(at, LiveTask::Waiting { ready, woken });
    }

    fn overlay(&mut self, at: usize, live: LiveTask) {
        let task = &mut self.tasks[at];
        self.live.push(task.id);
        task.live = Some(Box::new(live));
        let task = &self.tasks[at];
        let mut times = StateTimes::default();
        let mut state = State::between_slices(task.last_wait().reason);
        task.open(self.now, |interval| {
            times.add(interval.state, interval.len());
            if !interval.is_empty() {
                state = interval.state;
            }
        });
        let group = task
            .group
            .and_then(|group| self.group_indices.get(group))
            .map(|at| &mut self.groups[at].present);
        for present in [Some(&mut self.present), group].into_iter().flatten() {
            present.remove(&task.present_state());
            present.live += times;
            *present.live_counts.get_mut(state) += 1;
        }
    }
}
