//! `cleanup`: runs its inner steps if the task is cancelled. The cancellation must come after this
//! step, and before the end of the list that contains the step. A task on a thread cannot be
//! cancelled, so the step does nothing on a thread.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use crate::workload::task_state;

#[derive(Debug)]
pub(in crate::workload) struct Cleanup {
    steps: Steps,
}

impl StepProgram for Cleanup {
    type Spec = spec::Cleanup;

    fn name(_: &spec::Cleanup) -> String {
        "cleanup".to_owned()
    }

    fn compile(spec: &spec::Cleanup, group: &str, compiler: &mut Compiler<'_>) -> Cleanup {
        Cleanup {
            steps: compiler.steps(group, &spec.0),
        }
    }

    fn run_sync(&self, _: &mut SyncInterpreter<'_>, _: Label) -> StepResult {
        Ok(())
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let rng = interpreter.sync().fork_rng();
        interpreter.context.state.add_cleanup(task_state::Cleanup {
            label,
            steps: self.steps.clone(),
            rng,
        });
        Ok(())
    }
}
