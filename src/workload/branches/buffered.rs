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

use super::inline::start_branch;
use crate::probe::{Branch, TaskHandle, lane};
use crate::record::{Label, Outcome, ProcessInstant, Reason};
use crate::workload::async_interpreter::{AsyncContext, AsyncInterpreter};
use crate::workload::children::{JoinMode, JoinState};
use crate::workload::program::Program;
use crate::workload::shared::WaitForChildren;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use rand_pcg::Pcg64Mcg;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
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
            join: JoinState::new(JoinMode::Buffered),
            slots: VecDeque::with_capacity(self.limit),
            is_cancelled: true,
        };
        let wait = WaitForChildren::begin(&context.task, limit.is_some());
        poll_fn(|polled| {
            if queue.poll(polled) {
                return Poll::Ready(());
            }
            context.task.ready_by_branches(queue.pending(), limit);
            lane::set_wait(Reason::Join, label);
            Poll::Pending
        })
        .await;
        drop(wait);
        queue.is_cancelled = false;
        context.task.record_step(label, queue.join.start());
        queue.join.conclude(context.services.stop(), true)
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

/// The branches that have started. Dropping the queue cancels them.
struct Queue<'a> {
    step: &'a Buffered,
    context: &'a AsyncContext,
    rng: &'a mut Pcg64Mcg,
    join: JoinState,
    /// In the order of their starts. `None` for a branch that has ended.
    slots: VecDeque<Option<Branch<Outcome>>>,
    /// Whether dropping the queue means that the step was cancelled. False once the step has ended.
    is_cancelled: bool,
}

impl Queue<'_> {
    /// Polls the branches that were woken, and starts further branches. Returns whether all
    /// branches have ended.
    fn poll(&mut self, context: &mut Context<'_>) -> bool {
        let mut woken = self.woken(0);
        loop {
            let started = self.start();
            woken.extend(self.woken(started));
            if woken.is_empty() {
                return self.slots.is_empty();
            }
            woken.sort_by_key(|(at, _)| *at);
            // A branch that wakes itself is polled in the next poll of the task.
            for (_, index) in woken.drain(..) {
                self.poll_branch(index, context);
            }
            self.free_slots();
        }
    }

    /// The branches that were woken, from the index `first` on. Each entry contains the instant of
    /// the wake-up and the index of the branch.
    fn woken(&self, first: usize) -> Vec<(ProcessInstant, usize)> {
        let slots = self.slots.iter().enumerate().skip(first);
        let woken = slots.filter_map(|(index, slot)| {
            let branch = slot.as_ref().filter(|branch| branch.needs_poll())?;
            Some((branch.handle().queued_since(), index))
        });
        woken.collect()
    }

    /// Starts branches until all slots are in use. Returns the index of the first new branch.
    fn start(&mut self) -> usize {
        let first = self.slots.len();
        while self.slots.len() < self.step.limit && self.join.children() < self.step.count {
            let AsyncContext { task, services, .. } = self.context;
            let (handle, branch) = start_branch(&self.step.program, task, services, self.rng, &mut self.join);
            self.slots.push_back(Some(Branch::new(handle, branch.boxed())));
        }
        first
    }

    fn poll_branch(&mut self, index: usize, context: &mut Context<'_>) {
        let Some(branch) = &mut self.slots[index] else { return };
        let polled = catch_unwind(AssertUnwindSafe(|| branch.poll(context)));
        let polled = polled.unwrap_or_else(|panic| {
            // The other branches are cancelled before the panic goes on.
            self.is_cancelled = false;
            self.slots.clear();
            resume_unwind(panic);
        });
        if polled.is_ready() {
            self.slots[index] = None;
            // The branch reported its end before its future was ready.
            self.join.observe_reported();
        }
    }

    fn free_slots(&mut self) {
        if self.step.ordered {
            while let Some(None) = self.slots.front() {
                self.slots.pop_front();
            }
        } else {
            self.slots.retain(Option::is_some);
        }
    }

    /// The handles of the branches that have not ended.
    fn pending(&self) -> impl Iterator<Item = &TaskHandle> {
        self.slots.iter().flatten().map(Branch::handle)
    }
}

impl Drop for Queue<'_> {
    fn drop(&mut self) {
        if self.is_cancelled && !self.context.services.stop().is_requested() {
            self.join.log_cancelled();
        }
        // No branch can make the task ready any more.
        self.context.task.clear_ready();
    }
}
