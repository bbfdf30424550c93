//! Children of tasks that hold their thread. Each child for which the parent waits has its own
//! thread. No child can be cancelled.
//!
//! A child for which the parent waits does not queue for a thread of the parent's executor. If all
//! threads of a pool waited for queued children, no thread would be left to run the children.

use super::{Detached, Join};
use crate::probe::{self, TaskHandle, lane};
use crate::record::{Label, Reason};
use crate::workload::TaskCtx;
use crate::workload::children::{CompletionReporter, JoinState, KeptResults, NextAction};
use crate::workload::draw::Seed;
use crate::workload::program::Program;
use crate::workload::shared::WaitForChildren;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use rand::Rng;
use std::sync::Arc;

impl Join {
    /// Runs the children, and blocks the thread until the join mode lets the parent continue.
    pub(in crate::workload) fn run_sync(&self, parent: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        parent.services.reserve_spawns(parent.task, self.programs.len())?;
        let mut join = JoinState::new(self.mode);
        for program in &*self.programs {
            let child = child(parent, program, None, |handle| Some(join.add_child(handle)));
            child.run_on_thread();
        }
        let wait = WaitForChildren::begin(parent.task, false);
        lane::blocking(Reason::Join, label, || {
            while !join.all_observed() {
                let (completions, observed) = join.completions();
                if join.observe(completions.wait(observed)) == NextAction::GoOn {
                    break;
                }
            }
        });
        drop(wait);
        join.observe_reported();
        join.orphan_pending(parent.services.stop());
        join.conclude(parent.services.stop(), false)
    }
}

impl Detached {
    /// Passes the children to the executor, or starts a thread for each child.
    pub(in crate::workload) fn run_sync(&self, parent: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        parent.services.reserve_spawns(parent.task, self.count as usize)?;
        let start = probe::now();
        let (task, services) = (parent.task, parent.services);
        let results = self
            .keeps
            .map(|index| parent.state.join_set(task, services, index).results());
        for _ in 0..self.count {
            let child = child(parent, &self.program, results.clone(), |handle| {
                handle.detach();
                None
            });
            parent.services.spawn_detached(child);
        }
        parent.task.record_step(label, start);
        Ok(())
    }
}

/// Creates a child task. The child counts as queued from this moment. `register` gets the child's
/// handle. If the parent waits for the child, `register` returns the reporter for the child's end.
/// If the parent keeps the results of its children, the child adds its result to `results`.
pub(super) fn child(
    parent: &mut SyncInterpreter<'_>,
    program: &Arc<Program>,
    results: Option<Arc<KeptResults>>,
    register: impl FnOnce(&TaskHandle) -> Option<CompletionReporter>,
) -> TaskCtx {
    let handle = parent.task.child(&parent.task.registry().group_named(program.group()));
    let reporter = register(&handle);
    let seed = Seed::from_draw(parent.rng.random());
    let child = TaskCtx::child(handle, program.clone(), parent.services.clone(), seed, reporter);
    child.receiving().keeping(results)
}
