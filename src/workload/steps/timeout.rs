//! `timeout`: runs steps with a time limit. On a thread, the steps cannot be cancelled, so they run
//! to their end. Steps that end after the limit have timed out.

use super::StepProgram;
use crate::probe;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::scenario::{Draw, show_draw};
use crate::workload::async_interpreter::{AsyncInterpreter, limit_tick, run_within};
use crate::workload::compile::Compiler;
use crate::workload::draw::sample;
use crate::workload::program::Steps;
use crate::workload::step_error::StepResult;
use crate::workload::step_error::apply_limit;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;

#[derive(Debug)]
pub(in crate::workload) struct Timeout {
    after: Draw,
    steps: Steps,
}

impl StepProgram for Timeout {
    type Spec = spec::Timeout;

    fn name(spec: &spec::Timeout) -> String {
        format!("timeout {}", show_draw(&spec.after))
    }

    fn compile(spec: &spec::Timeout, group: &str, compiler: &mut Compiler<'_>) -> Timeout {
        Timeout {
            after: spec.after,
            steps: compiler.steps(group, &spec.steps),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let after = sample(&self.after, interpreter.rng);
        interpreter.span(label, |interpreter| {
            let start = probe::now();
            let outer = interpreter.task.tighten_limit(start + after.into());
            let result = interpreter.run(&self.steps);
            interpreter.task.set_limit(outer);
            apply_limit(result, interpreter.services.stop().now() - start, Some(after))
        })
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.run_cancellable(interpreter, label))
    }
}

impl Timeout {
    async fn run_cancellable(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let after = sample(&self.after, interpreter.rng);
        let outer = interpreter.context.task.tighten_limit(start + after.into());
        let outer_cleanups = interpreter.context.state.cleanups();
        let mut inner = AsyncInterpreter {
            limit: limit_tick(&interpreter.context.task, Some(after), interpreter.limit),
            context: interpreter.context,
            rng: interpreter.rng,
        };
        let result = run_within(Some(after), pin!(inner.run(&self.steps))).await;
        interpreter.context.clean_up(outer_cleanups);
        interpreter.context.task.set_limit(outer);
        let took = interpreter.context.services.stop().now() - start;
        apply_limit(result, took, Some(after))?;
        interpreter.context.task.record_step(label, start);
        Ok(())
    }
}
