//! Runs the branches of a step. `gather`, `group`, `race`, `spawn`, `shield` and `par` run their
//! branches as child tasks. `join`, `try_join`, `select` and `buffered` poll their branches in the
//! task itself.
//!
//! [`JoinState`] decides what the parent does when a child ends, on every executor. The executor
//! determines how the parent waits and whether the parent can cancel a child. `asynchronous` is for
//! tasks of a runtime, and `synchronous` is for tasks that hold their thread. `forked` is for tasks
//! of a pool, whose children run on the threads of the same pool. `inline` and `buffered` run
//! branches that the task polls itself, which are in `polled`.
//!
//! [`JoinState`]: super::children::JoinState

mod asynchronous;
mod buffered;
mod forked;
mod inline;
mod polled;
mod synchronous;

pub(super) use buffered::Buffered;

use super::children::JoinMode;
use super::compile::Compiler;
use super::program::Program;
use crate::scenario::Branch;
use std::sync::Arc;

/// The programs of child tasks for which the parent waits.
#[derive(Debug)]
pub(super) struct Join {
    mode: JoinMode,
    programs: Arc<[Arc<Program>]>,
}

impl Join {
    /// Compiles the branches of a step. `group` is the group of the step's task. Each branch
    /// becomes the program of one child.
    pub(super) fn one_each(mode: JoinMode, branches: &[Branch], group: &str, compiler: &mut Compiler<'_>) -> Join {
        let program = |branch| compiler.branch(group, mode.into_str(), branch);
        Join {
            mode,
            programs: branches.iter().map(program).collect(),
        }
    }

    /// `count` children with the same program.
    pub(super) fn copies(mode: JoinMode, program: &Arc<Program>, count: u32) -> Join {
        Join {
            mode,
            programs: (0..count).map(|_| program.clone()).collect(),
        }
    }
}

/// The programs of branches that a task polls itself.
#[derive(Debug)]
pub(super) struct Inline {
    mode: JoinMode,
    /// Whether each poll begins at the first branch.
    biased: bool,
    programs: Arc<[Arc<Program>]>,
}

impl Inline {
    /// Compiles the branches of a step. `group` is the group of the step's task.
    pub(super) fn new(
        mode: JoinMode,
        biased: bool,
        branches: &[Branch],
        group: &str,
        compiler: &mut Compiler<'_>,
    ) -> Inline {
        let program = |branch| {
            let program = compiler.branch(group, mode.into_str(), branch);
            compiler.receive_for(&program);
            program
        };
        Inline {
            mode,
            biased,
            programs: branches.iter().map(program).collect(),
        }
    }
}

/// The program of child tasks for which the parent does not wait.
#[derive(Debug)]
pub(super) struct Detached {
    pub(super) program: Arc<Program>,
    pub(super) count: u32,
    /// The index of the results, if the parent keeps the results of the children.
    pub(super) keeps: Option<usize>,
}
