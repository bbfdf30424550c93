//! `yield`: lets other tasks of the worker run once. On a thread, `yield` offers the core to other
//! threads once.

use super::StepProgram;
use crate::record::Label;
use crate::record::Reason;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::{AsyncInterpreter, labelled};
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::pin::pin;

#[derive(Debug)]
pub(in crate::workload) struct Yield;

impl StepProgram for Yield {
    type Spec = spec::Yield;

    fn name(_: &spec::Yield) -> String {
        "yield".to_owned()
    }

    fn compile(_: &spec::Yield, _: &str, _: &mut Compiler<'_>) -> Yield {
        Yield
    }

    fn run_sync(&self, _: &mut SyncInterpreter<'_>, _: Label) -> StepResult {
        std::thread::yield_now();
        Ok(())
    }

    async fn run_async(&self, _: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        labelled(Reason::Yield, label, pin!(tokio::task::yield_now())).await;
        Ok(())
    }
}
