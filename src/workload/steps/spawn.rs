//! `spawn`: spawns child tasks. The step either waits for the child tasks or continues immediately.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::Branch;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::branches::{Detached, Join};
use crate::workload::children::JoinMode;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) enum Spawn {
    Awaited(Join),
    Detached(Detached),
}

impl StepProgram for Spawn {
    type Spec = spec::Spawn;

    fn name(spec: &spec::Spawn) -> String {
        let what = match &spec.branch {
            Branch::Group(name) => name,
            Branch::Steps(_) => "steps",
        };
        let count = match spec.count {
            1 => String::new(),
            count => format!(" ×{count}"),
        };
        let then = match spec {
            spec::Spawn { wait: true, .. } => " and wait",
            spec::Spawn { keep: true, .. } => " and keep",
            _ => "",
        };
        format!("spawn {what}{count}{then}")
    }

    fn compile(spec: &spec::Spawn, group: &str, compiler: &mut Compiler<'_>) -> Spawn {
        let program = compiler.branch(group, JoinMode::Spawn.into_str(), &spec.branch);
        let count = spec.count;
        if spec.wait {
            Spawn::Awaited(Join::copies(JoinMode::Spawn, &program, count))
        } else {
            let keeps = spec.keep.then(|| compiler.results(group));
            Spawn::Detached(Detached { program, count, keeps })
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        match self {
            Spawn::Awaited(join) => join.run_sync(interpreter, label),
            Spawn::Detached(detached) => detached.run_sync(interpreter, label),
        }
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        match self {
            Spawn::Awaited(join) => Box::pin(join.run_async(interpreter, label)).await,
            Spawn::Detached(detached) => detached.run_async(interpreter, label),
        }
    }
}
