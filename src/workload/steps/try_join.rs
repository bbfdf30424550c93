//! `try_join`: polls branches in the task itself. The first failure ends the step.

use super::branches::{InlineBranches, Joined};
use crate::scenario::steps as spec;
use crate::workload::children::JoinMode;

pub(in crate::workload) type TryJoin = InlineBranches<spec::TryJoin>;

impl Joined for spec::TryJoin {
    const MODE: JoinMode = JoinMode::TryJoin;
}
