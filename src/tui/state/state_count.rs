//! The number of tasks in each state at a past instant.
//!
//! For the present the model keeps these counts. For a past instant each task must be asked, and
//! asking 100,000 tasks costs several frames' time. So the work is spread over frames, and the
//! counts are shown when they are complete.

use crate::model::{Model, TaskCounts};
use crate::record::RunInstant;

/// The number of tasks that are asked per frame.
const TASKS_PER_FRAME: usize = 10_000;

/// A count of the tasks by state at one instant.
#[derive(Default)]
pub(crate) struct StateCount {
    at: Option<RunInstant>,
    asked: usize,
    so_far: TaskCounts,
    complete: bool,
}

impl StateCount {
    /// Continues to count for the instant `at`. Starts anew if the instant is not that of the
    /// previous call.
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

    /// Stops counting and forgets the counts.
    pub(crate) fn reset(&mut self) {
        *self = StateCount::default();
    }

    /// The counts, once they are complete.
    pub(crate) fn counts(&self) -> Option<TaskCounts> {
        self.complete.then_some(self.so_far)
    }

    /// Whether the count needs more frames.
    pub(crate) fn is_counting(&self) -> bool {
        self.at.is_some() && !self.complete
    }
}
