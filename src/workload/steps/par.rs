//! `par`: fork-join. On a thread of a pool, each list of steps is a child task, and other threads
//! of the pool may steal it. On any other thread, the task does one list after the other.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::Branch;
use crate::scenario::steps as spec;
use crate::workload::branches::Join;
use crate::workload::children::JoinMode;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) struct Par(Join);

impl StepProgram for Par {
    type Spec = spec::Par;

    fn name(spec: &spec::Par) -> String {
        format!("par {}", spec.0.len())
    }

    fn compile(spec: &spec::Par, group: &str, compiler: &mut Compiler<'_>) -> Par {
        let branches: Vec<_> = spec.0.iter().cloned().map(Branch::Steps).collect();
        Par(Join::one_each(JoinMode::Par, &branches, group, compiler))
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        // A child of another step has a thread of its own, which does not belong to the pool.
        if rayon::current_thread_index().is_some() && !interpreter.task.is_branch() {
            return self.0.run_forked(interpreter, label);
        }
        interpreter.span(label, |interpreter| self.0.run_in_order(interpreter))
    }
}
