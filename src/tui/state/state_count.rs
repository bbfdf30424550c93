//! The number of tasks in each state at a past instant.
//!
//! The model keeps these counts for the present. For a past instant, this module looks up the state
//! of each task. For 100,000 tasks, this takes as long as several frames. So the work is split over
//! several frames, and the counts are shown when they are complete.

use crate::model::{Model, TaskCounts};
use crate::record::RunInstant;

/// The number of tasks whose state is looked up per frame.
const TASKS_PER_FRAME: usize = 10_000;

/// Counts the tasks in each state at one instant.
#[derive(Default)]
pub(crate) struct StateCount {
    at: Option<RunInstant>,
    asked: usize,
    so_far: TaskCounts,
    complete: bool,
}

impl StateCount {
    /// Continues the count for the instant `at`. If `at` differs from the previous call, starts a
    /// new count.
    pub(crate) fn refresh(&mut self, model: &Model, at: RunInstant) {
        if self.at != Some(at) {
            *self = StateCount {
                at: Some(at),
                ..StateCount::default()
            };
        }
        if self.complete {
            return;
        }
        for task in model.tasks().iter().skip(self.asked).take(TASKS_PER_FRAME) {
            if let Some(state) = model.state_at(task.id, at) {
                *self.so_far.get_mut(state) += 1;
            }
        }
        self.asked += TASKS_PER_FRAME;
        self.complete = self.asked >= model.tasks().len();
    }

    /// Stops counting and discards the counts.
    pub(crate) fn reset(&mut self) {
        *self = StateCount::default();
    }

    /// The counts, or `None` until they are complete.
    pub(crate) fn counts(&self) -> Option<TaskCounts> {
        self.complete.then_some(self.so_far)
    }

    /// Whether the count needs more frames.
    pub(crate) fn is_counting(&self) -> bool {
        self.at.is_some() && !self.complete
    }
}
