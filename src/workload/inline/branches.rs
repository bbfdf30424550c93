//! Children of tasks that keep their thread: each has a thread of its own, and none can be cancelled.
//!
//! A child does not queue at its parent's executor: a pool whose threads all wait for children would never come to run one.

use super::{Inline, StepError};
use crate::probe::{self, TaskHandle, lane};
use crate::record::Label;
use crate::workload::TaskCtx;
use crate::workload::children::{CompletionReporter, JoinMode, JoinState, NextAction};
use crate::workload::draw::Seed;
use crate::workload::program::Program;
use rand::Rng;
use std::sync::Arc;

impl Inline<'_> {
    /// Runs each program as a child, and keeps the thread until the manner of the call lets it go.
    pub(super) fn call(&mut self, label: Label, manner: JoinMode, programs: &[Arc<Program>]) -> Result<(), StepError> {
        self.services.reserve_spawns(self.task, programs.len())?;
        let mut join = JoinState::new(manner);
        for program in programs {
            let child = self.child(program, |handle| {
                let reporter = join.next_reporter();
                join.add_child(handle.clone());
                Some(reporter)
            });
            child.run_on_thread();
        }
        lane::blocking(label, || {
            while !join.all_observed() {
                let (completions, observed) = join.completions();
                if join.observe(completions.wait(observed)) == NextAction::GoOn {
                    break;
                }
            }
        });
        join.observe_reported();
        join.orphan_pending(self.services.stop());
        join.conclude(self.services.stop(), false)
    }

    /// Spawns so many tasks for which nobody waits.
    pub(super) fn spawn(&mut self, label: Label, program: &Arc<Program>, count: u32) -> Result<(), StepError> {
        self.services.reserve_spawns(self.task, count as usize)?;
        let start = probe::now();
        for _ in 0..count {
            let child = self.child(program, |handle| {
                probe::unheard(handle);
                None
            });
            self.services.spawn_detached(child);
        }
        lane::step(self.task, label, start);
        Ok(())
    }

    /// Makes a closure and drops it.
    pub(super) fn unawaited(&mut self, label: Label, program: &Arc<Program>) -> Result<(), StepError> {
        self.services.reserve_spawns(self.task, 1)?;
        let start = probe::now();
        let group = self.task.registry().group_named(program.group());
        let handle = probe::never_started(self.task, &group);
        let seed = Seed::drawn(self.rng.random());
        let child = TaskCtx::child(handle.clone(), program.clone(), self.services.clone(), seed, None);
        let closure = move || child.run_sync(start);
        drop(closure);
        tracing::warn!("{} was made and never called: nothing of it ran", handle.name());
        lane::step(self.task, label, start);
        Ok(())
    }

    /// A child that is queued from now on; `meet` is shown its handle, and says to whom it reports.
    fn child(
        &mut self,
        program: &Arc<Program>,
        meet: impl FnOnce(&TaskHandle) -> Option<CompletionReporter>,
    ) -> TaskCtx {
        let handle = self.task.child(&self.task.registry().group_named(program.group()));
        let reporter = meet(&handle);
        let seed = Seed::drawn(self.rng.random());
        TaskCtx::child(handle, program.clone(), self.services.clone(), seed, reporter)
    }
}
