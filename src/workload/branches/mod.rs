//! Running the branches of a step as child tasks: for `gather`, `group`, `race` and `spawn`.
//!
//! What the parent decides when a child ends is the same everywhere, and is in [`JoinState`]. How
//! it waits, and whether it can cancel a child, depends on the executor: `asynchronous` is for
//! tasks of a runtime, `synchronous` for tasks that hold their thread.
//!
//! [`JoinState`]: super::children::JoinState

mod asynchronous;
mod synchronous;

use super::children::JoinMode;
use super::compile::Compiler;
use super::program::Program;
use crate::scenario::Branch;
use std::sync::Arc;

/// Programs that run as children of a task, which waits for them.
#[derive(Debug)]
pub(super) struct Join {
    mode: JoinMode,
    programs: Arc<[Arc<Program>]>,
}

impl Join {
    /// A child for each of these branches of a step of `group`.
    pub(super) fn one_each(mode: JoinMode, branches: &[Branch], group: &str, compiler: &mut Compiler<'_>) -> Join {
        let program = |branch| compiler.branch(group, mode.into_str(), branch);
        Join {
            mode,
            programs: branches.iter().map(program).collect(),
        }
    }

    /// So many children that all do the same.
    pub(super) fn copies(mode: JoinMode, program: &Arc<Program>, count: u32) -> Join {
        Join {
            mode,
            programs: (0..count).map(|_| program.clone()).collect(),
        }
    }
}

/// Programs that run as children of a task, which does not wait for them.
#[derive(Debug)]
pub(super) struct Detached {
    pub(super) program: Arc<Program>,
    pub(super) count: u32,
}
