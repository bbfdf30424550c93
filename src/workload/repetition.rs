//! One repetition of the steps of a task, from its start until it is recorded.

use super::step_error::{StepResult, apply_limit, outcome};
use crate::probe::{self, TaskHandle};
use crate::record::{Outcome, ProcessInstant};
use std::thread;
use std::time::Duration;

/// A repetition in progress. The repetition is recorded when it ends, even if a step panics or the
/// future is dropped.
pub(super) struct Repetition {
    handle: TaskHandle,
    start: ProcessInstant,
    limit: Option<Duration>,
    is_recorded: bool,
}

impl Repetition {
    pub(super) fn new(handle: TaskHandle, start: ProcessInstant, limit: Option<Duration>) -> Repetition {
        Repetition {
            handle,
            start,
            limit,
            is_recorded: false,
        }
    }

    /// The maximum duration of the repetition.
    pub(super) fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// Ends and records the repetition. `result` is the result of its steps.
    pub(super) fn end(mut self, result: StepResult) -> Outcome {
        let outcome = outcome(apply_limit(result, probe::now() - self.start, self.limit));
        self.record(outcome);
        outcome
    }

    fn record(&mut self, outcome: Outcome) {
        self.is_recorded = true;
        self.handle.set_limit(None);
        self.handle.record_repetition(self.start, outcome);
    }
}

impl Drop for Repetition {
    fn drop(&mut self) {
        if !self.is_recorded {
            self.record(outcome_of_drop());
        }
    }
}

/// The outcome of a task or a repetition that is dropped before its end is recorded.
pub(super) fn outcome_of_drop() -> Outcome {
    if thread::panicking() {
        Outcome::Panicked
    } else {
        Outcome::Cancelled
    }
}
