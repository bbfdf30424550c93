//! `race`: runs branches as children. The first child that ends decides the result.

use super::branches::{Branches, Joined};
use crate::scenario::steps as spec;
use crate::workload::children::JoinMode;

pub(in crate::workload) type Race = Branches<spec::Race>;

impl Joined for spec::Race {
    const MODE: JoinMode = JoinMode::Race;
}
