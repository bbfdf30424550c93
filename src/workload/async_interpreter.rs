//! Runs steps as a future.
//!
//! Each `await` has a reason and a label ([`labelled`]). If a poll ends at an `await`, the slice
//! records this reason and this label: what the task waits for. For some waits, the instant at
//! which the task becomes ready is known: a deadline, the end of a job, or the instant at which the
//! service sends a reply. The task's handle stores this instant, so that the time from ready to
//! running can be shown.

use super::Services;
use super::http::HttpClient;
use super::program::Instruction;
use super::readiness::{Readiness, TimerGuard};
use super::shared::{RecordedWait, Resource};
use super::step_error::{StepError, StepResult};
use super::sync_interpreter::SyncInterpreter;
use super::task_state::TaskState;
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, Nanos, ProcessInstant, Reason, Wanted};
use rand_pcg::Pcg64Mcg;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// The data that a task keeps from one step to the next: its handle, the services, its state, its
/// readiness, and its connection to the loopback service.
pub(super) struct AsyncContext {
    pub(super) task: TaskHandle,
    pub(super) services: Arc<Services>,
    pub(super) state: TaskState,
    /// The object is created when the task first uses a service.
    readiness: Option<Arc<Readiness>>,
    /// Whether the task is registered at the loopback service.
    is_registered: bool,
    /// The idle connection to the loopback service. `None` before the first request and during a
    /// request.
    pub(super) http: Option<Box<HttpClient>>,
}

impl AsyncContext {
    pub(super) fn new(task: TaskHandle, services: Arc<Services>) -> AsyncContext {
        AsyncContext {
            task,
            services,
            state: TaskState::default(),
            readiness: None,
            is_registered: false,
            http: None,
        }
    }

    /// A synchronous interpreter, for steps that hold the thread.
    pub(super) fn sync<'a>(&'a mut self, rng: &'a mut Pcg64Mcg) -> SyncInterpreter<'a> {
        SyncInterpreter {
            task: &self.task,
            services: &self.services,
            rng,
            state: &mut self.state,
        }
    }

    /// Runs the cleanups of a cancelled task, except the first `outer` cleanups. The latest cleanup
    /// runs first, just as Rust drops the latest value first. A cleanup is synchronous, because a
    /// cancelled task is not polled any more.
    pub(super) fn clean_up(&mut self, outer: usize) {
        while let Some(mut cleanup) = self.state.take_cleanup(outer) {
            // No step receives the error of a cleanup. The step that failed has already logged the
            // error.
            let _ = self
                .sync(&mut cleanup.rng)
                .span(cleanup.label, |interpreter| interpreter.run(&cleanup.steps));
        }
    }

    /// The object with which services mark the task's waits as ready.
    pub(super) fn readiness(&mut self) -> Arc<Readiness> {
        self.readiness
            .get_or_insert_with(|| Readiness::new(self.task.clone()))
            .clone()
    }

    /// Returns the [`readiness`](Self::readiness), and registers it at the loopback service.
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
    /// The earliest timer tick at which a timeout around the steps can fire.
    pub(super) limit: Option<ProcessInstant>,
}

impl AsyncInterpreter<'_> {
    /// Runs the steps in order until one of them ends the repetition.
    pub(super) async fn run(&mut self, steps: &[Instruction]) -> StepResult {
        let outer = self.context.state.cleanups();
        let mut result = Ok(());
        for step in steps {
            result = match self.context.services.stop().check() {
                Ok(()) => step.op.run_async(self, step.label).await,
                Err(stopped) => Err(stopped.into()),
            };
            if result.is_err() {
                break;
            }
        }
        // A cancelled future does not reach this line, so the steps were not cancelled and need no
        // cleanup.
        self.context.state.forget_cleanups(outer);
        result
    }

    /// Runs the steps once for each of `rounds`. All rounds together count as one step. The step is
    /// recorded if it succeeds.
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

    /// A synchronous interpreter, for steps that hold the thread.
    pub(super) fn sync(&mut self) -> SyncInterpreter<'_> {
        self.context.sync(self.rng)
    }

    /// Awaits a future, and records `reason` as the reason of the wait. At the latest, the task
    /// becomes ready when its time limit has passed.
    pub(super) async fn wait<F: Future>(&self, reason: Reason, label: Label, future: Pin<&mut F>) -> F::Output {
        let _timer = TimerGuard::new(&self.context.task, None, self.limit);
        labelled(reason, label, future).await
    }

    /// Returns the future that acquires a resource. While this future waits, it records that this
    /// task waits for the resource.
    pub(super) fn acquire<'r, T, E, F>(
        &'r self,
        acquire: F,
        resource: &'r Resource,
        wanted: Wanted,
    ) -> RecordedWait<'r, F>
    where
        F: Future<Output = Result<T, E>>,
    {
        RecordedWait::new(acquire, resource, &self.context.task, wanted, self.limit.is_some())
    }

    /// Waits for `sleep`, a timer of the runtime that fires at `deadline`. Records `reason` as the
    /// reason of the wait. The timer counts whole ticks, so it can fire after `deadline`: the
    /// function returns this additional time.
    pub(super) fn sleep_until<'s>(
        &'s self,
        reason: Reason,
        label: Label,
        deadline: ProcessInstant,
        mut sleep: Pin<&'s mut tokio::time::Sleep>,
    ) -> impl Future<Output = Nanos> + 's {
        let task = &self.context.task;
        let timer = TimerGuard::new(task, Some(task.timer_tick(deadline)), self.limit);
        // An `async fn` would store its arguments twice in every task's future.
        poll_fn(move |context| {
            let _timer = &timer;
            match sleep.as_mut().poll(context) {
                Poll::Pending => {
                    lane::set_wait(reason, label);
                    Poll::Pending
                }
                Poll::Ready(()) => {
                    let fired = task.ready().unwrap_or(deadline).min(probe::now());
                    Poll::Ready(fired - deadline)
                }
            }
        })
    }
}

/// Polls a future. Whenever the future is not ready, records what the task waits for.
pub(super) fn labelled<F: Future>(
    reason: Reason,
    label: Label,
    mut future: Pin<&mut F>,
) -> impl Future<Output = F::Output> {
    // An `async fn` would store its arguments twice in every task's future.
    poll_fn(move |context| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            lane::set_wait(reason, label);
        }
        polled
    })
}

/// The earlier of two ticks: the first tick after `limit` has passed, and `outer`.
pub(super) fn limit_tick(
    task: &TaskHandle,
    limit: Option<Duration>,
    outer: Option<ProcessInstant>,
) -> Option<ProcessInstant> {
    let own = limit.map(|limit| task.timer_tick(probe::now() + limit.into()));
    own.into_iter().chain(outer).min()
}

/// Polls `steps` for at most `limit`. The caller cancels the steps by dropping them. This function
/// only borrows the steps. If it took ownership of the steps, every task's future would contain a
/// second copy of the steps.
pub(super) async fn run_within<F>(limit: Option<Duration>, steps: Pin<&mut F>) -> StepResult
where
    F: Future<Output = StepResult>,
{
    match limit {
        // tokio's timer takes 232 bytes. The timer is boxed, so that the many tasks without a
        // timeout do not need this memory.
        Some(limit) => Box::pin(tokio::time::timeout(limit, steps))
            .await
            .unwrap_or(Err(StepError::TimedOut)),
        None => steps.await,
    }
}
