//! `buffered`: polls many branches in the task itself, but only a limited number at a time.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::Branch;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::branches;
use crate::workload::children::JoinMode;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;

#[derive(Debug)]
pub(in crate::workload) struct Buffered(branches::Buffered);

impl StepProgram for Buffered {
    type Spec = spec::Buffered;

    fn name(spec: &spec::Buffered) -> String {
        let what = match &spec.branch {
            Branch::Group(name) => name,
            Branch::Steps(_) => "steps",
        };
        let unordered = if spec.unordered { " unordered" } else { "" };
        format!("buffered {what} ×{} by {}{unordered}", spec.count, spec.limit)
    }

    fn compile(spec: &spec::Buffered, group: &str, compiler: &mut Compiler<'_>) -> Buffered {
        Buffered(branches::Buffered {
            program: compiler.branch(group, JoinMode::Buffered.into_str(), &spec.branch),
            count: spec.count as usize,
            limit: spec.limit as usize,
            ordered: !spec.unordered,
        })
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        self.0.run_sync(interpreter, label)
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.0.run_async(interpreter, label))
    }
}
