//! `block`: puts the thread to sleep, even if the thread is an async worker.

use super::StepProgram;
use crate::probe::lane;
use crate::record::{Label, Reason};
use crate::scenario::steps as spec;
use crate::scenario::{Draw, show_draw};
use crate::workload::compile::Compiler;
use crate::workload::draw::sample;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) struct Block(Draw);

impl StepProgram for Block {
    type Spec = spec::Block;

    fn name(spec: &spec::Block) -> String {
        format!("block {}", show_draw(&spec.0))
    }

    fn compile(spec: &spec::Block, _: &str, _: &mut Compiler<'_>) -> Block {
        Block(spec.0)
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let time = sample(&self.0, interpreter.rng);
        lane::blocking(Reason::Timer, label, || std::thread::sleep(time));
        Ok(())
    }
}
