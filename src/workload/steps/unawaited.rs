//! `unawaited`: creates a future and drops it, so that the future never runs. On a thread, the step
//! creates and drops a closure.

use super::StepProgram;
use crate::probe;
use crate::record::{Label, ProcessInstant};
use crate::scenario::Branch;
use crate::scenario::steps as spec;
use crate::workload::TaskCtx;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::draw::Seed;
use crate::workload::program::Program;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use rand::Rng;
use std::sync::Arc;

#[derive(Debug)]
pub(in crate::workload) struct Unawaited {
    program: Arc<Program>,
}

impl StepProgram for Unawaited {
    type Spec = spec::Unawaited;

    fn name(spec: &spec::Unawaited) -> String {
        match &spec.0 {
            Branch::Group(name) => format!("unawaited {name}"),
            Branch::Steps(_) => "unawaited".to_owned(),
        }
    }

    fn compile(spec: &spec::Unawaited, group: &str, compiler: &mut Compiler<'_>) -> Unawaited {
        Unawaited {
            program: compiler.branch(group, "unawaited", &spec.0),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        self.make(interpreter, label, "created but never called", |child, start| {
            let closure = move || child.run_sync(start);
            drop(closure);
        })
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        self.make(
            &mut interpreter.sync(),
            label,
            "called but never awaited",
            |child, _| {
                drop(child.run_async());
            },
        )
    }
}

impl Unawaited {
    /// Creates a child task, and passes the child to `waste`. `waste` drops the child without
    /// running it. `how` is the word for this drop in the log message.
    fn make(
        &self,
        interpreter: &mut SyncInterpreter<'_>,
        label: Label,
        how: &str,
        waste: impl FnOnce(TaskCtx, ProcessInstant),
    ) -> StepResult {
        let SyncInterpreter {
            task, services, rng, ..
        } = interpreter;
        services.reserve_spawns(task, 1)?;
        let start = probe::now();
        let group = task.registry().group_named(self.program.group());
        let handle = task.never_started_child(&group);
        let seed = Seed::from_draw(rng.random());
        waste(
            TaskCtx::child(handle.clone(), self.program.clone(), services.clone(), seed, None),
            start,
        );
        tracing::warn!("{} was {how}, so it did not run", handle.name());
        task.record_step(label, start);
        Ok(())
    }
}
