//! `offload`: runs steps on a blocking thread, as a child task.

use super::StepProgram;
use crate::record::Label;
use crate::record::Reason;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::draw::Seed;
use crate::workload::offload::offload;
use crate::workload::program::Steps;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use rand::Rng;
use std::future::Future;

#[derive(Debug)]
pub(in crate::workload) struct Offload {
    steps: Steps,
}

impl StepProgram for Offload {
    type Spec = spec::Offload;

    fn name(_: &spec::Offload) -> String {
        "offload".to_owned()
    }

    fn compile(spec: &spec::Offload, group: &str, compiler: &mut Compiler<'_>) -> Offload {
        Offload {
            steps: compiler.steps(group, &spec.0),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        // As on a runtime, the inner steps have their own generator and their own state, and use
        // the receivers of the task.
        let mut rng = interpreter.fork_rng();
        let mut state = interpreter.state.of_part();
        interpreter.span(label, |outer| {
            let mut inner = SyncInterpreter {
                task: outer.task,
                services: outer.services,
                rng: &mut rng,
                state: &mut state,
            };
            inner.run(&self.steps)
        })
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        let steps = self.steps.clone();
        let work = move |interpreter: &mut SyncInterpreter<'_>| interpreter.run(&steps);
        let seed = Seed::from_draw(interpreter.rng.random());
        Box::pin(offload(interpreter, label, Reason::Offload, seed, work))
    }
}
