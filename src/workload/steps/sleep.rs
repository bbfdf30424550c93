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
use std::pin::pin;

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
        let sleep = pin!(tokio::time::sleep(time));
        // The clock is read after the timer is created. If the thread is preempted between these
        // two lines, the recorded lateness is too small. It is never too large.
        let deadline = probe::now() + time.into();
        let rounding = interpreter.sleep_until(Reason::Timer, label, deadline, sleep).await;
        interpreter.context.task.record_sleep(label, start, rounding);
        Ok(())
    }
}
