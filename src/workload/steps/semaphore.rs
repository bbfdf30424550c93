//! `semaphore`: runs steps while the task holds a permit.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::Label;
use crate::record::Reason;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::shared::block_on;
use crate::workload::step_error::StepError;
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
            let _permit = match semaphore.try_acquire() {
                Ok(permit) => permit,
                Err(_) => {
                    let permit = lane::blocking(label, || block_on(semaphore.acquire()));
                    // Semaphores are closed only when the run stops.
                    permit.map_err(|_| StepError::Stopped)?
                }
            };
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
        let acquire = pin!(services.shared().semaphores[self.index].acquire());
        let permit = interpreter.wait(Reason::Semaphore, label, None, acquire).await;
        // Semaphores are closed only when the run stops.
        let _permit = permit.map_err(|_| StepError::Stopped)?;
        interpreter.run(&self.steps).await?;
        interpreter.context.task.record_step(label, start);
        Ok(())
    }
}
