//! `loop`: repeats steps.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::Repeat;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;

#[derive(Debug)]
pub(in crate::workload) struct Loop {
    times: Repeat,
    steps: Steps,
}

impl StepProgram for Loop {
    type Spec = spec::Loop;

    fn name(spec: &spec::Loop) -> String {
        match spec.times {
            Repeat::Times(times) => format!("loop ×{times}"),
            Repeat::Forever => "loop".to_owned(),
        }
    }

    fn compile(spec: &spec::Loop, group: &str, compiler: &mut Compiler<'_>) -> Loop {
        Loop {
            times: spec.times,
            steps: compiler.steps(group, &spec.steps),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        interpreter.span(label, |interpreter| {
            self.rounds().try_for_each(|_| {
                interpreter.services.stop().check()?;
                interpreter.run(&self.steps)
            })
        })
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(interpreter.repeat(label, self.rounds(), &self.steps))
    }
}

impl Loop {
    fn rounds(&self) -> impl Iterator<Item = u64> + use<> {
        match self.times {
            Repeat::Times(times) => 0..times,
            // Even with only one nanosecond per round, this number of rounds takes centuries.
            Repeat::Forever => 0..u64::MAX,
        }
    }
}
