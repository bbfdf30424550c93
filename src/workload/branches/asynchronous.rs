//! Children of async tasks. Each child is a task of the same runtime. A child is aborted when no
//! task needs its result.
//!
//! tokio drops an aborted task when the task is next suspended, or immediately if the task is
//! already suspended. Work that the task has handed to a blocking thread continues.

use super::{Detached, Join};
use crate::probe::{self, TaskHandle};
use crate::record::{Label, Reason};
use crate::workload::async_interpreter::{AsyncContext, AsyncInterpreter, labelled};
use crate::workload::children::{CompletionReporter, JoinMode, JoinState, KeptResults, NextAction};
use crate::workload::draw::Seed;
use crate::workload::program::Program;
use crate::workload::readiness::TimerGuard;
use crate::workload::shared::WaitForChildren;
use crate::workload::step_error::StepResult;
use crate::workload::{Services, TaskCtx};
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};

impl Join {
    /// Spawns the children, and suspends the parent until the join mode lets the parent continue.
    pub(in crate::workload) async fn run_async(&self, parent: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let context = &*parent.context;
        context.services.reserve_spawns(&context.task, self.programs.len())?;
        let mut children = Children {
            context,
            join: JoinState::new(self.mode),
            aborts: Vec::with_capacity(self.programs.len()),
        };
        for program in &*self.programs {
            children.spawn(program, parent.rng);
        }
        let timer = TimerGuard::new(&context.task, None, parent.limit);
        let wait = WaitForChildren::begin(&context.task, parent.limit.is_some());
        while !children.join.all_observed() {
            let (completions, observed) = children.join.completions();
            let next = pin!(poll_fn(|context| completions.poll(observed, context)));
            let end = labelled(Reason::Join, label, next).await;
            match children.join.observe(end) {
                NextAction::Wait => {}
                NextAction::CancelPending => children.abort_pending(),
                NextAction::GoOn => break,
            }
        }
        drop(timer);
        drop(wait);
        context.task.record_step(label, children.join.start());
        children.conclude()
    }
}

impl Detached {
    /// Spawns the children on the runtime.
    pub(in crate::workload) fn run_async(&self, parent: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let context = &mut *parent.context;
        context.services.reserve_spawns(&context.task, self.count as usize)?;
        let start = probe::now();
        let (task, services) = (&context.task, &context.services);
        let mut join_set = self.keeps.map(|index| context.state.join_set(task, services, index));
        for _ in 0..self.count {
            let results = join_set.as_ref().map(|join_set| join_set.results());
            let child = spawn_child((task, services), parent.rng, &self.program, results, |handle| {
                handle.detach();
                None
            });
            if let Some(join_set) = &mut join_set {
                join_set.push(child);
            }
        }
        context.task.record_step(label, start);
        Ok(())
    }
}

/// Spawns a child. `register` gets the child's handle before the child can run. If the parent waits
/// for the child, `register` returns the reporter for the child's end. If the
/// parent keeps the results of its children, the child adds its result to `results`.
fn spawn_child(
    (parent, services): (&TaskHandle, &Arc<Services>),
    rng: &mut Pcg64Mcg,
    program: &Arc<Program>,
    results: Option<Arc<KeptResults>>,
    register: impl FnOnce(&TaskHandle) -> Option<CompletionReporter>,
) -> JoinHandle<()> {
    let registry = parent.registry();
    let group = registry.group_named(program.group());
    let seed = Seed::from_draw(rng.random());
    probe::spawn(&Handle::current(), registry, &group, |handle| {
        let reporter = register(&handle);
        let child = TaskCtx::child(handle, program.clone(), services.clone(), seed, reporter);
        child.receiving().keeping(results).boxed()
    })
}

/// The children of a step. If the step's future is dropped, the children are aborted. The child of
/// a `shield` step is an exception.
struct Children<'a> {
    context: &'a AsyncContext,
    join: JoinState,
    /// The abort handles, in the order of the branches. The list is empty if no child needs to be
    /// aborted.
    aborts: Vec<AbortHandle>,
}

impl Children<'_> {
    fn spawn(&mut self, program: &Arc<Program>, rng: &mut Pcg64Mcg) {
        let join = &mut self.join;
        let parent = (&self.context.task, &self.context.services);
        let task = spawn_child(parent, rng, program, None, |handle| Some(join.add_child(handle)));
        self.aborts.push(task.abort_handle());
    }

    fn abort_pending(&self) {
        for (child, _) in self.join.pending() {
            self.aborts[child].abort();
        }
    }

    /// Aborts the children that have not ended, and does not observe their ends.
    fn give_up(&mut self) {
        self.join.detach_pending();
        self.abort_pending();
    }

    /// Ends the step. The children that have not ended become orphans or are aborted.
    fn conclude(mut self) -> StepResult {
        self.join.observe_reported();
        let cancels = match self.join.mode() {
            JoinMode::Gather | JoinMode::Shield => {
                self.join.orphan_pending(self.context.services.stop());
                false
            }
            _ => {
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
        let stop = self.context.services.stop();
        if self.join.mode() == JoinMode::Shield && !stop.is_requested() {
            self.join.log_shielded();
            self.join.orphan_pending(stop);
            return;
        }
        if !stop.is_requested() {
            self.join.log_cancelled();
        }
        self.give_up();
    }
}
