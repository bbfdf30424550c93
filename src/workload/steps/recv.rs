//! `recv`: receives a message from a channel. Waits while the channel is empty.

use super::StepProgram;
use super::send::{wait_on_thread, wait_suspended};
use crate::record::{Label, Wanted};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;

#[derive(Debug)]
pub(in crate::workload) struct Recv {
    channel: usize,
}

impl StepProgram for Recv {
    type Spec = spec::Recv;

    fn name(spec: &spec::Recv) -> String {
        format!("recv {}", spec.channel)
    }

    fn compile(spec: &spec::Recv, _: &str, compiler: &mut Compiler<'_>) -> Recv {
        Recv {
            channel: compiler.channel(&spec.channel),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let channel = &interpreter.services.shared().channels[self.channel];
        let (message, waited_since) = wait_on_thread(interpreter, label, channel, Wanted::Message)?;
        channel.take(message, interpreter.task, waited_since);
        Ok(())
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let services = interpreter.context.services.clone();
            let channel = &services.shared().channels[self.channel];
            let (message, waited_since) = wait_suspended(interpreter, label, channel, Wanted::Message).await?;
            channel.take(message, &interpreter.context.task, waited_since);
            Ok(())
        })
    }
}
