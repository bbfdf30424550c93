//! `semaphore`: runs steps while the task holds a permit.

use super::StepProgram;
use crate::probe;
use crate::record::{Label, Reason, Wanted};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;

#[derive(Debug)]
pub(in crate::workload) struct Semaphore {
    index: usize,
    steps: Steps,
}

impl StepProgram for Semaphore {
    type Spec = spec::Semaphore;

    fn name(spec: &spec::Semaphore) -> String {
        format!("semaphore {}", spec.name)
    }

    fn compile(spec: &spec::Semaphore, group: &str, compiler: &mut Compiler<'_>) -> Semaphore {
        Semaphore {
            index: compiler.semaphore(&spec.name),
            steps: compiler.steps(group, &spec.steps),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let semaphore = &interpreter.services.shared().semaphores[self.index];
        interpreter.span(label, |interpreter| {
            let (acquire, wanted) = (semaphore.permits.acquire(), Wanted::Access);
            let (_permit, waited_since) =
                interpreter.acquire(acquire, &semaphore.resource, wanted, Reason::Semaphore, label)?;
            let _hold = semaphore.resource.hold(interpreter.task, wanted, waited_since);
            interpreter.run(&self.steps)
        })
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.run_suspended(interpreter, label))
    }
}

impl Semaphore {
    async fn run_suspended(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let services = interpreter.context.services.clone();
        let semaphore = &services.shared().semaphores[self.index];
        let (_permit, waited_since) = {
            let acquire = semaphore.permits.acquire();
            let wait = pin!(interpreter.acquire(acquire, &semaphore.resource, Wanted::Access));
            interpreter.wait(Reason::Semaphore, label, wait).await?
        };
        let _hold = semaphore
            .resource
            .hold(&interpreter.context.task, Wanted::Access, waited_since);
        interpreter.run(&self.steps).await?;
        interpreter.context.task.record_step(label, start);
        Ok(())
    }
}
