//! `rwlock`: runs steps while the task holds a read-write lock.

use super::StepProgram;
use crate::probe;
use crate::record::{Label, Reason, Wanted};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::shared::RwLock;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;
use tokio::sync::{RwLockReadGuard, RwLockWriteGuard};

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
        let RwLock { resource, lock } = &shared.rwlocks[self.index];
        interpreter.span(label, |interpreter| {
            let acquire = shared.until_stop(self.lock(lock));
            let wanted = self.wanted();
            let (_guard, waited_since) = interpreter.acquire(acquire, resource, wanted, Reason::Lock, label)?;
            let _hold = resource.hold(interpreter.task, wanted, waited_since);
            interpreter.run(&self.steps)
        })
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let start = probe::now();
            let services = interpreter.context.services.clone();
            let shared = services.shared();
            let RwLock { resource, lock } = &shared.rwlocks[self.index];
            let (_guard, waited_since) = {
                let acquire = shared.until_stop(self.lock(lock));
                let wait = pin!(interpreter.acquire(acquire, resource, self.wanted()));
                interpreter.wait(Reason::Lock, label, wait).await?
            };
            let _hold = resource.hold(&interpreter.context.task, self.wanted(), waited_since);
            interpreter.run(&self.steps).await?;
            interpreter.context.task.record_step(label, start);
            Ok(())
        })
    }
}

impl Rwlock {
    async fn lock<'a>(&self, lock: &'a tokio::sync::RwLock<()>) -> Guard<'a> {
        match self.access {
            spec::Access::Read => (Some(lock.read().await), None),
            spec::Access::Write => (None, Some(lock.write().await)),
        }
    }

    fn wanted(&self) -> Wanted {
        match self.access {
            spec::Access::Read => Wanted::Read,
            spec::Access::Write => Wanted::Access,
        }
    }
}
