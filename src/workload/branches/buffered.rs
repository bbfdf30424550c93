//! Branches that a task polls itself, but only a limited number at a time.
//!
//! ```text
//!   ordered     ▐ 0 ············ ▐ 4     A slot is free when its branch and all branches before it
//!   limit 3     ▐ 1 ▌ done       ▐ 5     have ended.
//!               ▐ 2 ▌ done       ▐ 6
//!
//!   unordered   ▐ 0 ············ ▐ 7     A slot is free when its branch has ended.
//!   limit 3     ▐ 1 ▌▐ 3 ▌▐ 5 ▌
//!               ▐ 2 ▌▐ 4 ▌▐ 6 ▌
//! ```
//!
//! The step follows the rules of `buffered` and `buffer_unordered` in the crate `futures`. Each
//! poll of the task polls only the branches that were woken, in the order of their wake-ups.

use super::polled::{PolledBranches, start_branch};
use crate::record::{Label, ProcessInstant};
use crate::workload::async_interpreter::{AsyncContext, AsyncInterpreter};
use crate::workload::children::{JoinMode, JoinState};
use crate::workload::program::Program;
use crate::workload::shared::WaitForChildren;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use rand_pcg::Pcg64Mcg;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Branches with the same program.
#[derive(Debug)]
pub(in crate::workload) struct Buffered {
    pub(in crate::workload) program: Arc<Program>,
    /// The number of branches.
    pub(in crate::workload) count: usize,
    /// The number of slots.
    pub(in crate::workload) limit: usize,
    /// Whether a branch gives up its slot only after all branches before it have given up theirs.
    pub(in crate::workload) ordered: bool,
}

impl Buffered {
    /// Polls the branches inside the polls of the task, until all branches have ended.
    pub(in crate::workload) async fn run_async(&self, parent: &mut AsyncInterpreter<'_>, label: Label) -> StepResult {
        let (context, limit) = (&*parent.context, parent.limit);
        context.services.reserve_spawns(&context.task, self.count)?;
        let mut queue = Queue {
            step: self,
            context,
            rng: &mut *parent.rng,
        };
        let mut branches = PolledBranches::new(context, JoinState::new(JoinMode::Buffered));
        let poll = |branches: &mut PolledBranches<'_>, polled: &mut Context<'_>| queue.poll(branches, polled);
        branches.run(label, limit, poll).await
    }

    /// Runs the branches one after the other.
    pub(in crate::workload) fn run_sync(&self, parent: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        parent.services.reserve_spawns(parent.task, self.count)?;
        let mut join = JoinState::new(JoinMode::Buffered);
        let wait = WaitForChildren::begin(parent.task, false);
        for _ in 0..self.count {
            parent.services.stop().check()?;
            let (handle, branch) = start_branch(&self.program, parent.task, parent.services, parent.rng, &mut join);
            handle.run_branch(|| branch.run_inline());
            join.observe_reported();
        }
        drop(wait);
        parent.task.record_step(label, join.start());
        join.conclude(parent.services.stop(), true)
    }
}

/// Starts the branches one by one, and polls the branches that have started.
struct Queue<'a> {
    step: &'a Buffered,
    context: &'a AsyncContext,
    rng: &'a mut Pcg64Mcg,
}

impl Queue<'_> {
    /// Polls the branches that were woken, and starts further branches, until all branches have
    /// ended.
    fn poll(&mut self, branches: &mut PolledBranches<'_>, context: &mut Context<'_>) -> Poll<()> {
        let mut woken = woken_from(branches, 0);
        loop {
            let first_new = self.start(branches);
            woken.extend(woken_from(branches, first_new));
            if woken.is_empty() {
                return if branches.slots.is_empty() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                };
            }
            woken.sort_by_key(|(at, _)| *at);
            // A branch that wakes itself is polled in the next poll of the task.
            for (_, index) in woken.drain(..) {
                branches.poll_branch(index, context);
            }
            self.free_slots(branches);
        }
    }

    /// Starts branches until all slots are in use. Returns the index of the first new branch.
    fn start(&mut self, branches: &mut PolledBranches<'_>) -> usize {
        let first = branches.slots.len();
        while branches.slots.len() < self.step.limit && branches.join.children() < self.step.count {
            let AsyncContext { task, services, .. } = self.context;
            let branch = start_branch(&self.step.program, task, services, self.rng, &mut branches.join);
            branches.push(branch);
        }
        first
    }

    fn free_slots(&self, branches: &mut PolledBranches<'_>) {
        let slots = &mut branches.slots;
        if self.step.ordered {
            while let Some(None) = slots.front() {
                slots.pop_front();
            }
        } else {
            slots.retain(Option::is_some);
        }
    }
}

/// The branches that were woken, from the index `first` on. Each entry contains the instant of the
/// wake-up and the index of the branch.
fn woken_from(branches: &PolledBranches<'_>, first: usize) -> Vec<(ProcessInstant, usize)> {
    let slots = branches.slots.iter().enumerate().skip(first);
    let woken = slots.filter_map(|(index, slot)| {
        let branch = slot.as_ref().filter(|branch| branch.needs_poll())?;
        Some((branch.handle().queued_since(), index))
    });
    woken.collect()
}
