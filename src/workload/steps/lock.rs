//! `lock`: runs steps while the task holds a lock.

use super::StepProgram;
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, Reason, Wanted};
use crate::scenario::How;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::shared;
use crate::workload::step_error::StepResult;
use crate::workload::stop::Stopped;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::pin::pin;

#[derive(Debug)]
pub(in crate::workload) struct Lock {
    index: usize,
    how: How,
    steps: Steps,
}

impl StepProgram for Lock {
    type Spec = spec::Lock;

    fn name(spec: &spec::Lock) -> String {
        format!("lock {}", spec.name)
    }

    fn compile(spec: &spec::Lock, group: &str, compiler: &mut Compiler<'_>) -> Lock {
        let (index, how) = compiler.lock(&spec.name);
        let steps = compiler.steps(group, &spec.steps);
        Lock { index, how, steps }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let lock = &interpreter.services.shared().locks[self.index];
        interpreter.span(label, |interpreter| {
            let _held = take(lock, interpreter.task, label)?;
            interpreter.run(&self.steps)
        })
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        match self.how {
            How::Async => Box::pin(self.run_suspended(interpreter, label)).await,
            How::Sync | How::Offload => Box::pin(self.run_across_awaits(interpreter, label)).await,
        }
    }
}

/// Takes a lock for a task. Blocks the thread until the lock is free. The first part of the result
/// is a guard. When this guard is dropped, it records the release. The guard must be dropped before
/// the second part, which releases the lock.
fn take<'a>(
    lock: &'a shared::Lock,
    task: &TaskHandle,
    label: Label,
) -> Result<(shared::Hold<'a>, shared::LockGuard<'a>), Stopped> {
    let (guard, waited_since) = match lock.try_block() {
        Some(guard) => (guard, None),
        None => {
            let wait = lock.resource.begin_wait(task, Wanted::Access, false);
            let guard = lane::blocking(Reason::Lock, label, || lock.block())?;
            (guard, Some(wait.succeed()))
        }
    };
    Ok((lock.resource.hold(task, Wanted::Access, waited_since), guard))
}

impl Lock {
    /// Blocks the worker until the lock is free. The task keeps the lock even while one of its
    /// steps awaits.
    async fn run_across_awaits(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let services = interpreter.context.services.clone();
        let _held = take(&services.shared().locks[self.index], &interpreter.context.task, label)?;
        interpreter.run(&self.steps).await?;
        interpreter.context.task.record_step(label, start);
        Ok(())
    }

    async fn run_suspended(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let services = interpreter.context.services.clone();
        let lock = &services.shared().locks[self.index];
        let (_guard, waited_since) = {
            let acquire = async { Ok::<_, Stopped>(lock.suspending.lock().await) };
            let wait = pin!(interpreter.acquire(acquire, &lock.resource, Wanted::Access));
            interpreter.wait(Reason::Lock, label, wait).await?
        };
        let _hold = lock
            .resource
            .hold(&interpreter.context.task, Wanted::Access, waited_since);
        interpreter.run(&self.steps).await?;
        interpreter.context.task.record_step(label, start);
        Ok(())
    }
}
