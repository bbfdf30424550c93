//! `rwlock`: runs steps while the task holds a read-write lock.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::{Label, Reason};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::shared::{block_on, try_now};
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

#[derive(Debug)]
pub(in crate::workload) struct Rwlock {
    index: usize,
    access: spec::Access,
    steps: Steps,
}

/// The guard of the lock: the first part for a reader, the second part for a writer.
type Guard<'a> = (Option<RwLockReadGuard<'a, ()>>, Option<RwLockWriteGuard<'a, ()>>);

impl StepProgram for Rwlock {
    type Spec = spec::Rwlock;

    fn name(spec: &spec::Rwlock) -> String {
        format!("{} {}", spec.access.into_str(), spec.name)
    }

    fn compile(spec: &spec::Rwlock, group: &str, compiler: &mut Compiler<'_>) -> Rwlock {
        Rwlock {
            index: compiler.rwlock(&spec.name),
            access: spec.access,
            steps: compiler.steps(group, &spec.steps),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let shared = interpreter.services.shared();
        interpreter.span(label, |interpreter| {
            let mut lock = pin!(shared.until_stop(self.lock(&shared.rwlocks[self.index])));
            let _guard = match try_now(lock.as_mut()) {
                Some(guard) => guard?,
                None => lane::blocking(Reason::Lock, label, || block_on(lock))?,
            };
            interpreter.run(&self.steps)
        })
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let start = probe::now();
            let services = interpreter.context.services.clone();
            let shared = services.shared();
            let lock = pin!(shared.until_stop(self.lock(&shared.rwlocks[self.index])));
            let _guard = interpreter.wait(Reason::Lock, label, lock).await?;
            interpreter.run(&self.steps).await?;
            interpreter.context.task.record_step(label, start);
            Ok(())
        })
    }
}

impl Rwlock {
    async fn lock<'a>(&self, lock: &'a RwLock<()>) -> Guard<'a> {
        match self.access {
            spec::Access::Read => (Some(lock.read().await), None),
            spec::Access::Write => (None, Some(lock.write().await)),
        }
    }
}
