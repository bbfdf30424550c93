//! Work that an async task hands to a blocking thread, as a child task.
//!
//! Work on a blocking thread cannot be stopped. If the waiting task is cancelled, for example by a
//! timeout, the work still continues to its end. From then on, no task waits for the child: the
//! child is orphaned.

use super::Services;
use super::async_interpreter::{AsyncInterpreter, labelled};
use super::draw::Seed;
use super::shared::WaitForChildren;
use super::step_error::{StepError, StepResult, outcome};
use super::sync_interpreter::SyncInterpreter;
use super::task::record_end;
use crate::probe::{self, TaskHandle};
use crate::record::{Label, Outcome, Reason};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;

/// Runs `work` on a blocking thread as a child of this task, and waits for the result. If the wait
/// is cancelled, the work continues. `seed` is the source of the child's random numbers.
pub(super) async fn offload(
    interpreter: &mut AsyncInterpreter<'_>,
    label: Label,
    reason: Reason,
    seed: Seed,
    work: impl FnOnce(&mut SyncInterpreter<'_>) -> StepResult + Send + 'static,
) -> StepResult {
    let start = probe::now();
    run_offloaded(interpreter, label, reason, seed, work).await?;
    interpreter.context.task.record_step(label, start);
    Ok(())
}

/// Does the same as [`offload`], but for work that is a part of a step and returns a result.
pub(super) async fn run_offloaded<R: Send + 'static>(
    interpreter: &mut AsyncInterpreter<'_>,
    label: Label,
    reason: Reason,
    seed: Seed,
    work: impl FnOnce(&mut SyncInterpreter<'_>) -> Result<R, StepError> + Send + 'static,
) -> Result<R, StepError> {
    let context = &mut *interpreter.context;
    let wait = context.readiness().begin_wait(interpreter.limit);
    let token = wait.token();
    let child = Child(context.task.offloaded_child());
    let _orphan = OrphanGuard {
        child: child.0.clone(),
        services: context.services.clone(),
    };
    let queued_since = probe::now();
    let services = context.services.clone();
    let mut state = context.state.of_part();
    // Orphaned tasks must count as live, because the run must not end before its orphaned tasks
    // have ended.
    let live = services.live_tasks().track();
    let mut rng = seed.generator(0);
    let job = tokio::task::spawn_blocking(move || {
        let result = child.0.run_job(queued_since, Reason::Unknown, || {
            let mut interpreter = SyncInterpreter {
                task: &child.0,
                services: &services,
                rng: &mut rng,
                state: &mut state,
            };
            catch_unwind(AssertUnwindSafe(|| work(&mut interpreter)))
        });
        let outcome = match &result {
            Ok(done) => outcome(done.as_ref().map(|_| ()).map_err(|&error| error)),
            Err(_) => Outcome::Panicked,
        };
        record_end(&child.0, outcome);
        token.ready();
        drop(live);
        result
    });
    let wait_for_child = WaitForChildren::begin(&context.task, interpreter.limit.is_some());
    let ended = labelled(reason, label, pin!(job)).await;
    drop(wait_for_child);
    match ended {
        Ok(Ok(result)) => result,
        // The child panicked, so the waiting task panics too.
        Ok(Err(panic)) => resume_unwind(panic),
        // The runtime shuts down and will not start the job any more.
        Err(_) => Err(StepError::Stopped),
    }
}

/// The task of a job. If the job is dropped before it runs, the task is cancelled.
struct Child(TaskHandle);

impl Drop for Child {
    fn drop(&mut self) {
        // This call has no effect on a task that has already ended.
        record_end(&self.0, Outcome::Cancelled);
    }
}

/// Marks the child as an orphan if the parent stops waiting before the child has ended.
struct OrphanGuard {
    child: TaskHandle,
    services: Arc<Services>,
}

impl Drop for OrphanGuard {
    fn drop(&mut self) {
        // When the run ends, no task waits for another task, so the child is not an orphan.
        if !self.services.stop().is_requested() && self.child.orphan() {
            tracing::info!(
                "no task waits for {} any more, and it cannot be stopped",
                self.child.name()
            );
        }
    }
}
