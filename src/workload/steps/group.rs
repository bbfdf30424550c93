//! `group`: runs branches as children. The first failure cancels the other children.

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
pub(in crate::workload) struct Group(Join);

impl StepProgram for Group {
    type Spec = spec::Group;

    fn name(spec: &spec::Group) -> String {
        format!("group {}", spec.0.len())
    }

    fn compile(spec: &spec::Group, group: &str, compiler: &mut Compiler<'_>) -> Group {
        Group(Join::one_each(JoinMode::Group, &spec.0, group, compiler))
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        self.0.run_sync(interpreter, label)
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.0.run_async(interpreter, label))
    }
}
