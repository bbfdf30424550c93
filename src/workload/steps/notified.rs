//! `notified`: waits for a notification.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::{Label, Reason};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::shared::{block_on, try_now};
use crate::workload::step_error::StepResult;
use crate::workload::stop::Stopped;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;

#[derive(Debug)]
pub(in crate::workload) struct Notified {
    index: usize,
}

impl StepProgram for Notified {
    type Spec = spec::Notified;

    fn name(spec: &spec::Notified) -> String {
        format!("notified {}", spec.name)
    }

    fn compile(spec: &spec::Notified, _: &str, compiler: &mut Compiler<'_>) -> Notified {
        Notified {
            index: compiler.notify(&spec.name),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let shared = interpreter.services.shared();
        let notified = shared.notifies[self.index].notified();
        block_until(interpreter, label, shared.until_stop(notified))
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let services = interpreter.context.services.clone();
            let shared = services.shared();
            let notified = shared.notifies[self.index].notified();
            suspend_until(interpreter, label, Reason::Notify, shared.until_stop(notified)).await
        })
    }
}

/// Blocks the thread until `wait` is ready. Does not block if `wait` is ready at once.
pub(super) fn block_until<T>(
    interpreter: &SyncInterpreter<'_>,
    label: Label,
    wait: impl Future<Output = Result<T, Stopped>>,
) -> StepResult {
    let start = probe::now();
    let mut wait = pin!(wait);
    match try_now(wait.as_mut()) {
        Some(result) => {
            result?;
            interpreter.task.record_step(label, start);
        }
        None => {
            lane::blocking(Reason::Notify, label, || block_on(wait))?;
        }
    }
    Ok(())
}

/// Suspends the task until `wait` is ready.
pub(super) async fn suspend_until<T>(
    interpreter: &AsyncInterpreter<'_>,
    label: Label,
    reason: Reason,
    wait: impl Future<Output = Result<T, Stopped>>,
) -> StepResult {
    let start = probe::now();
    interpreter.wait(reason, label, pin!(wait)).await?;
    interpreter.context.task.record_step(label, start);
    Ok(())
}
