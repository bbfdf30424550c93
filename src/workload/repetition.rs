//! One repetition of the steps of a task, from its start until it is recorded.

use super::Services;
use super::step_error::{StepResult, apply_limit, outcome};
use crate::probe::TaskHandle;
use crate::record::{Outcome, ProcessInstant};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// A repetition in progress. The repetition is recorded when it ends, even if a step panics or the
/// future is dropped.
pub(super) struct Repetition {
    handle: TaskHandle,
    services: Arc<Services>,
    start: ProcessInstant,
    limit: Option<Duration>,
    is_recorded: bool,
}

impl Repetition {
    pub(super) fn new(
        handle: TaskHandle,
        services: Arc<Services>,
        start: ProcessInstant,
        limit: Option<Duration>,
    ) -> Repetition {
        Repetition {
            handle,
            services,
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
        let outcome = outcome(apply_limit(result, self.services.stop().now() - self.start, self.limit));
        self.record(outcome);
        outcome
    }

    fn record(&mut self, outcome: Outcome) {
        self.is_recorded = true;
        self.handle.record_repetition(self.start, outcome);
    }
}

impl Drop for Repetition {
    fn drop(&mut self) {
        if !self.is_recorded {
            let stop = self.services.stop();
            let was_overdue = stop.is_requested() && self.handle.is_overdue(stop.now());
            self.record(match outcome_of_drop() {
                // The repetition was cut short by the end of the run, but had already exceeded its
                // limit.
                Outcome::Cancelled if was_overdue => Outcome::TimedOut,
                outcome => outcome,
            });
        }
    }
}

/// The outcome of a task or a repetition that is dropped although its end has not been recorded.
pub(super) fn outcome_of_drop() -> Outcome {
    if thread::panicking() {
        Outcome::Panicked
    } else {
        Outcome::Cancelled
    }
}
