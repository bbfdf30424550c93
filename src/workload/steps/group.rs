//! `group`: runs branches as children. The first failure cancels the other children.

use super::branches::{Branches, Joined};
use crate::scenario::steps as spec;
use crate::workload::children::JoinMode;

pub(in crate::workload) type Group = Branches<spec::Group>;

impl Joined for spec::Group {
    const MODE: JoinMode = JoinMode::Group;
}
