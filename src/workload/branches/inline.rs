//! Branches that a task polls itself. The branches are not tasks: the runtime does not know them,
//! and they run only inside the polls of their task.
//!
//! Each poll of the task polls every branch that has not ended, even a branch that was not woken.
//! The macros of tokio do the same. `join` and `try_join` begin each poll at the next branch.
//! `select` begins each poll at a random branch, unless it is biased.
//!
//! A task on a thread cannot leave a step before the step ends. Therefore the branches of such a
//! task run one after the other.

use super::Inline;
use super::polled::{PolledBranches, start_branch};
use crate::probe::TaskHandle;
use crate::record::Label;
use crate::workload::Services;
use crate::workload::TaskCtx;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::children::{JoinMode, JoinState, NextAction};
use crate::workload::draw::Seed;
use crate::workload::shared::WaitForChildren;
use crate::workload::step_error::{StepError, StepResult};
use crate::workload::sync_interpreter::SyncInterpreter;
use crate::workload::task_state::TaskState;
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

impl Inline {
    /// Polls the branches inside the polls of the task, until the join mode lets the task continue.
    /// Then drops the branches that have not ended.
    pub(in crate::workload) async fn run_async(&self, parent: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let context = &*parent.context;
        let (join, branches) = self.start(&context.task, &context.services, &context.state, parent.rng)?;
        let mut polled = PolledBranches::new(context, join);
        branches.into_iter().for_each(|branch| polled.push(branch));
        let mut order = Order::new(self, parent.rng);
        let poll = |branches: &mut PolledBranches<'_>, polled: &mut Context<'_>| order.poll(branches, polled);
        polled.run(label, parent.limit, poll).await
    }

    /// Runs the branches one after the other, until the join mode lets the task continue. The other
    /// branches never start.
    pub(in crate::workload) fn run_sync(&self, parent: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        let (mut join, branches) = self.start(parent.task, parent.services, parent.state, parent.rng)?;
        let mut branches = branches.into_iter();
        let wait = WaitForChildren::begin(parent.task, false);
        while let Some((handle, branch)) = branches.next() {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| handle.run_branch(|| branch.run_inline()))) {
                // The other branches must be cancelled before the panic continues.
                drop(branches);
                resume_unwind(panic);
            }
            let (completions, observed) = join.completions();
            if join.observe(completions.wait(observed)) == NextAction::GoOn {
                break;
            }
        }
        drop(wait);
        parent.task.record_step(label, join.start());
        join.conclude(parent.services.stop(), true)
    }

    /// Starts all branches of this task, which has this state.
    fn start(
        &self,
        task: &TaskHandle,
        services: &Arc<Services>,
        state: &TaskState,
        rng: &mut Pcg64Mcg,
    ) -> Result<(JoinState, Vec<(TaskHandle, TaskCtx)>), StepError> {
        services.reserve_spawns(task, self.programs.len())?;
        let mut join = JoinState::new(self.mode);
        let branches = self.programs.iter().map(|program| {
            let (handle, branch) = start_branch(program, task, services, rng, &mut join);
            (handle, branch.with_state(state.of_part()))
        });
        let branches = branches.collect();
        Ok((join, branches))
    }
}

/// The branch at which each poll begins.
enum Order {
    /// Always at the first branch.
    Biased,
    /// At the next branch. The value counts the polls so far.
    Rotating(usize),
    /// At a random branch. The branch comes from a separate random generator, so that the number of
    /// polls does not change other random numbers of the task.
    Random(Pcg64Mcg),
}

impl Order {
    fn new(inline: &Inline, rng: &mut Pcg64Mcg) -> Order {
        match inline.mode {
            _ if inline.biased => Order::Biased,
            JoinMode::Select => Order::Random(Seed::from_draw(rng.random()).generator(0)),
            _ => Order::Rotating(0),
        }
    }

    /// Polls every branch that has not ended, until the join mode lets the task continue.
    fn poll(&mut self, branches: &mut PolledBranches<'_>, context: &mut Context<'_>) -> Poll<()> {
        let count = branches.slots.len();
        let first = self.first(count);
        for index in (first..count).chain(0..first) {
            if branches.poll_branch(index, context) == NextAction::GoOn {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// The index of the branch at which this poll begins. There are `count` branches.
    fn first(&mut self, count: usize) -> usize {
        match self {
            Order::Biased => 0,
            Order::Rotating(polls) => {
                let first = *polls % count;
                *polls += 1;
                first
            }
            Order::Random(rng) => rng.random_range(0..count),
        }
    }
}
