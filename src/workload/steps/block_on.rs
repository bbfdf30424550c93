//! `block_on`: runs steps as a future, and blocks the thread until they have ended. On an async
//! worker, tokio panics, and the task ends as panicked. On a thread without a runtime, `block_on`
//! runs its inner steps synchronously.

use super::StepProgram;
use crate::probe::lane;
use crate::record::{Label, Reason};
use crate::scenario::steps as spec;
use crate::workload::async_interpreter::{AsyncContext, AsyncInterpreter};
use crate::workload::compile::Compiler;
use crate::workload::program::Steps;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;
use tokio::runtime::Handle;

#[derive(Debug)]
pub(in crate::workload) struct BlockOn {
    steps: Steps,
}

impl StepProgram for BlockOn {
    type Spec = spec::BlockOn;

    fn name(_: &spec::BlockOn) -> String {
        "block_on".to_owned()
    }

    fn compile(spec: &spec::BlockOn, group: &str, compiler: &mut Compiler<'_>) -> BlockOn {
        BlockOn {
            steps: compiler.steps(group, &spec.0),
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        interpreter.span(label, |interpreter| match Handle::try_current() {
            Ok(runtime) => self.run_on(&runtime, interpreter, label),
            Err(_) => interpreter.run(&self.steps),
        })
    }
}

impl BlockOn {
    fn run_on(&self, runtime: &Handle, outer: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let mut context = AsyncContext::new(outer.task.clone(), outer.services.clone());
        // The steps belong to the same task, so they use the task's permits and intervals.
        mem::swap(&mut context.state, outer.state);
        let mut interpreter = AsyncInterpreter {
            context: &mut context,
            rng: outer.rng,
            limit: None,
        };
        let services = outer.services.clone();
        // The wait must end when the run stops, because tokio's timers panic after the runtime has
        // shut down.
        let steps = services.shared().until_stop(interpreter.run(&self.steps));
        let result = runtime.block_on(blocking_while_pending(label, steps));
        mem::swap(&mut context.state, outer.state);
        // When an inner step awaits, it stores the reason of the wait, which the end of the slice
        // records. But the slice did not end during the inner steps, so the stored reason must be
        // cleared.
        lane::set_wait(Reason::Unknown, Label::NONE);
        result?
    }
}

/// Marks the thread as blocking while `future` is pending.
async fn blocking_while_pending<F: Future>(label: Label, future: F) -> F::Output {
    let mut future = pin!(future);
    let mut blocking = None;
    poll_fn(|context| {
        drop(blocking.take());
        let polled = future.as_mut().poll(context);
        blocking = polled
            .is_pending()
            .then(|| lane::Blocking::begin(Reason::Unknown, label));
        polled
    })
    .await
}
