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
use crate::probe::{Branch, TaskHandle, lane};
use crate::record::{Label, Outcome, Reason};
use crate::workload::Services;
use crate::workload::TaskCtx;
use crate::workload::async_interpreter::{AsyncContext, AsyncInterpreter};
use crate::workload::children::{JoinMode, JoinState, NextAction};
use crate::workload::draw::Seed;
use crate::workload::program::Program;
use crate::workload::shared::WaitForChildren;
use crate::workload::step_error::{StepError, StepResult};
use crate::workload::sync_interpreter::SyncInterpreter;
use crate::workload::task_state::TaskState;
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

impl Inline {
    /// Polls the branches inside the polls of the task, until the join mode lets the task continue.
    /// Then drops the branches that have not ended.
    pub(in crate::workload) async fn run_async(&self, parent: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let context = &*parent.context;
        let (join, branches) = self.start(&context.task, &context.services, &context.state, parent.rng)?;
        let futures = branches
            .into_iter()
            .map(|(handle, branch)| Some(Branch::new(handle, branch.boxed())));
        let mut branches = Branches {
            context,
            join,
            branches: futures.collect(),
            order: Order::new(self, parent.rng),
            is_cancelled: true,
        };
        let wait = WaitForChildren::begin(&context.task, parent.limit.is_some());
        poll_fn(|polled| {
            let next = branches.poll(polled);
            if next == NextAction::Wait {
                let pending = branches.branches.iter().flatten().map(Branch::handle);
                context.task.ready_by_branches(pending, parent.limit);
                lane::set_wait(Reason::Join, label);
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        drop(wait);
        branches.is_cancelled = false;
        context.task.record_step(label, branches.join.start());
        branches.join.conclude(context.services.stop(), true)
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

/// The branches of a task. Dropping this value cancels the branches.
struct Branches<'a> {
    context: &'a AsyncContext,
    join: JoinState,
    /// The branches. An entry is `None` if its branch has ended.
    branches: Vec<Option<Branch<Outcome>>>,
    order: Order,
    /// Whether dropping this value means that the step was cancelled. False once the step has
    /// ended.
    is_cancelled: bool,
}

impl Branches<'_> {
    /// Polls every branch that has not ended, until the join mode lets the task continue.
    fn poll(&mut self, context: &mut Context<'_>) -> NextAction {
        let count = self.branches.len();
        let first = self.order.first(count);
        for index in (first..count).chain(0..first) {
            let Some(branch) = &mut self.branches[index] else {
                continue;
            };
            let polled = catch_unwind(AssertUnwindSafe(|| branch.poll(context)));
            let polled = polled.unwrap_or_else(|panic| {
                // The other branches must be cancelled before the panic continues.
                self.is_cancelled = false;
                self.branches.clear();
                resume_unwind(panic);
            });
            if polled.is_ready() {
                self.branches[index] = None;
                // A branch reports its end before its future returns, so this call does not wait.
                let (completions, observed) = self.join.completions();
                if self.join.observe(completions.wait(observed)) == NextAction::GoOn {
                    return NextAction::GoOn;
                }
            }
        }
        NextAction::Wait
    }
}

impl Drop for Branches<'_> {
    fn drop(&mut self) {
        if self.is_cancelled && !self.context.services.stop().is_requested() {
            self.join.log_cancelled();
        }
        // From here on, no branch can make the task ready.
        self.context.task.clear_ready();
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
