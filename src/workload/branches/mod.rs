//! Running the branches of a step: as child tasks for `gather`, `group`, `race` and `spawn`, and in
//! the task itself for `join`, `try_join` and `select`.
//!
//! [`JoinState`] decides what the parent does when a child ends, on every executor. The executor
//! determines how the parent waits and whether the parent can cancel a child: `asynchronous` is for
//! tasks of a runtime, and `synchronous` is for tasks that hold their thread. `inline` runs
//! branches that are not tasks.
//!
//! [`JoinState`]: super::children::JoinState

mod asynchronous;
mod inline;
mod synchronous;

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
    /// One child for each of these branches. The branches belong to a step of `group`.
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
    /// These branches of a step of `group`.
    pub(super) fn new(
        mode: JoinMode,
        biased: bool,
        branches: &[Branch],
        group: &str,
        compiler: &mut Compiler<'_>,
    ) -> Inline {
        let program = |branch| compiler.branch(group, mode.into_str(), branch);
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
}
