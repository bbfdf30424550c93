//! Runs steps that hold their thread. On a thread executor, all steps hold their thread. On an
//! async executor, only steps that compute or block hold their thread.

use super::Services;
use super::draw::Seed;
use super::error_throttle::ErrorKind;
use super::program::Instruction;
use super::shared::{Resource, block_on, try_now};
use super::step_error::{StepError, StepResult};
use super::stop::Stopped;
use super::task_state::TaskState;
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, ProcessInstant, Reason, Wanted};
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

/// Runs steps synchronously, for one repetition of a task.
pub(super) struct SyncInterpreter<'a> {
    pub(super) task: &'a TaskHandle,
    pub(super) services: &'a Arc<Services>,
    pub(super) rng: &'a mut Pcg64Mcg,
    pub(super) state: &'a mut TaskState,
}

impl SyncInterpreter<'_> {
    /// Runs the steps in order until one of them ends the repetition.
    pub(super) fn run(&mut self, steps: &[Instruction]) -> StepResult {
        steps.iter().try_for_each(|step| {
            self.services.stop().check()?;
            step.op.run_sync(self, step.label)
        })
    }

    /// Runs a step that consists of inner steps, and records the step if it succeeds.
    pub(super) fn span(&mut self, label: Label, body: impl FnOnce(&mut Self) -> StepResult) -> StepResult {
        let start = probe::now();
        body(self)?;
        self.task.record_step(label, start);
        Ok(())
    }

    /// Runs a step that computes. Records the step, unless the end of the run has cut it short.
    pub(super) fn compute<R>(&self, label: Label, body: impl FnOnce(&Services) -> Result<R, Stopped>) -> StepResult {
        let start = probe::now();
        lane::set_step(label);
        body(self.services)?;
        self.task.record_step(label, start);
        Ok(())
    }

    /// Acquires a resource, and blocks the thread until the resource is free. If the task waited,
    /// also returns the start of the wait.
    pub(super) fn acquire<T, E>(
        &self,
        acquire: impl Future<Output = Result<T, E>>,
        resource: &Resource,
        wanted: Wanted,
        reason: Reason,
        label: Label,
    ) -> Result<(T, Option<ProcessInstant>), E> {
        let mut acquire = pin!(acquire);
        if let Some(acquired) = try_now(acquire.as_mut()) {
            return Ok((acquired?, None));
        }
        let wait = resource.begin_wait(self.task, wanted, false);
        let acquired = lane::blocking(reason, label, || block_on(acquire))?;
        Ok((acquired, Some(wait.succeed())))
    }

    /// Does the same as [`acquire`](Self::acquire), for a step that does nothing else. Also records
    /// the step, if it succeeds.
    pub(super) fn acquire_as_step<T, E>(
        &self,
        acquire: impl Future<Output = Result<T, E>>,
        resource: &Resource,
        wanted: Wanted,
        reason: Reason,
        label: Label,
    ) -> Result<(T, Option<ProcessInstant>), E> {
        let start = probe::now();
        let (acquired, waited_since) = self.acquire(acquire, resource, wanted, reason, label)?;
        // If the thread was blocked, the step is already recorded.
        if waited_since.is_none() {
            self.task.record_step(label, start);
        }
        Ok((acquired, waited_since))
    }

    /// A separate generator for steps that may still run after this repetition has ended.
    pub(super) fn fork_rng(&mut self) -> Pcg64Mcg {
        Seed::from_draw(self.rng.random()).generator(0)
    }

    /// The error of a step that failed because of a service or the machine. Logs `message`, unless
    /// the error throttle suppresses it.
    pub(super) fn service_error(&self, kind: ErrorKind, message: impl fmt::Display) -> StepError {
        // At the end of the run, the loopback service and the scratch folder are removed, even if
        // tasks still use them. An error after the end is therefore not reported.
        if self.services.stop().is_requested() {
            return StepError::Stopped;
        }
        self.services.error_throttle().report(self.task, kind, message);
        StepError::Failed
    }
}
