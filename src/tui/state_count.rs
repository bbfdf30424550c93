//! How many tasks were in which state at an instant of the past.
//!
//! Of the present the model keeps count; of the past each task must be asked, and asking 100,000 would cost several frames'
//! time. So the count is spread over frames, and stands when it is complete.

use crate::model::{Model, TaskCounts};
use crate::record::RunInstant;

/// How many tasks are asked for one frame.
const ASKED_PER_FRAME: usize = 10_000;

/// A count of tasks by state at one instant.
#[derive(Default)]
pub struct StateCount {
    at: Option<RunInstant>,
    asked: usize,
    so_far: TaskCounts,
    complete: bool,
}

impl StateCount {
    /// Goes on counting for the instant `at`, from the beginning if that is another one than before.
    pub fn refresh(&mut self, model: &Model, at: RunInstant) {
        if self.at != Some(at) {
            *self = StateCount {
                at: Some(at),
                ..StateCount::default()
            };
        }
        if self.complete {
            return;
        }
        for task in model.tasks().iter().skip(self.asked).take(ASKED_PER_FRAME) {
            if let Some(state) = model.state_at(task.id, at) {
                *self.so_far.get_mut(state) += 1;
            }
        }
        self.asked += ASKED_PER_FRAME;
        self.complete = self.asked >= model.tasks().len();
    }

    /// Nobody asks any more.
    pub fn end(&mut self) {
        *self = StateCount::default();
    }

    /// The count, once it is complete.
    pub fn counts(&self) -> Option<TaskCounts> {
        self.complete.then_some(self.so_far)
    }

    /// Whether more frames are needed.
    pub fn is_counting(&self) -> bool {
        self.at.is_some() && !self.complete
    }
}
