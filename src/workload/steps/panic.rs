//! `panic`: ends the task with a panic, always or with a probability.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::workload::compile::Compiler;
use crate::workload::draw::happens;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) struct Panic(spec::Panic);

impl StepProgram for Panic {
    type Spec = spec::Panic;

    fn name(_: &spec::Panic) -> String {
        "panic".to_owned()
    }

    fn compile(spec: &spec::Panic, _: &str, _: &mut Compiler<'_>) -> Panic {
        Panic(spec.clone())
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, _: Label) -> StepResult {
        if happens(self.0.chance, interpreter.rng) {
            panic!("{}", self.0.message);
        }
        Ok(())
    }
}
