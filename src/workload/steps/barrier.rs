//! `barrier`: waits for other tasks at a barrier.

use super::StepProgram;
use super::notified::{block_until, suspend_until};
use crate::record::{Label, Reason};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;

#[derive(Debug)]
pub(in crate::workload) struct Barrier {
    index: usize,
}

impl StepProgram for Barrier {
    type Spec = spec::Barrier;

    fn name(spec: &spec::Barrier) -> String {
        format!("barrier {}", spec.name)
    }

    fn compile(spec: &spec::Barrier, _: &str, compiler: &mut Compiler<'_>) -> Barrier {
        Barrier {
            index: compiler.barrier(&spec.name),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let shared = interpreter.services.shared();
        let others = shared.barriers[self.index].wait();
        block_until(interpreter, label, shared.until_stop(others))
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let services = interpreter.context.services.clone();
            let shared = services.shared();
            let others = shared.barriers[self.index].wait();
            suspend_until(interpreter, label, Reason::Barrier, shared.until_stop(others)).await
        })
    }
}
