//! Keeps the model within its limit. Evicts the oldest slices, and every task that ended before the
//! oldest remaining slice.

use super::*;

/// An ended task takes about as many bytes as this number of slices, so it counts as that many.
const TASK_WEIGHT: usize = 32;

impl Model {
    /// If the model exceeds its limit, evicts the excess and another eighth of the limit. Each
    /// eviction visits every task, so a few large evictions are cheaper than many small ones.
    pub(super) fn evict(&mut self) {
        let ended = self.present.counts().ended() + self.present_branches.counts().ended() - self.tasks_evicted;
        let kept = self.slices_kept;
        let weight = kept + self.branch_slices_kept + ended * TASK_WEIGHT;
        if weight <= self.max_slices {
            return;
        }
        let excess = weight - self.max_slices + self.max_slices / 8;
        let slices = (self.slices_kept as u128 * excess as u128 / weight as u128) as usize + 1;
        self.horizon = self.horizon.max(self.end_of_oldest(slices));
        let horizon = self.horizon;
        for lane in &mut self.lanes {
            self.slices_kept -= lane.track.evict(horizon);
            // A slice that has not ended may have begun before the horizon. Such a slice needs all
            // spans since the end of the last slice.
            lane.evict_asleep(horizon.min(lane.track.end()));
        }
        self.long_steps.evict(horizon);
        // A branch runs only inside slices of its task. So an eviction removes about the same share
        // of the branches' slices and of the lanes' slices.
        self.branch_slices_kept =
            (self.branch_slices_kept as u128 * self.slices_kept as u128 / kept.max(1) as u128) as usize;
        let before = self.tasks.len();
        let (lanes, lane_indices, arena) = (&self.lanes, &self.lane_indices, &mut self.arena);
        let resources = &mut self.resources;
        self.tasks.retain_mut(|task| {
            task.evict(horizon, arena);
            // The slice in which a task ended arrives after the record of the end. If the task had
            // been evicted by then, the slice would create the task again. The slice has not
            // arrived yet if no slice of the lane ends after the task ended.
            let last_slice_missing = |(at, _)| {
                let lane = lane_indices.get(task.ended_on).map(|index| &lanes[index]);
                task.ended_on != LaneId::NONE && lane.is_none_or(|lane| lane.track.end() <= at)
            };
            let stays = task.ended_at().is_none_or(|end| end > horizon) || task.ended.is_some_and(last_slice_missing);
            if !stays {
                task.track.release(arena);
                resources.evict(task.id, task.group);
            }
            stays
        });
        if self.tasks.len() < before {
            self.tasks_evicted += before - self.tasks.len();
            self.task_indices.rebuild(self.tasks.iter().map(|task| task.id));
            self.pending_records
                .retain(|task, _| self.task_indices.get(*task).is_some());
        }
    }

    /// The instant by which the `count` oldest slices have ended. `count` is rounded up to whole
    /// chunks.
    fn end_of_oldest(&self, count: usize) -> RunInstant {
        let mut lanes: Vec<_> = self.lanes.iter().map(|lane| lane.track.chunks().peekable()).collect();
        let (mut counted, mut ended_by) = (0, RunInstant::ZERO);
        while counted < count {
            let ends = lanes.iter_mut().filter_map(|chunks| Some((chunks.peek()?.end, chunks)));
            let Some((end, chunks)) = ends.min_by_key(|&(end, _)| end) else {
                break;
            };
            counted += chunks.next().map_or(0, |chunk| chunk.count);
            ended_by = ended_by.max(end);
        }
        ended_by
    }
}
