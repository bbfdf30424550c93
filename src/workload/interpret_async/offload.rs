//! Work that an async task hands to a blocking thread, as a child of its own.
//!
//! What runs there cannot be stopped. When the task that waits for it is cancelled, by a timeout or otherwise, the work goes on to its end,
//! and nobody waits for it any more: it is orphaned.

use super::{AsyncContext, named};
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, Outcome, ProcessInstant, Reason};
use crate::workload::Services;
use crate::workload::draw::Seed;
use crate::workload::inline::{Inline, StepError, outcome};
use crate::workload::task::record_end;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;

/// Has a blocking thread do `work` as a child of this task, and waits for it. The work goes on if the wait is cancelled.
pub(super) async fn offload(
    context: &mut AsyncContext,
    seed: Seed,
    label: Label,
    reason: Reason,
    limit: Option<ProcessInstant>,
    work: impl FnOnce(&mut Inline<'_>) -> Result<(), StepError> + Send + 'static,
) -> Result<(), StepError> {
    let start = probe::now();
    let wait = context.readiness().begin_wait(limit);
    let token = wait.token();
    let child = Child(probe::offloaded(&context.task));
    let _orphan = Orphan {
        child: child.0.clone(),
        services: context.services.clone(),
    };
    let queued_since = probe::now();
    let services = context.services.clone();
    // The run does not end before its orphans.
    let presence = services.live_tasks().track();
    let mut rng = seed.turn(0);
    let job = tokio::task::spawn_blocking(move || {
        let done = lane::job(&child.0, queued_since, Reason::Unknown, || {
            let mut inline = Inline {
                task: &child.0,
                services: &services,
                rng: &mut rng,
            };
            catch_unwind(AssertUnwindSafe(|| work(&mut inline)))
        });
        let outcome = done.as_ref().map_or(Outcome::Panicked, |&result| outcome(result));
        record_end(&child.0, outcome);
        token.ready();
        drop(presence);
        done
    });
    match named(reason, label, pin!(job)).await {
        Ok(Ok(result)) => result?,
        // It panicked there, and so does the task that waits for it.
        Ok(Err(panic)) => resume_unwind(panic),
        // The runtime shuts down and will not start it any more.
        Err(_) => return Err(StepError::Stopped),
    }
    drop(wait);
    lane::step(&context.task, label, start);
    Ok(())
}

/// A job's task. Cancelled, if the job is dropped before anybody runs it.
struct Child(TaskHandle);

impl Drop for Child {
    fn drop(&mut self) {
        // Too late to change anything if it ended of itself.
        record_end(&self.0, Outcome::Cancelled);
    }
}

/// Tells, when the wait for a job is over, if the job is not.
struct Orphan {
    child: TaskHandle,
    services: Arc<Services>,
}

impl Drop for Orphan {
    fn drop(&mut self) {
        // At the run's end nobody is left to wait for anybody.
        if !self.services.stop().is_requested() && probe::orphaned(&self.child) {
            tracing::info!("{} is no longer waited for, and cannot be stopped", self.child.name());
        }
    }
}
