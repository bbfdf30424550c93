//! `send`: sends a message to a channel. Waits while a queue is full.

use super::StepProgram;
use crate::probe::{self, TaskHandle};
use crate::record::{Label, ProcessInstant, Reason, Wanted};
use crate::scenario::steps as spec;
use crate::workload::Services;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::error_throttle::ErrorKind;
use crate::workload::shared::{Channel, Content, Queue};
use crate::workload::step_error::{StepError, StepResult};
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;
use tokio::sync::{Semaphore, SemaphorePermit};

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
        let (queue, content, free) = match begin(channel, interpreter.task, interpreter.services, label)? {
            Begun::Sent => return Ok(()),
            Begun::NeedsSlot { queue, content, free } => (queue, content, free),
        };
        let (slot, waited_since) = wait_on_thread(interpreter, label, (queue, free), Wanted::Access)?;
        queue.put(content, Some(slot), interpreter.task, waited_since);
        Ok(())
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let services = interpreter.context.services.clone();
            let channel = &services.shared().channels[self.channel];
            let (queue, content, free) = match begin(channel, &interpreter.context.task, &services, label)? {
                Begun::Sent => return Ok(()),
                Begun::NeedsSlot { queue, content, free } => (queue, content, free),
            };
            let (slot, waited_since) = wait_suspended(interpreter, label, (queue, free), Wanted::Access).await?;
            queue.put(content, Some(slot), &interpreter.context.task, waited_since);
            Ok(())
        })
    }
}

/// A `send` step after its first part.
enum Begun<'a> {
    /// The message is sent.
    Sent,
    /// The message needs a slot of a bounded queue.
    NeedsSlot {
        queue: &'a Queue,
        content: Option<Content>,
        free: &'a Semaphore,
    },
}

/// Makes the message, and sends it if the channel never lets senders wait. Logs an error if there
/// is no memory left for the message.
fn begin<'a>(
    channel: &'a Channel,
    task: &TaskHandle,
    services: &Services,
    label: Label,
) -> Result<Begun<'a>, StepError> {
    let start = probe::now();
    let begun = match channel {
        Channel::FanOut(fan_out) => fan_out.send(task).map(|()| Begun::Sent),
        Channel::Queue(queue) => queue.content().map(|content| match queue.free() {
            Some(free) => Begun::NeedsSlot { queue, content, free },
            None => {
                queue.put(content, None, task, None);
                Begun::Sent
            }
        }),
    };
    match &begun {
        Ok(Begun::Sent) => task.record_step(label, start),
        Ok(Begun::NeedsSlot { .. }) => {}
        Err(error) => services.error_throttle().report(task, ErrorKind::Memory, error),
    }
    Ok(begun?)
}

/// Blocks the thread until the queue has a free slot or a message. Returns a permit that reserves
/// the slot or the message. If the task waited, also returns the start of the wait.
pub(super) fn wait_on_thread<'a>(
    interpreter: &SyncInterpreter<'_>,
    label: Label,
    (queue, available): (&'a Queue, &'a Semaphore),
    wanted: Wanted,
) -> Result<(SemaphorePermit<'a>, Option<ProcessInstant>), StepError> {
    Ok(interpreter.acquire_as_step(available.acquire(), &queue.resource, wanted, Reason::Channel, label)?)
}

/// Suspends the task until the queue has a free slot or a message. Returns a permit that reserves
/// the slot or the message. If the task waited, also returns the start of the wait.
pub(super) async fn wait_suspended<'a>(
    interpreter: &AsyncInterpreter<'_>,
    label: Label,
    (queue, available): (&'a Queue, &'a Semaphore),
    wanted: Wanted,
) -> Result<(SemaphorePermit<'a>, Option<ProcessInstant>), StepError> {
    let start = probe::now();
    let wait = pin!(interpreter.acquire(available.acquire(), &queue.resource, wanted));
    let acquired = interpreter.wait(Reason::Channel, label, wait).await?;
    interpreter.context.task.record_step(label, start);
    Ok(acquired)
}
