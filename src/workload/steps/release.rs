//! `release`: gives a permit back. Fails if the task holds no permit of the semaphore.

use super::StepProgram;
use crate::probe;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::workload::compile::Compiler;
use crate::workload::step_error::{StepError, StepResult};
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) struct Release {
    semaphore: usize,
    name: String,
}

impl StepProgram for Release {
    type Spec = spec::Release;

    fn name(spec: &spec::Release) -> String {
        format!("release {}", spec.semaphore)
    }

    fn compile(spec: &spec::Release, _: &str, compiler: &mut Compiler<'_>) -> Release {
        Release {
            semaphore: compiler.semaphore(&spec.semaphore),
            name: spec.semaphore.clone(),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        if !interpreter.state.release(self.semaphore) {
            tracing::warn!("holds no permit of `{}` that it could release", self.name);
            return Err(StepError::Failed);
        }
        interpreter.task.record_step(label, start);
        Ok(())
    }
}
