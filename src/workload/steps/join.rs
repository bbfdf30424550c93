//! `join`: polls branches in the task itself, and waits for all of them.

use super::branches::{InlineBranches, Joined};
use crate::scenario::steps as spec;
use crate::workload::children::JoinMode;

pub(in crate::workload) type Join = InlineBranches<spec::Join>;

impl Joined for spec::Join {
    const MODE: JoinMode = JoinMode::Join;
}
