//! The results that the tasks of one group keep.

use super::{Fill, Items, Resource};

#[derive(Debug)]
pub(in crate::workload) struct Results {
    /// Records how many results are kept.
    pub(in crate::workload) resource: Resource,
    pub(in crate::workload) items: Items,
}

impl Results {
    /// The number of kept results.
    pub(in crate::workload) fn fill(&self) -> Fill {
        self.items.fill(self.resource.level())
    }
}
