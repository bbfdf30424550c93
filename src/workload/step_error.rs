//! The reasons why a repetition ends early, and the outcome of the repetition in each case.

use super::shared::MemoryLimitReached;
use super::spawn_limit::SpawnLimitReached;
use super::stop::Stopped;
use crate::record::{Nanos, Outcome};
use std::time::Duration;
use tokio::sync::AcquireError;

/// Why a repetition ended before its last step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StepError {
    /// A step failed.
    Failed,
    /// The time limit of the repetition, or of a `timeout` step, has passed.
    TimedOut,
    /// The run is over.
    Stopped,
}

/// How a step, or a list of steps, ended.
pub(super) type StepResult = Result<(), StepError>;

impl From<Stopped> for StepError {
    fn from(_: Stopped) -> StepError {
        StepError::Stopped
    }
}

impl From<AcquireError> for StepError {
    /// Semaphores are closed only when the run stops.
    fn from(_: AcquireError) -> StepError {
        StepError::Stopped
    }
}

impl From<MemoryLimitReached> for StepError {
    fn from(_: MemoryLimitReached) -> StepError {
        StepError::Failed
    }
}

impl From<SpawnLimitReached> for StepError {
    fn from(_: SpawnLimitReached) -> StepError {
        StepError::Failed
    }
}

/// Applies a time limit to the result of steps. `took` is the duration of the steps, up to the end
/// of the run. Steps that exceed the limit have timed out. This rule also applies to steps that
/// could not be cancelled. It also applies if the limit had passed before the end of the run cut
/// the steps short.
pub(super) fn apply_limit(result: StepResult, took: Nanos, limit: Option<Duration>) -> StepResult {
    match limit {
        Some(limit) if took > Nanos::from(limit) => Err(StepError::TimedOut),
        _ => result,
    }
}

/// The outcome to record for a repetition, or for a job, with this result.
pub(super) fn outcome(result: StepResult) -> Outcome {
    match result {
        Ok(()) => Outcome::Completed,
        Err(StepError::Failed) => Outcome::Failed,
        Err(StepError::TimedOut) => Outcome::TimedOut,
        Err(StepError::Stopped) => Outcome::Cancelled,
    }
}
