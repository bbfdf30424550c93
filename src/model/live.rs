//! The present: what each task did when a batch ended. The present is an overlay on the state that
//! follows from the records.
//!
//! Records report only slices that have ended. [`Task::live`] stores what a task does now, such as
//! a slice that has not ended. While [`Task::live`] is set, no sum counts the task as waiting. The
//! next batch first removes all overlays.

use super::apply::present_of;
use super::spans::Spans;
use super::task::LiveTask;
use super::*;
use crate::record::{CurrentSlice, Live, Waiting};

impl Model {
    /// Removes the overlays of the previous batch.
    pub(super) fn unset_live(&mut self) {
        for id in std::mem::take(&mut self.live) {
            let Some(index) = self.task_indices.get(id) else {
                continue;
            };
            let task = &mut self.tasks[index];
            task.live = None;
            let present_state = task.present_state();
            present_of(task.is_branch, &mut self.present, &mut self.present_branches).add(&present_state);
            if let Some(group) = task.group.and_then(|group| self.group_indices.get(group)) {
                self.groups[group].present.add(&present_state);
            }
        }
        for present in [&mut self.present, &mut self.present_branches] {
            present.live = TaskCounts::default();
        }
        for group in &mut self.groups {
            group.present.live = StateTimes::default();
            group.present.counts.live = TaskCounts::default();
            group.open.clear();
        }
        for lane in &mut self.lanes {
            lane.current = None;
        }
        self.open_queue.clear();
    }

    /// Applies the overlays of a batch.
    pub(super) fn set_live(&mut self, live: &Live) {
        for current in &live.lanes {
            self.set_current(current, false);
        }
        for current in &live.branches {
            self.set_current(current, true);
        }
        for waiting in &live.waiting {
            self.set_waiting(waiting);
        }
    }

    /// Overlays a slice that has not ended. Ignores the slice if its record has arrived already:
    /// then the task's last slice ends later than this slice starts. The slice of a branch holds no
    /// lane.
    fn set_current(&mut self, current: &CurrentSlice, is_branch: bool) {
        self.advance(current.start);
        if self
            .task(current.task)
            .is_none_or(|task| task.live.is_none() && (current.start < task.spawned_at || is_branch && !task.is_branch))
        {
            self.change(current.task, current.start, |task, _| task.is_branch |= is_branch);
        }
        let Some(lane_index) = self.lane_indices.get(current.lane) else {
            return;
        };
        let Some(index) = self.task_indices.get(current.task) else {
            return;
        };
        let (task, lane) = (&self.tasks[index], &self.lanes[lane_index]);
        if task.ended.is_some() || task.live.is_some() || task.last_wait().since > current.start {
            return;
        }
        let mut asleep = Spans::default();
        for (from, to) in lane.asleep.contained(current.start, self.now) {
            // If a thread was asleep in the last sample, it counts as asleep until the next sample.
            let still_asleep = lane.asleep.last() == Some((from, to)) && lane.os.is_some_and(|os| os.at == to);
            asleep.add(from, if still_asleep { self.now } else { to }, |_, _| ());
        }
        if let Some(since) = current.blocking_since {
            asleep.add(since.max(current.start).min(self.now), self.now, |_, _| ());
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
        if !is_branch {
            self.lanes[lane_index].current = Some(*current);
        }
        if self.lanes[lane_index].is_async() && !self.tasks[index].on_worker {
            let id = self.tasks[index].id;
            self.change(id, RunInstant::MAX, |task, mut context| context.note_lane(task, true));
        }
        self.overlay(index, live);
    }

    /// Overlays a task that is ready or woken. Ignores instants before the start of the task's last
    /// slice, because the task has run since then.
    fn set_waiting(&mut self, waiting: &Waiting) {
        let Some(index) = self.task_indices.get(waiting.task) else {
            return;
        };
        let task = &self.tasks[index];
        let unanswered = |at: &RunInstant| task.track.last_start().is_none_or(|start| *at > start);
        let (ready, woken) = (waiting.ready.filter(unanswered), waiting.woken.filter(unanswered));
        // The record of the slice that answered the wake-up may be lost.
        if woken.is_some_and(|at| at < task.track.counted_from().since) {
            return;
        }
        if task.ended.is_some() || task.live.is_some() || (ready.is_none() && woken.is_none()) {
            return;
        }
        // A task can become ready within its slice, but the task waits only after the slice.
        if task.last_wait().since >= self.now {
            return;
        }
        self.overlay(index, LiveTask::Waiting { ready, woken });
    }

    /// Sets what a task does now. In the sums, replaces the task's state after its last slice with
    /// the present state.
    fn overlay(&mut self, index: usize, live: LiveTask) {
        let task = &mut self.tasks[index];
        self.live.push(task.id);
        task.live = Some(Box::new(live));
        let task = &self.tasks[index];
        let mut times = StateTimes::default();
        let mut state = State::between_slices(task.last_wait().reason);
        task.intervals_after_last_slice(self.read_context(), |interval| {
            times.add(interval.state, interval.len());
            if !interval.is_empty() {
                state = interval.state;
            }
        });
        match task.live.as_deref() {
            _ if task.is_branch => {}
            Some(LiveTask::Waiting { woken: Some(woken), .. }) => {
                self.open_queue.add((*woken).min(self.now));
            }
            Some(LiveTask::Current { start, queued, .. }) => self.open_queue.add_ended(*start - *queued, *start),
            _ => {}
        }
        let group = task.group.and_then(|group| self.group_indices.get(group));
        let group = group.map(|group| &mut self.groups[group]);
        let group = group.map(|group| {
            if let Some(live) = &task.live {
                group.open.add(live, task.is_branch, self.now);
            }
            &mut group.present
        });
        let present_state = task.present_state();
        let all = present_of(task.is_branch, &mut self.present, &mut self.present_branches);
        all.remove(&present_state);
        *all.live.get_mut(state) += 1;
        if let Some(present) = group {
            present.remove(&present_state);
            present.live += times;
            *present.counts.live.get_mut(state) += 1;
        }
    }
}
