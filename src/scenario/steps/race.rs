//! `race`: runs branches as tasks. The first task to end decides the result.

use super::{BranchList, BranchesDefinition, BranchesStep};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Runs all branches as tasks. The first task to end decides the result, and the other tasks are
/// cancelled.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Race(pub Vec<Branch>);

impl BranchesStep for Race {
    fn branches(&self) -> &[Branch] {
        &self.0
    }
}

impl BranchesDefinition for Race {
    type Syntax = BranchList;
    const DESCRIPTION: &'static str =
        "Run all branches as tasks. The first task to end decides the result, and the other tasks are cancelled.";

    fn new(branches: Vec<Branch>, _: &BranchList) -> Race {
        Race(branches)
    }
}
