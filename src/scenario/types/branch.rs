//! The work that a step hands to another task: a branch.

use crate::scenario::steps::Step;
use serde::{Deserialize, Serialize};

/// The work of a called task: the name of a group, or a list of steps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// The steps of this group. The `start` of the group is
    /// [`Start::Called`](super::Start::Called).
    Group(String),
    /// A list of steps.
    Steps(Vec<Step>),
}

impl Branch {
    /// The steps, if the branch does not name a group.
    pub fn steps(&self) -> Option<&[Step]> {
        match self {
            Branch::Steps(steps) => Some(steps),
            Branch::Group(_) => None,
        }
    }
}
