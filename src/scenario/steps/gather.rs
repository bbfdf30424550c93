//! `gather`: runs branches as tasks, waits for them, and fails at the first failure.

use super::{BranchList, BranchesDefinition, BranchesStep};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Runs all branches as tasks, and waits until all have ended or one has failed. After a failure
/// the other tasks continue.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Gather(pub Vec<Branch>);

impl BranchesStep for Gather {
    fn branches(&self) -> &[Branch] {
        &self.0
    }
}

impl BranchesDefinition for Gather {
    type Syntax = BranchList;
    const DESCRIPTION: &'static str = "Run all branches as tasks, and wait until all have ended or one has failed. After a failure the other tasks continue.";

    fn new(branches: Vec<Branch>, _: &BranchList) -> Gather {
        Gather(branches)
    }
}
