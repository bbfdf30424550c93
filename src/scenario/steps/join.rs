//! `join`: polls branches in the task itself, and waits for all of them.

use super::{BranchList, BranchesDefinition, BranchesStep};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Polls all branches in the task itself, and waits until all have ended. If one branch fails, the
/// other branches continue, and the step fails at the end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Join(pub Vec<Branch>);

impl BranchesStep for Join {
    fn branches(&self) -> &[Branch] {
        &self.0
    }
}

impl BranchesDefinition for Join {
    type Syntax = BranchList;
    const DESCRIPTION: &'static str = "Poll all branches in this task itself (`tokio::join!`), and wait until all have ended. While one branch holds \
         the thread, the others cannot run.";
    const INLINE: bool = true;

    fn new(branches: Vec<Branch>, _: &BranchList) -> Join {
        Join(branches)
    }
}
