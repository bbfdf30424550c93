//! `gather`: runs branches as children, and fails at the first failure.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::branches::Join;
use crate::workload::children::JoinMode;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;

#[derive(Debug)]
pub(in crate::workload) struct Gather(Join);

impl StepProgram for Gather {
    type Spec = spec::Gather;

    fn name(spec: &spec::Gather) -> String {
        format!("gather {}", spec.0.len())
    }

    fn compile(spec: &spec::Gather, group: &str, compiler: &mut Compiler<'_>) -> Gather {
        Gather(Join::one_each(JoinMode::Gather, &spec.0, group, compiler))
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        self.0.run_sync(interpreter, label)
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.0.run_async(interpreter, label))
    }
}
