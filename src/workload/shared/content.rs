//! The memory that the messages of channels and the kept results hold.
//!
//! People share scenarios, so a scenario must not exhaust the machine's memory. An unbounded
//! channel could do that. So all contents of a run together have a limit.

use super::Fill;
use crate::record::Label;
use crate::scenario::{MOST_MEMORY, show_size};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the items of one channel, or the results of one group, have in common.
#[derive(Debug)]
pub(in crate::workload) struct Items {
    label: Label,
    /// The size of each item, in bytes. 0 if items have no content.
    size: u64,
    memory: Arc<Memory>,
}

impl Items {
    /// `memory` counts the memory of the items.
    pub(super) fn new(label: Label, size: u64, memory: &Arc<Memory>) -> Items {
        Items {
            label,
            size,
            memory: memory.clone(),
        }
    }

    /// Makes the content of an item. Even an item without content holds memory.
    ///
    /// # Errors
    /// Returns an error if there is no memory left for the item.
    pub(in crate::workload) fn content(&self) -> Result<Content, MemoryLimitReached> {
        Content::new(self.size, &self.memory)
    }

    /// Makes the content of an item whose channel has a maximum number of items. `None` if items
    /// have no content.
    ///
    /// # Errors
    /// Returns an error if there is no memory left for the item.
    pub(super) fn content_of_limited(&self) -> Result<Option<Content>, MemoryLimitReached> {
        (self.size > 0).then(|| self.content()).transpose()
    }

    /// The fill of a channel without a maximum that contains `len` items.
    pub(super) fn fill(&self, len: u32) -> Fill {
        Fill {
            label: self.label,
            len,
            item_bytes: self.size,
            capacity: None,
            oldest: None,
        }
    }
}

/// The number of bytes that the contents of a run hold.
#[derive(Debug, Default)]
pub(in crate::workload) struct Memory(AtomicU64);

#[cfg(test)]
impl Memory {
    /// The number of bytes that are held now.
    pub(super) fn held(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The new content would exceed the memory limit of the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "no item was made: the items of a run may hold at most {} of memory",
    show_size(MOST_MEMORY)
)]
pub(in crate::workload) struct MemoryLimitReached;

/// The content of an item, which holds memory until it is dropped.
#[derive(Debug)]
pub(in crate::workload) struct Content {
    bytes: Box<[u8]>,
    memory: Arc<Memory>,
}

/// The number of bytes that an item without content needs in a queue. Such bytes also count, so the
/// number of items without content is limited too.
const OVERHEAD: u64 = 32;

impl Content {
    /// Allocates memory of this size, and writes to all of it. Otherwise the system would not
    /// provide the memory.
    ///
    /// # Errors
    /// Returns an error if all contents together would exceed the limit.
    fn new(size: u64, memory: &Arc<Memory>) -> Result<Content, MemoryLimitReached> {
        let add = |held: u64| Some(held + size + OVERHEAD).filter(|&held| held <= MOST_MEMORY);
        let reserved = memory.0.fetch_update(Relaxed, Relaxed, add);
        reserved.map_err(|_| MemoryLimitReached)?;
        Ok(Content {
            // For zeros, the system would reserve memory but not provide it yet.
            bytes: vec![1; size as usize].into_boxed_slice(),
            memory: memory.clone(),
        })
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        self.memory.0.fetch_sub(self.bytes.len() as u64 + OVERHEAD, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_contents_together_stay_below_the_limit_and_give_their_memory_back() {
        let memory = Arc::new(Memory::default());
        memory.0.store(MOST_MEMORY - 2 * (100 + OVERHEAD), Relaxed);
        let first = Content::new(100, &memory).expect("memory is left");
        let second = Content::new(100, &memory).expect("memory is left");
        assert_eq!(Content::new(0, &memory).unwrap_err(), MemoryLimitReached);
        drop(first);
        assert_eq!(Content::new(101, &memory).unwrap_err(), MemoryLimitReached);
        let third = Content::new(100, &memory).expect("memory was given back");
        assert!(third.bytes.iter().all(|byte| *byte != 0));
        drop((second, third));
        assert_eq!(memory.held(), MOST_MEMORY - 2 * (100 + OVERHEAD));
    }
}
