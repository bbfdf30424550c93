//! `lock`: runs steps while the task holds a lock.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::Label;
use crate::record::Reason;
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
            let _guard = take(lock, label)?;
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

/// Takes a lock. Blocks the thread until the lock is free.
fn take(lock: &shared::Lock, label: Label) -> Result<shared::LockGuard<'_>, Stopped> {
    match lock.try_block() {
        Some(guard) => Ok(guard),
        None => lane::blocking(label, || lock.block()),
    }
}

impl Lock {
    /// Blocks the worker until the lock is free. The task holds the lock while its steps await.
    async fn run_across_awaits(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let services = interpreter.context.services.clone();
        let _guard = take(&services.shared().locks[self.index], label)?;
        interpreter.run(&self.steps).await?;
        interpreter.context.task.record_step(label, start);
        Ok(())
    }

    async fn run_suspended(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let services = interpreter.context.services.clone();
        let lock = pin!(services.shared().locks[self.index].suspending.lock());
        let _guard = interpreter.wait(Reason::Lock, label, None, lock).await;
        interpreter.run(&self.steps).await?;
        interpreter.context.task.record_step(label, start);
        Ok(())
    }
}
