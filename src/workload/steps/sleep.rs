//! `sleep`: waits for a deadline. An async task is suspended on the timer. A task on a thread
//! blocks the thread.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::Label;
use crate::record::Reason;
use crate::scenario::steps as spec;
use crate::scenario::{Draw, show_draw};
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::draw::sample;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) struct Sleep(Draw);

impl StepProgram for Sleep {
    type Spec = spec::Sleep;

    fn name(spec: &spec::Sleep) -> String {
        format!("sleep {}", show_draw(&spec.0))
    }

    fn compile(spec: &spec::Sleep, _: &str, _: &mut Compiler<'_>) -> Sleep {
        Sleep(spec.0)
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let time = sample(&self.0, interpreter.rng);
        lane::blocking(Reason::Timer, label, || std::thread::sleep(time));
        Ok(())
    }

    async fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let time = sample(&self.0, interpreter.rng);
        let start = probe::now();
        let rounding = interpreter.sleep(Reason::Timer, label, time).await;
        interpreter.context.task.record_sleep(label, start, rounding);
        Ok(())
    }
}
