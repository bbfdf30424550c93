//! `in_place`: runs steps on the worker, after the worker's other tasks have moved to another
//! thread.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) struct InPlace {
    steps: Steps,
}

impl StepProgram for InPlace {
    type Spec = spec::InPlace;

    fn name(_: &spec::InPlace) -> String {
        "in_place".to_owned()
    }

    fn compile(spec: &spec::InPlace, group: &str, compiler: &mut Compiler<'_>) -> InPlace {
        InPlace {
            steps: compiler.steps(group, &spec.0),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        interpreter.span(label, |interpreter| interpreter.run(&self.steps))
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        tokio::task::block_in_place(|| self.run_sync(&mut interpreter.sync(), label))
    }
}
