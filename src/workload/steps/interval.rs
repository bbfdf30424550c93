//! `interval`: waits for the next tick. An async task is suspended on the timer. A task on a thread
//! blocks the thread.

use super::StepProgram;
use crate::probe::{self, lane};
use crate::record::{Label, Nanos, ProcessInstant, Reason};
use crate::scenario::steps as spec;
use crate::scenario::{Draw, show_draw};
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use crate::workload::task_state::TaskState;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

#[derive(Debug)]
pub(in crate::workload) struct Interval {
    /// The number of this `interval` step. Each task has a separate interval for each `interval`
    /// step.
    step: usize,
    every: Nanos,
    missed: spec::MissedTicks,
}

impl StepProgram for Interval {
    type Spec = spec::Interval;

    fn name(spec: &spec::Interval) -> String {
        let every = show_draw(&Draw::Fixed(spec.every));
        format!("interval {every} {}", spec.missed.into_str())
    }

    fn compile(spec: &spec::Interval, _: &str, compiler: &mut Compiler<'_>) -> Interval {
        Interval {
            step: compiler.interval(),
            every: spec.every.into(),
            missed: spec.missed,
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let due = interpreter.state.interval(self.step, start).next();
        if due > start {
            lane::blocking(Reason::Timer, label, || std::thread::sleep((due - start).into()));
        } else {
            interpreter.task.record_step(label, start);
        }
        self.fired(interpreter.state);
        Ok(())
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.run_suspended(interpreter, label))
    }
}

impl Interval {
    async fn run_suspended(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let start = probe::now();
        let due = interpreter.context.state.interval(self.step, start).next();
        let tick = pin!(tokio::time::sleep_until(on_tokio_clock(due, start)));
        let rounding = interpreter
            .sleep_until(Reason::Timer, label, due.max(start), tick)
            .await;
        self.fired(&mut interpreter.context.state);
        interpreter.context.task.record_sleep(label, start, rounding);
        Ok(())
    }

    /// Plans the next tick.
    fn fired(&self, state: &mut TaskState) {
        let now = probe::now();
        state.interval(self.step, now).fired(now, self.every, self.missed);
    }
}

/// Converts the instant `due` to tokio's clock. `now` is the present instant.
fn on_tokio_clock(due: ProcessInstant, now: ProcessInstant) -> tokio::time::Instant {
    let tokio_now = tokio::time::Instant::now();
    let past = Duration::from(now - due);
    // The result is `None` if the instant would be before the start of the machine. Then the tick
    // is due at once.
    tokio_now.checked_sub(past).unwrap_or(tokio_now) + Duration::from(due - now)
}
