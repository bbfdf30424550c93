//! Finds or creates the lane, group or task that a record names. Changes a task, and every sum that
//! contains the task's times.

use super::super::time_sums::TimeSums;
use super::super::work::{TaskWork, WorkSums};
use super::super::*;
use crate::record::LaneKind;

/// The parts of the model that a change of a task may modify, besides the task itself.
pub(in crate::model) struct ChangeContext<'a> {
    /// The task's group, if it is known.
    pub(super) group: Option<&'a mut Group>,
    /// The sum of the times of all tasks whose group is not known.
    ungrouped_times: &'a mut StateTimes,
    pub(super) lanes: &'a mut [Lane],
    pub(super) lane_indices: &'a IdMap<LaneId>,
    arena: &'a mut ByteArena,
    /// The length from which a slice is hogging.
    pub(in crate::model) hogging_poll: Nanos,
}

impl ChangeContext<'_> {
    /// The work of the task, and the sums that contain it.
    #[inline]
    pub(in crate::model) fn work<'a>(&'a mut self, task: &'a mut Task) -> (&'a mut TaskWork, &'a mut WorkSums) {
        let sums = match &mut self.group {
            Some(group) => &mut group.work,
            None => task.ungrouped_work.get_or_insert_default(),
        };
        (&mut task.work, sums)
    }

    /// Returns the task's own times, together with the sum that contains them and the arena.
    /// `on_worker` is [`Task::on_worker`].
    #[inline]
    pub(in crate::model) fn sums<'a>(
        &'a mut self,
        task: &'a mut StateTimes,
        on_worker: bool,
    ) -> (TimeSums<'a>, &'a mut ByteArena) {
        let group = match &mut self.group {
            Some(group) => &mut group.closed_times[usize::from(on_worker)],
            None => &mut *self.ungrouped_times,
        };
        (TimeSums { task, group }, self.arena)
    }

    /// Notes that the task holds a lane. `is_worker`: the lane is a worker of an async runtime.
    #[inline]
    pub(in crate::model) fn note_lane(&mut self, task: &mut Task, is_worker: bool) {
        if is_worker && !task.on_worker {
            task.on_worker = true;
            if let Some(group) = &mut self.group {
                let [other, on_worker] = &mut group.closed_times;
                *other -= task.times;
                *on_worker += task.times;
            }
        }
    }
}

/// The totals that contain a task or a branch.
pub(in crate::model) fn present_of<'a>(
    is_branch: bool,
    tasks: &'a mut PresentCounts,
    branches: &'a mut PresentCounts,
) -> &'a mut PresentCounts {
    if is_branch { branches } else { tasks }
}

impl Model {
    /// Sorts the lanes. Called once per batch, not once per lane, because a batch may define
    /// thousands of lanes.
    pub(super) fn sort_lanes(&mut self) {
        self.lanes.sort_by_key(|lane| (lane.rank(), lane.id));
        self.lane_indices.rebuild(self.lanes.iter().map(|lane| lane.id));
    }

    pub(super) fn lane_index_or_insert(&mut self, id: LaneId) -> usize {
        if let Some(index) = self.lane_indices.get(id) {
            return index;
        }
        let index = self.lanes.len();
        self.lanes
            .push(Lane::new(id, LaneKind::Worker, format!("lane {}", id.0)));
        self.lane_indices.insert(id, index);
        index
    }

    pub(super) fn group_index_or_insert(&mut self, id: GroupId) -> usize {
        if let Some(index) = self.group_indices.get(id) {
            return index;
        }
        let index = self.groups.partition_point(|group| group.id < id);
        self.groups
            .insert(index, Group::new(id, format!("group {}", id.0), false));
        // Groups mostly arrive in the order of their ids.
        for (index, group) in self.groups.iter().enumerate().skip(index) {
            self.group_indices.insert(group.id, index);
        }
        index
    }

    /// Returns the index of the task `id`. Creates the task if it is unknown. `seen_at` is the
    /// instant of the record that names the task.
    pub(super) fn task_index_or_insert(&mut self, id: TaskId, seen_at: RunInstant) -> usize {
        if let Some(index) = self.task_indices.get(id) {
            return index;
        }
        let index = self.tasks.len();
        let task = Task::new(id, seen_at);
        self.present.add(&task.present_state());
        self.note_unsorted((seen_at, id));
        if index == self.tasks.capacity() {
            self.tasks.reserve_exact((index / 4).max(64));
        }
        self.tasks.push(task);
        self.task_indices.insert(id, index);
        index
    }

    /// Checks whether a task with this key belongs at the end of the list. If not, notes the first
    /// index from which the tasks must be sorted again.
    fn note_unsorted(&mut self, key: (RunInstant, TaskId)) {
        if self.tasks.last().is_some_and(|last| last.sort_key() > key) {
            let sorted = &self.tasks[..self.first_unsorted.min(self.tasks.len())];
            self.first_unsorted = sorted.partition_point(|task| task.sort_key() < key);
        }
    }

    /// Sorts the tasks by their spawns again, starting with the first task that is out of order.
    pub(super) fn sort_tasks(&mut self) {
        let from = std::mem::replace(&mut self.first_unsorted, usize::MAX);
        if from < self.tasks.len() {
            self.tasks[from..].sort_unstable_by_key(Task::sort_key);
            for (index, task) in self.tasks.iter().enumerate().skip(from) {
                self.task_indices.insert(task.id, index);
            }
        }
    }

    /// Changes the task `id` and every sum that contains its times. `seen_at` is the instant of the
    /// record that causes the change.
    pub(in crate::model) fn change<R>(
        &mut self,
        id: TaskId,
        seen_at: RunInstant,
        change: impl FnOnce(&mut Task, ChangeContext<'_>) -> R,
    ) -> R {
        let index = self.task_index_or_insert(id, seen_at);
        self.change_at(index, seen_at, change)
    }

    /// Like [`change`](Model::change), for the task at this index.
    #[inline]
    pub(super) fn change_at<R>(
        &mut self,
        index: usize,
        seen_at: RunInstant,
        change: impl FnOnce(&mut Task, ChangeContext<'_>) -> R,
    ) -> R {
        let task = &self.tasks[index];
        if seen_at < task.spawned_at {
            self.note_unsorted((seen_at, task.id));
        }
        let task = &mut self.tasks[index];
        let (old_group, before, was_branch) = (task.group, task.present_state(), task.is_branch);
        let group = old_group.and_then(|id| self.group_indices.get(id));
        let mut context = ChangeContext {
            group: group.map(|group| &mut self.groups[group]),
            ungrouped_times: &mut self.ungrouped_times,
            lanes: &mut self.lanes,
            lane_indices: &self.lane_indices,
            arena: &mut self.arena,
            hogging_poll: self.hogging_poll,
        };
        if seen_at < task.spawned_at {
            task.move_spawn_back(seen_at, &mut context);
        }
        let result = change(task, context);
        let (new_group, after, times) = (task.group, task.present_state(), &task.times);
        let on_worker = task.on_worker;
        let is_branch = task.is_branch;
        present_of(was_branch, &mut self.present, &mut self.present_branches).remove(&before);
        present_of(is_branch, &mut self.present, &mut self.present_branches).add(&after);
        if is_branch
            && !was_branch
            && let Some(ending) = before.ended
        {
            self.series.not_queued(ending.at - ending.last.queued, ending.at);
        }
        if new_group == old_group {
            if let Some(group) = group {
                self.groups[group].present.replace(&before, &after);
            }
            return result;
        }
        let times = *times;
        match group {
            Some(group) => self.groups[group].remove_task(&before, times, on_worker),
            None => self.ungrouped_times -= times,
        }
        if let Some(group) = new_group {
            let group = self.group_index_or_insert(group);
            self.groups[group].add_task(&after, times, on_worker);
            if let Some(work) = self.tasks[index].ungrouped_work.take() {
                self.groups[group].work.add(&work);
            }
        }
        result
    }
}
