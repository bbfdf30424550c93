//! A map from the id of a task, lane or group to its index in a list.
//!
//! The model looks up an index for every record. Most ids are consecutive, but tasks are created
//! and evicted, and each worker process numbers its tasks from a different first id. So the indices
//! are stored in pages of [`PAGE`] ids, and a page exists only if it contains an id. The table of
//! pages is small enough to stay in the cache, so a lookup needs one read from memory.

use crate::record::{GroupId, LaneId, TaskId};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;

/// The number of ids in a page. A page takes one kilobyte.
const PAGE: u32 = 256;

/// An id that is a number.
pub(super) trait NumericId: Copy {
    /// The number.
    fn number(self) -> u32;
}

impl NumericId for TaskId {
    #[inline]
    fn number(self) -> u32 {
        self.get()
    }
}

impl NumericId for LaneId {
    #[inline]
    fn number(self) -> u32 {
        u32::from(self.0)
    }
}

impl NumericId for GroupId {
    #[inline]
    fn number(self) -> u32 {
        u32::from(self.0)
    }
}

/// A map from ids to indices. Each index is below 2³² − 1.
#[derive(Clone, Debug)]
pub(super) struct IdMap<K> {
    pages: HashMap<u32, Box<Page>, BuildHasherDefault<MultiplicativeHasher>>,
    key: PhantomData<K>,
}

#[derive(Clone, Debug)]
struct Page([u32; PAGE as usize]);

impl Page {
    /// Marks an id that is not in the map.
    const NONE: u32 = u32::MAX;
}

impl<K> Default for IdMap<K> {
    fn default() -> IdMap<K> {
        IdMap {
            pages: HashMap::default(),
            key: PhantomData,
        }
    }
}

impl<K: NumericId> IdMap<K> {
    /// The index of an id; `None` if the id is not in the map.
    #[inline]
    pub(super) fn get(&self, key: K) -> Option<usize> {
        let number = key.number();
        let page = self.pages.get(&(number / PAGE))?;
        let index = page.0[(number % PAGE) as usize];
        (index != Page::NONE).then_some(index as usize)
    }

    /// Sets the index of an id. Replaces the old index if the id is in the map already.
    pub(super) fn insert(&mut self, key: K, index: usize) {
        let index = u32::try_from(index).expect("there are fewer tasks than ids");
        let number = key.number();
        let page = self
            .pages
            .entry(number / PAGE)
            .or_insert_with(|| Box::new(Page([Page::NONE; PAGE as usize])));
        page.0[(number % PAGE) as usize] = index;
    }

    /// Replaces the content of the map. The first key gets index 0, the second key index 1, and so
    /// on.
    pub(super) fn rebuild(&mut self, keys: impl Iterator<Item = K>) {
        self.pages.clear();
        for (index, key) in keys.enumerate() {
            self.insert(key, index);
        }
    }

    /// The number of bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.pages.capacity() * (size_of::<(u32, Box<Page>)>() + 1) + self.pages.len() * size_of::<Page>()
    }
}

/// Spreads consecutive numbers over all bits, by Knuth's multiplicative method. An attacker could
/// choose ids that collide, but this would be useless to the attacker.
#[derive(Clone, Copy, Debug, Default)]
struct MultiplicativeHasher(u64);

impl Hasher for MultiplicativeHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.0 = (self.0 ^ u64::from(n)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_has_the_index_that_was_set_last(inserted in prop::collection::vec((0u16..2000, 0usize..50), 0..200)) {
            let (mut map, mut expected) = (IdMap::default(), HashMap::new());
            for &(id, index) in &inserted {
                map.insert(LaneId(id), index);
                expected.insert(id, index);
            }
            for id in 0..2000 {
                prop_assert_eq!(map.get(LaneId(id)), expected.get(&id).copied());
            }
        }
    }

    #[test]
    fn distant_ids_take_a_page_each_and_removed_ids_take_none() {
        let far = |block: u32| (1..=3).filter_map(move |n| TaskId::new(block << 28 | n));
        let mut map = IdMap::default();
        map.rebuild((0..16).flat_map(far));
        assert_eq!(map.pages.len(), 16);
        assert_eq!(map.get(TaskId::new(15 << 28 | 3).unwrap()), Some(47));
        map.rebuild(far(7));
        assert_eq!(map.pages.len(), 1);
        assert_eq!(map.get(TaskId::new(15 << 28 | 3).unwrap()), None);
    }
}
