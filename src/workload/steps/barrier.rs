//! `barrier`: waits for other tasks at a barrier.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::{Label, Reason};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::shared::block_on;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;

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
        let start = probe::now();
        let shared = interpreter.services.shared();
        let (task, barrier) = (interpreter.task, &shared.barriers[self.index]);
        let arrival = barrier.arrive();
        if arrival.is_last() {
            barrier.pass(task, arrival, None);
            task.record_step(label, start);
            return Ok(());
        }
        let wait = barrier.begin_wait(task, arrival, false);
        let others = shared.until_stop(barrier.others(arrival));
        lane::blocking(Reason::Barrier, label, || block_on(others))?;
        barrier.pass(task, arrival, Some(wait.succeed()));
        Ok(())
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let start = probe::now();
            let services = interpreter.context.services.clone();
            let shared = services.shared();
            let (task, barrier) = (&interpreter.context.task, &shared.barriers[self.index]);
            let arrival = barrier.arrive();
            let mut waited_since = None;
            if !arrival.is_last() {
                let wait = barrier.begin_wait(task, arrival, interpreter.limit.is_some());
                let others = pin!(shared.until_stop(barrier.others(arrival)));
                interpreter.wait(Reason::Barrier, label, others).await?;
                waited_since = Some(wait.succeed());
            }
            barrier.pass(task, arrival, waited_since);
            task.record_step(label, start);
            Ok(())
        })
    }
}
