//! `acquire`: takes a permit of a semaphore, and keeps it.

use super::StepProgram;
use crate::probe;
use crate::record::{Label, Reason, Wanted};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use crate::workload::task_state::HeldPermit;
use std::future::Future;
use std::pin::pin;

#[derive(Debug)]
pub(in crate::workload) struct Acquire {
    semaphore: usize,
}

impl StepProgram for Acquire {
    type Spec = spec::Acquire;

    fn name(spec: &spec::Acquire) -> String {
        format!("acquire {}", spec.semaphore)
    }

    fn compile(spec: &spec::Acquire, _: &str, compiler: &mut Compiler<'_>) -> Acquire {
        Acquire {
            semaphore: compiler.semaphore(&spec.semaphore),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let (task, services) = (interpreter.task, interpreter.services);
        let semaphore = &services.shared().semaphores[self.semaphore];
        let acquire = semaphore.permits.clone().acquire_owned();
        let permit =
            interpreter.acquire_as_step(acquire, &semaphore.resource, Wanted::Access, Reason::Semaphore, label)?;
        let permit = HeldPermit::new(services, self.semaphore, task, permit);
        interpreter.state.hold(permit);
        Ok(())
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let start = probe::now();
            let services = interpreter.context.services.clone();
            let permit = {
                let semaphore = &services.shared().semaphores[self.semaphore];
                let acquire = semaphore.permits.clone().acquire_owned();
                let wait = pin!(interpreter.acquire(acquire, &semaphore.resource, Wanted::Access));
                interpreter.wait(Reason::Semaphore, label, wait).await?
            };
            let permit = HeldPermit::new(&services, self.semaphore, &interpreter.context.task, permit);
            interpreter.context.state.hold(permit);
            interpreter.context.task.record_step(label, start);
            Ok(())
        })
    }
}
