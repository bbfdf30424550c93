//! Locks, semaphores and channels, for tasks that are suspended while they wait.

use super::{AsyncContext, named, run};
use crate::probe::{self, lane};
use crate::record::{Label, ProcessInstant, Reason};
use crate::workload::inline::StepError;
use crate::workload::program::Instruction;
use crate::workload::readiness::DeadlineGuard;
use rand_pcg::Pcg64Mcg;
use std::future::Future;
use std::pin::pin;
use tokio::sync::AcquireError;

/// Does steps under the lock number `lock`.
pub(super) async fn lock(
    context: &mut AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    lock: usize,
    steps: &[Instruction],
    limit: Option<ProcessInstant>,
) -> Result<(), StepError> {
    let start = probe::now();
    let services = context.services.clone();
    let mutex = &services.shared().locks[lock].suspending;
    let _guard = {
        let _due = DeadlineGuard::new(&context.task, None, limit);
        named(Reason::Lock, label, pin!(mutex.lock())).await
    };
    run(context, rng, limit, steps).await?;
    lane::step(&context.task, label, start);
    Ok(())
}

/// Does steps with a permit of the semaphore number `semaphore`.
pub(super) async fn semaphore(
    context: &mut AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    semaphore: usize,
    steps: &[Instruction],
    limit: Option<ProcessInstant>,
) -> Result<(), StepError> {
    let start = probe::now();
    let services = context.services.clone();
    let _permit = {
        let _due = DeadlineGuard::new(&context.task, None, limit);
        let acquire = services.shared().semaphores[semaphore].acquire();
        named(Reason::Semaphore, label, pin!(acquire)).await
    }
    .map_err(closed)?;
    run(context, rng, limit, steps).await?;
    lane::step(&context.task, label, start);
    Ok(())
}

/// Waits until something has gone into a channel, or come out of it.
pub(super) async fn pass(
    context: &AsyncContext,
    label: Label,
    passing: impl Future<Output = Result<(), AcquireError>>,
    limit: Option<ProcessInstant>,
) -> Result<(), StepError> {
    let start = probe::now();
    let _due = DeadlineGuard::new(&context.task, None, limit);
    named(Reason::Channel, label, pin!(passing)).await.map_err(closed)?;
    lane::step(&context.task, label, start);
    Ok(())
}

/// Channels and semaphores are closed when the run stops, and only then.
fn closed(_: AcquireError) -> StepError {
    StepError::Stopped
}
