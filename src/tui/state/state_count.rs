//! The number of tasks in each state at a past instant.
//!
//! The model itself keeps the counts for the present instant. For a past instant, this module looks
//! up the state of each task. For 100,000 tasks, this takes as long as several frames. So the work
//! is split over several frames, and the counts are shown when they are complete. During these
//! frames, the indices of tasks in the model can change, because other tasks are inserted or
//! evicted. So the counter stores the ids of all tasks when the count begins.

use crate::model::{Model, TaskCounts};
use crate::record::{RunInstant, TaskId};

/// The number of tasks whose state is looked up per frame.
const TASKS_PER_FRAME: usize = 10_000;

/// Counts the tasks in each state at one instant.
#[derive(Default)]
pub(crate) struct StateCount {
    at: Option<RunInstant>,
    /// The number of tasks that were spawned up to the instant `at`. A spawn does not count if its
    /// record arrived after the count began.
    spawned: usize,
    /// The tasks that have not been counted yet.
    left: Vec<TaskId>,
    so_far: TaskCounts,
    complete: bool,
}

impl StateCount {
    /// Continues the count for the instant `at`. Starts a new count in two cases: `at` differs from
    /// the previous call, or the record of one more spawn before `at` has arrived.
    pub(crate) fn refresh(&mut self, model: &Model, at: RunInstant) {
        let spawned = model.tasks().partition_point(|task| task.spawned_at <= at);
        if self.at != Some(at) || spawned > self.spawned {
            *self = StateCount {
                at: Some(at),
                spawned,
                left: model.tasks()[..spawned]
                    .iter()
                    .filter(|task| !task.is_branch)
                    .map(|task| task.id)
                    .collect(),
                ..StateCount::default()
            };
        }
        if self.complete {
            return;
        }
        let rest = self.left.len().saturating_sub(TASKS_PER_FRAME);
        for task in self.left.drain(rest..) {
            if let Some(state) = model.state_at(task, at) {
                *self.so_far.get_mut(state) += 1;
            }
        }
        self.complete = self.left.is_empty();
    }

    /// Stops counting and discards the counts.
    pub(crate) fn reset(&mut self) {
        *self = StateCount::default();
    }

    /// The counts. `None`: the counts are not complete yet.
    pub(crate) fn counts(&self) -> Option<TaskCounts> {
        self.complete.then_some(self.so_far)
    }

    /// Whether the count needs more frames.
    pub(crate) fn is_counting(&self) -> bool {
        self.at.is_some() && !self.complete
    }
}
