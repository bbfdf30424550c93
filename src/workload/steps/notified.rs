//! `notified`: waits for a notification.

use super::StepProgram;
use crate::probe;
use crate::record::{Label, Reason, Wanted};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
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
        let (task, notify) = (interpreter.task, &shared.notifies[self.index]);
        let notified = shared.until_stop(notify.notified(task));
        let (received, waited_since) =
            interpreter.acquire_as_step(notified, &notify.resource, Wanted::Access, Reason::Notify, label)?;
        received.accept();
        notify.pass(task, waited_since);
        Ok(())
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let start = probe::now();
            let services = interpreter.context.services.clone();
            let shared = services.shared();
            let (task, notify) = (&interpreter.context.task, &shared.notifies[self.index]);
            let notified = shared.until_stop(notify.notified(task));
            let wait = pin!(interpreter.acquire(notified, &notify.resource, Wanted::Access));
            let (received, waited_since) = interpreter.wait(Reason::Notify, label, wait).await?;
            received.accept();
            notify.pass(task, waited_since);
            task.record_step(label, start);
            Ok(())
        })
    }
}
