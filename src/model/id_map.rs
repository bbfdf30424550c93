//! Where the task, lane or group with a number is in its list.
//!
//! Looked up for every record. The numbers are small and mostly consecutive, but tasks come and go, and each worker process
//! counts its own from somewhere else: so the places lie in pages of [`PAGE`] numbers, and a page exists while it holds one.
//! The pages are few enough to be found in the cache, which leaves one read from memory per task.

use crate::record::{GroupId, LaneId, TaskId};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;

/// Numbers that share a page: a kilobyte.
const PAGE: u32 = 256;

/// An identity that is a number.
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

/// From an identity to a place below 2³² − 1.
#[derive(Clone, Debug)]
pub(super) struct IdMap<K> {
    pages: HashMap<u32, Box<Page>, BuildHasherDefault<MultiplicativeHasher>>,
    key: PhantomData<K>,
}

#[derive(Clone, Debug)]
struct Page([u32; PAGE as usize]);

impl Page {
    /// In the place of a number that has none.
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
    /// The place of an identity.
    #[inline]
    pub fn get(&self, key: K) -> Option<usize> {
        let number = key.number();
        let page = self.pages.get(&(number / PAGE))?;
        let index = page.0[(number % PAGE) as usize];
        (index != Page::NONE).then_some(index as usize)
    }

    /// Gives an identity a place, in which it may have been already.
    pub fn insert(&mut self, key: K, index: usize) {
        let index = u32::try_from(index).expect("fewer tasks than their numbers can tell apart");
        let number = key.number();
        let page = self
            .pages
            .entry(number / PAGE)
            .or_insert_with(|| Box::new(Page([Page::NONE; PAGE as usize])));
        page.0[(number % PAGE) as usize] = index;
    }

    /// These in the order of their places, from 0, and no others.
    pub fn rebuild(&mut self, keys: impl Iterator<Item = K>) {
        self.pages.clear();
        for (index, key) in keys.enumerate() {
            self.insert(key, index);
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.pages.capacity() * (size_of::<(u32, Box<Page>)>() + 1) + self.pages.len() * size_of::<Page>()
    }
}

/// Spreads consecutive numbers over all bits, by Knuth's multiplicative method. Nobody chooses the numbers to do harm.
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
        fn each_is_where_it_was_put_last(puts in prop::collection::vec((0u16..2000, 0usize..50), 0..200)) {
            let (mut map, mut plain) = (IdMap::default(), HashMap::new());
            for &(id, index) in &puts {
                map.insert(LaneId(id), index);
                plain.insert(id, index);
            }
            for id in 0..2000 {
                prop_assert_eq!(map.get(LaneId(id)), plain.get(&id).copied());
            }
        }
    }

    #[test]
    fn numbers_far_apart_cost_a_page_each_and_those_that_are_gone_nothing() {
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
