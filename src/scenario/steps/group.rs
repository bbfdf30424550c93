//! `group`: runs branches as tasks. If one task fails, the other tasks are cancelled.

use super::{BranchList, BranchesDefinition, BranchesStep};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Runs all branches as tasks, and waits until all have ended. If one task fails, the other tasks
/// are cancelled. The step fails with all failures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Group(pub Vec<Branch>);

impl BranchesStep for Group {
    fn branches(&self) -> &[Branch] {
        &self.0
    }
}

impl BranchesDefinition for Group {
    type Syntax = BranchList;
    const DESCRIPTION: &'static str =
        "Run all branches as tasks, and wait until all have ended. If one task fails, the other tasks are cancelled.";

    fn new(branches: Vec<Branch>, _: &BranchList) -> Group {
        Group(branches)
    }
}
