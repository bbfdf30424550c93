//! What all steps have in common whose branches the task polls itself.

use crate::probe::{Branch, TaskHandle, lane};
use crate::record::{Label, Outcome, ProcessInstant, Reason};
use crate::workload::async_interpreter::AsyncContext;
use crate::workload::children::{JoinState, NextAction};
use crate::workload::draw::Seed;
use crate::workload::program::Program;
use crate::workload::shared::WaitForChildren;
use crate::workload::step_error::StepResult;
use crate::workload::{Services, TaskCtx};
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

/// Starts a branch of this task. `join` waits for the branch.
pub(super) fn start_branch(
    program: &Arc<Program>,
    task: &TaskHandle,
    services: &Arc<Services>,
    rng: &mut Pcg64Mcg,
    join: &mut JoinState,
) -> (TaskHandle, TaskCtx) {
    let handle = task.branch(&task.registry().group_named(program.group()));
    let reporter = join.add_child(&handle);
    let seed = Seed::from_draw(rng.random());
    let branch = TaskCtx::child(handle.clone(), program.clone(), services.clone(), seed, Some(reporter));
    (handle, branch)
}

/// The started branches of a step. Dropping this value cancels the branches.
pub(super) struct PolledBranches<'a> {
    context: &'a AsyncContext,
    pub(super) join: JoinState,
    /// The branches, in the order of their starts. A slot is `None` if its branch has ended.
    pub(super) slots: VecDeque<Option<Branch<Outcome>>>,
    /// Whether dropping this value means that the step was cancelled. False once the step has
    /// ended.
    is_cancelled: bool,
}

impl<'a> PolledBranches<'a> {
    pub(super) fn new(context: &'a AsyncContext, join: JoinState) -> PolledBranches<'a> {
        PolledBranches {
            context,
            join,
            slots: VecDeque::new(),
            is_cancelled: true,
        }
    }

    /// Adds a branch that [`start_branch`] has started.
    pub(super) fn push(&mut self, (handle, branch): (TaskHandle, TaskCtx)) {
        self.slots.push_back(Some(Branch::new(handle, branch.boxed())));
    }

    /// Calls `poll` in each poll of the task, until `poll` returns `Ready`. Then ends the step.
    /// `limit` is the earliest timer tick at which a timeout around the step can fire.
    pub(super) async fn run(
        &mut self,
        label: Label,
        limit: Option<ProcessInstant>,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<()>,
    ) -> StepResult {
        let (task, services) = (&self.context.task, &self.context.services);
        let wait = WaitForChildren::begin(task, limit.is_some());
        poll_fn(|context| {
            let polled = poll(self, context);
            if polled.is_pending() {
                let pending = self.slots.iter().flatten().map(Branch::handle);
                task.ready_by_branches(pending, limit);
                lane::set_wait(Reason::Join, label);
            }
            polled
        })
        .await;
        drop(wait);
        self.is_cancelled = false;
        task.record_step(label, self.join.start());
        self.join.conclude(services.stop(), true)
    }

    /// Polls the branch in this slot, if the branch has not ended. Observes the end of the branch,
    /// and returns what the task does next.
    pub(super) fn poll_branch(&mut self, slot: usize, context: &mut Context<'_>) -> NextAction {
        let Some(branch) = &mut self.slots[slot] else {
            return NextAction::Wait;
        };
        let polled = catch_unwind(AssertUnwindSafe(|| branch.poll(context)));
        let polled = polled.unwrap_or_else(|panic| {
            // The other branches must be cancelled before the panic continues.
            self.is_cancelled = false;
            self.slots.clear();
            resume_unwind(panic);
        });
        if polled.is_pending() {
            return NextAction::Wait;
        }
        self.slots[slot] = None;
        // A branch reports its end before its future returns, so this call does not wait.
        let (completions, observed) = self.join.completions();
        self.join.observe(completions.wait(observed))
    }
}

impl Drop for PolledBranches<'_> {
    fn drop(&mut self) {
        if self.is_cancelled && !self.context.services.stop().is_requested() {
            self.join.log_cancelled();
        }
        // From here on, no branch can make the task ready.
        self.context.task.clear_ready();
    }
}
