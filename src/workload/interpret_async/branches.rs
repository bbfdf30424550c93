//! Children of async tasks: tasks of the same runtime, which are aborted when nobody wants their results.
//!
//! tokio drops an aborted task at its next suspension, which for one that is suspended is at once. What it has handed to a blocking
//! thread runs on.

use super::{AsyncContext, named};
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, ProcessInstant, Reason};
use crate::workload::TaskCtx;
use crate::workload::children::{CompletionReporter, JoinMode, JoinState, NextAction};
use crate::workload::draw::Seed;
use crate::workload::inline::StepError;
use crate::workload::program::Program;
use crate::workload::readiness::DeadlineGuard;
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};

/// Runs each program as a child, and waits for them in this manner.
pub(super) async fn call(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    manner: JoinMode,
    programs: &[Arc<Program>],
    limit: Option<ProcessInstant>,
) -> Result<(), StepError> {
    context.services.reserve_spawns(&context.task, programs.len())?;
    let mut children = Children {
        context,
        join: JoinState::new(manner),
        aborts: Vec::with_capacity(programs.len()),
    };
    for program in programs {
        children.spawn(program, rng);
    }
    let due = DeadlineGuard::new(&context.task, None, limit);
    while !children.join.all_observed() {
        let (completions, observed) = children.join.completions();
        let next = pin!(poll_fn(|context| completions.poll(observed, context)));
        let end = named(Reason::Join, label, next).await;
        match children.join.observe(end) {
            NextAction::Wait => {}
            NextAction::CancelPending => children.abort_pending(),
            NextAction::GoOn => break,
        }
    }
    drop(due);
    lane::step(&context.task, label, children.join.start());
    children.leave()
}

/// Spawns so many tasks for which nobody waits.
pub(super) fn spawn(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    program: &Arc<Program>,
    count: u32,
) -> Result<(), StepError> {
    context.services.reserve_spawns(&context.task, count as usize)?;
    let start = probe::now();
    for _ in 0..count {
        drop(child(context, rng, program, |handle| {
            probe::unheard(handle);
            None
        }));
    }
    lane::step(&context.task, label, start);
    Ok(())
}

/// Makes a future and drops it.
pub(super) fn unawaited(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    label: Label,
    program: &Arc<Program>,
) -> Result<(), StepError> {
    context.services.reserve_spawns(&context.task, 1)?;
    let start = probe::now();
    let registry = context.task.registry();
    let handle = probe::never_started(&context.task, &registry.group_named(program.group()));
    let seed = Seed::drawn(rng.random());
    let future = TaskCtx::child(handle.clone(), program.clone(), context.services.clone(), seed, None).run_async();
    drop(future);
    tracing::warn!("{} was called and never awaited: nothing of it ran", handle.name());
    lane::step(&context.task, label, start);
    Ok(())
}

/// Spawns a child; `meet` is shown its handle before it can run, and says to whom it reports.
fn child(
    context: &AsyncContext,
    rng: &mut Pcg64Mcg,
    program: &Arc<Program>,
    meet: impl FnOnce(&TaskHandle) -> Option<CompletionReporter>,
) -> JoinHandle<()> {
    let registry = context.task.registry();
    let group = registry.group_named(program.group());
    let seed = Seed::drawn(rng.random());
    probe::spawn(&Handle::current(), registry, &group, |handle| {
        let reporter = meet(&handle);
        TaskCtx::child(handle, program.clone(), context.services.clone(), seed, reporter).boxed()
    })
}

/// The children of a step, which are aborted if the step's future is dropped.
struct Children<'a> {
    context: &'a AsyncContext,
    join: JoinState,
    /// In the order of the call; empty once nobody is to be aborted.
    aborts: Vec<AbortHandle>,
}

impl Children<'_> {
    fn spawn(&mut self, program: &Arc<Program>, rng: &mut Pcg64Mcg) {
        let join = &mut self.join;
        let task = child(self.context, rng, program, |handle| {
            let reporter = join.next_reporter();
            join.add_child(handle.clone());
            Some(reporter)
        });
        self.aborts.push(task.abort_handle());
    }

    fn abort_pending(&self) {
        for (child, _) in self.join.pending() {
            self.aborts[child].abort();
        }
    }

    /// Nobody will hear of the others any more, who are aborted.
    fn give_up(&mut self) {
        self.join.detach_pending();
        self.abort_pending();
    }

    /// The step is over, in its own way.
    fn leave(mut self) -> Result<(), StepError> {
        self.join.observe_reported();
        let cancels = match self.join.mode() {
            JoinMode::Gather => {
                self.join.orphan_pending(self.context.services.stop());
                false
            }
            JoinMode::Group | JoinMode::Race | JoinMode::Spawn => {
                self.give_up();
                true
            }
        };
        self.aborts.clear();
        self.join.conclude(self.context.services.stop(), cancels)
    }
}

impl Drop for Children<'_> {
    fn drop(&mut self) {
        if self.aborts.is_empty() {
            return;
        }
        if !self.context.services.stop().is_requested() {
            self.join.log_cancelled();
        }
        self.give_up();
    }
}
