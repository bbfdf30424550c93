//! `gather`: runs branches as children, and fails at the first failure.

use super::branches::{Branches, Joined};
use crate::scenario::steps as spec;
use crate::workload::children::JoinMode;

pub(in crate::workload) type Gather = Branches<spec::Gather>;

impl Joined for spec::Gather {
    const MODE: JoinMode = JoinMode::Gather;
}
