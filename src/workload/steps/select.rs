//! `select`: polls branches in the task itself. The first branch that ends decides the result.

use super::branches::{InlineBranches, Joined};
use crate::scenario::steps as spec;
use crate::workload::children::JoinMode;

pub(in crate::workload) type Select = InlineBranches<spec::Select>;

impl Joined for spec::Select {
    const MODE: JoinMode = JoinMode::Select;

    fn is_biased(&self) -> bool {
        self.biased
    }
}
