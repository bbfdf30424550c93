//! What a step gives to another task.

use crate::scenario::steps::Step;
use serde::{Deserialize, Serialize};

/// What a task does that another task calls.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// What the tasks of this group do; its start is [`Start::Called`](super::Start::Called).
    Group(String),
    /// These steps.
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
