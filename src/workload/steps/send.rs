//! `send`: sends a message to a channel. Waits while the channel is full.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::{Label, ProcessInstant, Reason, Wanted};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::shared::{Channel, block_on};
use crate::workload::step_error::StepError;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;
use tokio::sync::SemaphorePermit;

#[derive(Debug)]
pub(in crate::workload) struct Send {
    channel: usize,
}

impl StepProgram for Send {
    type Spec = spec::Send;

    fn name(spec: &spec::Send) -> String {
        format!("send {}", spec.channel)
    }

    fn compile(spec: &spec::Send, _: &str, compiler: &mut Compiler<'_>) -> Send {
        Send {
            channel: compiler.channel(&spec.channel),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let channel = &interpreter.services.shared().channels[self.channel];
        let (slot, waited_since) = wait_on_thread(interpreter, label, channel, Wanted::Access)?;
        channel.put(slot, interpreter.task, waited_since);
        Ok(())
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let services = interpreter.context.services.clone();
            let channel = &services.shared().channels[self.channel];
            let (slot, waited_since) = wait_suspended(interpreter, label, channel, Wanted::Access).await?;
            channel.put(slot, &interpreter.context.task, waited_since);
            Ok(())
        })
    }
}

/// Blocks the thread until the channel has a free slot or a message. Returns a permit for the slot
/// or message. If the task waited, also returns the start of the wait.
pub(super) fn wait_on_thread<'a>(
    interpreter: &SyncInterpreter<'_>,
    label: Label,
    channel: &'a Channel,
    wanted: Wanted,
) -> Result<(SemaphorePermit<'a>, Option<ProcessInstant>), StepError> {
    let available = channel.available(wanted);
    if let Ok(permit) = available.try_acquire() {
        interpreter.task.record_step(label, probe::now());
        return Ok((permit, None));
    }
    let wait = channel.resource.begin_wait(interpreter.task, wanted, false);
    let permit = lane::blocking(Reason::Channel, label, || block_on(available.acquire()));
    // Channels are closed only when the run stops.
    Ok((permit.map_err(|_| StepError::Stopped)?, Some(wait.succeed())))
}

/// Suspends the task until the channel has a free slot or a message. Returns a permit for the slot
/// or message. If the task waited, also returns the start of the wait.
pub(super) async fn wait_suspended<'a>(
    interpreter: &AsyncInterpreter<'_>,
    label: Label,
    channel: &'a Channel,
    wanted: Wanted,
) -> Result<(SemaphorePermit<'a>, Option<ProcessInstant>), StepError> {
    let start = probe::now();
    let acquire = channel.available(wanted).acquire();
    let wait = pin!(interpreter.acquire(acquire, &channel.resource, wanted));
    let acquired = interpreter.wait(Reason::Channel, label, wait).await;
    // Channels are closed only when the run stops.
    let acquired = acquired.map_err(|_| StepError::Stopped)?;
    interpreter.context.task.record_step(label, start);
    Ok(acquired)
}
