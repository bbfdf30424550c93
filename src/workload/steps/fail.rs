//! `fail`: ends the repetition as failed, always or with a probability.

use super::StepProgram;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::workload::compile::Compiler;
use crate::workload::draw::happens;
use crate::workload::step_error::StepError;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) struct Fail(spec::Fail);

impl StepProgram for Fail {
    type Spec = spec::Fail;

    fn name(_: &spec::Fail) -> String {
        "fail".to_owned()
    }

    fn compile(spec: &spec::Fail, _: &str, _: &mut Compiler<'_>) -> Fail {
        Fail(spec.clone())
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, _: Label) -> StepResult {
        if happens(self.0.chance, interpreter.rng) {
            tracing::warn!("{}", self.0.message);
            return Err(StepError::Failed);
        }
        Ok(())
    }
}
