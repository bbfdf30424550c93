//! The results that the tasks of one group keep.

use super::content::{Content, Memory, MemoryLimitReached};
use super::{Fill, Resource};
use crate::record::Label;
use std::sync::Arc;

#[derive(Debug)]
pub(in crate::workload) struct Results {
    /// Records how many results are kept.
    pub(in crate::workload) resource: Resource,
    label: Label,
    item_bytes: u64,
    memory: Arc<Memory>,
}

impl Results {
    pub(super) fn new(resource: Resource, label: Label, item_bytes: u64, memory: &Arc<Memory>) -> Results {
        Results {
            resource,
            label,
            item_bytes,
            memory: memory.clone(),
        }
    }

    /// Makes a result.
    ///
    /// # Errors
    /// Returns an error if there is no memory left for the result.
    pub(in crate::workload) fn content(&self) -> Result<Content, MemoryLimitReached> {
        Content::new(self.item_bytes, &self.memory)
    }

    /// The number of kept results.
    pub(in crate::workload) fn fill(&self) -> Fill {
        Fill {
            label: self.label,
            len: self.resource.level(),
            item_bytes: self.item_bytes,
            capacity: None,
            oldest: None,
        }
    }
}
