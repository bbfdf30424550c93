//! `shield`: runs a branch as a child that continues even if its parent is cancelled. On a thread,
//! no parent can be cancelled, so the step only waits for the child.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::Branch;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::branches::Join;
use crate::workload::children::JoinMode;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::slice;

#[derive(Debug)]
pub(in crate::workload) struct Shield(Join);

impl StepProgram for Shield {
    type Spec = spec::Shield;

    fn name(spec: &spec::Shield) -> String {
        match &spec.0 {
            Branch::Group(name) => format!("shield {name}"),
            Branch::Steps(_) => "shield".to_owned(),
        }
    }

    fn compile(spec: &spec::Shield, group: &str, compiler: &mut Compiler<'_>) -> Shield {
        Shield(Join::one_each(
            JoinMode::Shield,
            slice::from_ref(&spec.0),
            group,
            compiler,
        ))
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        self.0.run_sync(interpreter, label)
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.0.run_async(interpreter, label))
    }
}
