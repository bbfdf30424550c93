//! Children on the threads of a pool: fork-join.
//!
//! ```text
//!   thread 0   parent ┃ child 0 ┃ child 1 ┃         ┃ parent
//!   thread 1          ┃ child 2 ┃ child 3 (stolen)  ┃
//! ```
//!
//! The parent gives up its thread while its children run. This thread runs the first half of the
//! children, and another thread may steal the second half. Each half is split in the same way.
//! While the thread waits for stolen children, rayon runs other jobs on this thread, even jobs of
//! other tasks. The parent continues only after such a job has ended. So the parent may be queued
//! although its children have ended.

use super::Join;
use super::synchronous::child;
use crate::probe;
use crate::record::{Label, ProcessInstant, Reason};
use crate::workload::TaskCtx;
use crate::workload::children::JoinState;
use crate::workload::program::Program;
use crate::workload::shared::WaitForChildren;
use crate::workload::step_error::{StepError, StepResult};
use crate::workload::sync_interpreter::SyncInterpreter;
use crate::workload::task_state::TaskState;
use std::cell::Cell;
use std::sync::Arc;

/// The maximum number of splits on the stack of one thread. A thread that waits for stolen children
/// may run a job that splits its own children. Without a limit, the stack could overflow.
const NESTED_SPLITS: usize = 48;

thread_local! {
    /// The number of splits on the stack of this thread.
    static SPLITS: Cell<usize> = const { Cell::new(0) };
}

impl Join {
    /// Runs the children on the pool to which the calling thread belongs, and returns when all
    /// children have ended.
    pub(in crate::workload) fn run_forked(&self, parent: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        parent.services.reserve_spawns(parent.task, self.programs.len())?;
        let mut join = JoinState::new(self.mode);
        let mut children = Vec::with_capacity(self.programs.len());
        for program in &*self.programs {
            children.push(child(parent, program, None, |handle| Some(join.add_child(handle))));
        }
        let wait = WaitForChildren::begin(parent.task, false);
        parent.task.wait_off_lane(Reason::Join, label, || {
            fork(children, probe::now());
            join.observe_reported();
            join.last_end()
        });
        drop(wait);
        parent.task.record_step(label, join.start());
        join.conclude(parent.services.stop(), false)
    }

    /// Does the steps of the children one after the other, in the parent itself. No child is
    /// created.
    pub(in crate::workload) fn run_in_order(&self, parent: &mut SyncInterpreter<'_>) -> StepResult {
        let mut result = Ok(());
        // As on a pool, each list has its own generator and its own state, and each list is a
        // receiver of its channels before the first list begins.
        let state = |program: &Arc<Program>| TaskState::of_task(program, parent.services);
        let states: Vec<TaskState> = self.programs.iter().map(state).collect();
        for (program, mut state) in self.programs.iter().zip(states) {
            let mut inner = SyncInterpreter {
                rng: &mut parent.fork_rng(),
                task: parent.task,
                services: parent.services,
                state: &mut state,
            };
            // As on a pool, the other lists run even if one fails.
            match inner.run(&program.steps) {
                Ok(()) => {}
                Err(StepError::Stopped) => return Err(StepError::Stopped),
                Err(_) => result = Err(StepError::Failed),
            }
        }
        result
    }
}

/// Runs the children. Another thread may steal the second half. All children have been queued since
/// `since`.
fn fork(mut children: Vec<TaskCtx>, since: ProcessInstant) {
    let splits = SPLITS.get();
    if children.len() <= 1 || splits == NESTED_SPLITS {
        children.into_iter().for_each(|child| child.run_sync(since));
        return;
    }
    let second = children.split_off(children.len().div_ceil(2));
    SPLITS.set(splits + 1);
    rayon::join(|| fork(children, since), || fork(second, since));
    SPLITS.set(splits);
}
