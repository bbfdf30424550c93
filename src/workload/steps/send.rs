//! `send`: sends a message to a channel. Waits while the channel is full.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::Label;
use crate::record::Reason;
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::shared::block_on;
use crate::workload::step_error::StepError;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::Future;
use std::pin::pin;
use tokio::sync::{AcquireError, TryAcquireError};

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
        wait_on_thread(interpreter, label, channel.try_send(), channel.send())
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(async move {
            let services = interpreter.context.services.clone();
            wait_suspended(interpreter, label, services.shared().channels[self.channel].send()).await
        })
    }
}

/// Blocks the thread until `transfer` has put a message into a channel or taken a message out of
/// it. `tried` is the result of an attempt without a wait. If this attempt succeeded, `transfer` is
/// not used.
pub(super) fn wait_on_thread(
    interpreter: &SyncInterpreter<'_>,
    label: Label,
    tried: Result<(), TryAcquireError>,
    transfer: impl Future<Output = Result<(), AcquireError>>,
) -> StepResult {
    match tried {
        Ok(()) => {
            interpreter.task.record_step(label, probe::now());
            Ok(())
        }
        // Channels are closed only when the run stops.
        Err(_) => lane::blocking(label, || block_on(transfer)).map_err(|_| StepError::Stopped),
    }
}

/// Suspends the task until `transfer` has put a message into a channel or taken a message out of
/// it.
pub(super) async fn wait_suspended(
    interpreter: &AsyncInterpreter<'_>,
    label: Label,
    transfer: impl Future<Output = Result<(), AcquireError>>,
) -> StepResult {
    let start = probe::now();
    let transferred = interpreter.wait(Reason::Channel, label, None, pin!(transfer)).await;
    // Channels are closed only when the run stops.
    transferred.map_err(|_| StepError::Stopped)?;
    interpreter.context.task.record_step(label, start);
    Ok(())
}
