//! `try_join`: polls branches in the task itself. The first failure ends the step.

use super::{BranchList, BranchesDefinition, BranchesStep};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Polls all branches in the task itself, and waits until all have ended or one has failed. After a
/// failure, the other branches are dropped in the step in which they wait.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TryJoin(pub Vec<Branch>);

impl BranchesStep for TryJoin {
    fn branches(&self) -> &[Branch] {
        &self.0
    }
}

impl BranchesDefinition for TryJoin {
    type Syntax = BranchList;
    const DESCRIPTION: &'static str = "Poll all branches in this task itself (`tokio::try_join!`), and wait until all have ended or one has failed. \
         After a failure, the other branches are dropped in the step in which they wait.";
    const INLINE: bool = true;

    fn new(branches: Vec<Branch>, _: &BranchList) -> TryJoin {
        TryJoin(branches)
    }
}
