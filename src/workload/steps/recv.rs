//! `recv`: receives a message from a channel. Waits while there is none.

use super::StepProgram;
use super::send::{wait_on_thread, wait_suspended};
use crate::probe::{self, lane};
use crate::record::{Label, Reason, Wanted};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::shared::{Channel, FanOut, block_on};
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;

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
            channel: compiler.receive_from(&spec.channel),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        match &interpreter.services.shared().channels[self.channel] {
            Channel::Queue(queue) => {
                let (message, waited_since) =
                    wait_on_thread(interpreter, label, (queue, queue.filled()), Wanted::Message)?;
                queue.take(message, interpreter.task, waited_since);
                Ok(())
            }
            Channel::FanOut(fan_out) => self.receive_on_thread(fan_out, interpreter, label),
        }
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let services = interpreter.context.services.clone();
            match &services.shared().channels[self.channel] {
                Channel::Queue(queue) => {
                    let (message, waited_since) =
                        wait_suspended(interpreter, label, (queue, queue.filled()), Wanted::Message).await?;
                    queue.take(message, &interpreter.context.task, waited_since);
                    Ok(())
                }
                Channel::FanOut(fan_out) => Box::pin(self.receive_suspended(fan_out, interpreter, label)).await,
            }
        })
    }
}

impl Recv {
    /// Blocks the thread until the task has received an item.
    fn receive_on_thread(&self, fan_out: &FanOut, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let receivers = interpreter.state.receivers();
        let mut subscription = fan_out.subscribe(self.channel, receivers, interpreter.task);
        let reception = if subscription.has_item() {
            let reception = block_on(subscription.receive());
            interpreter.task.record_step(label, start);
            reception
        } else {
            subscription.begin_wait(false);
            let shared = interpreter.services.shared();
            let receive = shared.until_stop(subscription.receive());
            lane::blocking(Reason::Channel, label, || block_on(receive))?
        };
        subscription.received(&reception);
        Ok(())
    }

    /// Suspends the task until it has received an item.
    async fn receive_suspended(
        &self,
        fan_out: &FanOut,
        interpreter: &mut AsyncInterpreter<'_>,
        label: Label,
    ) -> StepResult {
        let start = probe::now();
        let receivers = interpreter.context.state.receivers().clone();
        let (services, task) = (&interpreter.context.services, &interpreter.context.task);
        let mut subscription = fan_out.subscribe(self.channel, &receivers, task);
        if !subscription.has_item() {
            subscription.begin_wait(interpreter.limit.is_some());
        }
        let reception = {
            let receive = pin!(services.shared().until_stop(subscription.receive()));
            interpreter.wait(Reason::Channel, label, receive).await?
        };
        subscription.received(&reception);
        task.record_step(label, start);
        Ok(())
    }
}
