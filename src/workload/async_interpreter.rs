//! Runs steps as a future.
//!
//! Each `await` has a reason and a label ([`labelled`]): when a poll ends there, the slice says
//! what its task waits for. Where it is known in advance when the wait will be over (a deadline,
//! the departure of a reply, the end of a job), the task's handle gets that instant, so that the
//! time from ready to running can be seen.

use super::Services;
use super::http::HttpClient;
use super::program::Instruction;
use super::readiness::{DeadlineGuard, Readiness};
use super::step_error::{StepError, StepResult};
use super::sync_interpreter::SyncInterpreter;
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, ProcessInstant, Reason};
use rand_pcg::Pcg64Mcg;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What a task keeps from one step to the next: its handle, and its connections to those who serve
/// it.
pub(super) struct AsyncContext {
    pub(super) task: TaskHandle,
    pub(super) services: Arc<Services>,
    /// Created when a service first serves the task.
    readiness: Option<Arc<Readiness>>,
    /// Whether the loopback service knows the task.
    is_registered: bool,
    /// The connection to the loopback service, while no request is on it.
    pub(super) http: Option<Box<HttpClient>>,
}

impl AsyncContext {
    pub(super) fn new(task: TaskHandle, services: Arc<Services>) -> AsyncContext {
        AsyncContext {
            task,
            services,
            readiness: None,
            is_registered: false,
            http: None,
        }
    }

    /// For steps that hold the thread.
    pub(super) fn sync<'a>(&'a self, rng: &'a mut Pcg64Mcg) -> SyncInterpreter<'a> {
        SyncInterpreter {
            task: &self.task,
            services: &self.services,
            rng,
        }
    }

    /// Where services mark the task's waits as ready.
    pub(super) fn readiness(&mut self) -> Arc<Readiness> {
        self.readiness
            .get_or_insert_with(|| Readiness::new(self.task.clone()))
            .clone()
    }

    /// The [`readiness`](Self::readiness), which the loopback service knows too.
    pub(super) fn http_readiness(&mut self) -> Arc<Readiness> {
        let readiness = self.readiness();
        if !self.is_registered {
            self.services.http().register_task(self.task.id(), readiness.clone());
            self.is_registered = true;
        }
        readiness
    }
}

impl Drop for AsyncContext {
    fn drop(&mut self) {
        if self.is_registered {
            self.services.http().unregister_task(self.task.id());
        }
    }
}

/// Runs steps as a future, for one repetition of a task.
pub(super) struct AsyncInterpreter<'a> {
    pub(super) context: &'a mut AsyncContext,
    pub(super) rng: &'a mut Pcg64Mcg,
    /// The earliest deadline that binds the steps.
    pub(super) limit: Option<ProcessInstant>,
}

impl AsyncInterpreter<'_> {
    /// Does the steps in order, until one of them ends the repetition.
    pub(super) async fn run(&mut self, steps: &[Instruction]) -> StepResult {
        for step in steps {
            self.context.services.stop().check()?;
            step.op.run_async(self, step.label).await?;
        }
        Ok(())
    }

    /// Does the steps once for each of `rounds`, as one step, and records it if it succeeds.
    pub(super) async fn repeat(
        &mut self,
        label: Label,
        rounds: impl Iterator<Item = u64>,
        steps: &[Instruction],
    ) -> StepResult {
        let start = probe::now();
        for _ in rounds {
            self.context.services.stop().check()?;
            self.run(steps).await?;
        }
        self.context.task.record_step(label, start);
        Ok(())
    }

    /// For steps that hold the thread.
    pub(super) fn sync(&mut self) -> SyncInterpreter<'_> {
        self.context.sync(self.rng)
    }

    /// Awaits a future for which the task waits, for this reason. `ready` is when the future will
    /// be ready, if that is known; the task is ready at its deadline at the latest.
    pub(super) async fn wait<F: Future>(
        &self,
        reason: Reason,
        label: Label,
        ready: Option<ProcessInstant>,
        future: Pin<&mut F>,
    ) -> F::Output {
        let _deadline = DeadlineGuard::new(&self.context.task, ready, self.limit);
        labelled(reason, label, future).await
    }
}

/// Polls a future, and records what the task waits for whenever the future is not ready.
pub(super) fn labelled<F: Future>(
    reason: Reason,
    label: Label,
    mut future: Pin<&mut F>,
) -> impl Future<Output = F::Output> {
    // An `async fn` would keep its arguments twice, in every task's future.
    poll_fn(move |context| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            lane::set_wait(reason, label);
        }
        polled
    })
}

/// The earlier of two deadlines: `limit` from now on, and one that binds already.
pub(super) fn deadline(limit: Option<Duration>, outer: Option<ProcessInstant>) -> Option<ProcessInstant> {
    let own = limit.map(|limit| probe::now() + limit.into());
    own.into_iter().chain(outer).min()
}

/// Polls steps no longer than `limit`. The steps are cancelled when the caller drops them.
/// Borrowing instead of taking them keeps a second copy out of every task's future.
pub(super) async fn run_within<F>(limit: Option<Duration>, steps: Pin<&mut F>) -> StepResult
where
    F: Future<Output = StepResult>,
{
    match limit {
        // tokio's timer takes 232 bytes: boxed, for the many tasks that have no timeout.
        Some(limit) => Box::pin(tokio::time::timeout(limit, steps))
            .await
            .unwrap_or(Err(StepError::TimedOut)),
        None => steps.await,
    }
}
