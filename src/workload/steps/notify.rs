//! `notify`: wakes tasks that wait for a notification.

use super::StepProgram;
use crate::probe;
use crate::record::Label;
use crate::scenario::steps as spec;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;

#[derive(Debug)]
pub(in crate::workload) struct Notify {
    index: usize,
    all: bool,
}

impl StepProgram for Notify {
    type Spec = spec::Notify;

    fn name(spec: &spec::Notify) -> String {
        let all = if spec.all { " all" } else { "" };
        format!("notify {}{all}", spec.name)
    }

    fn compile(spec: &spec::Notify, _: &str, compiler: &mut Compiler<'_>) -> Notify {
        Notify {
            index: compiler.notify(&spec.name),
            all: spec.all,
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let notify = &interpreter.services.shared().notifies[self.index];
        notify.notify(self.all, interpreter.task);
        interpreter.task.record_step(label, start);
        Ok(())
    }
}
