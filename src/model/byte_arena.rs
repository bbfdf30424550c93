//! Memory for byte sequences that grow by a few bytes at a time. Each task has one such sequence,
//! its open chunk.
//!
//! With one `Vec` per task, each `Vec` would be reallocated several times as it grows, and would
//! have unused capacity most of the time. In this arena, a sequence is a [`Chain`] of blocks. A
//! block is as long as a cache line. So writing a slice touches one cache line, or two cache lines
//! if the slice continues in a new block. A chain takes a new block only when the last block is
//! full.
//!
//! ```text
//!   slab of 256 blocks: │ block │ block │ block │ ...
//!                           └──next──────►┘            a chain, or the list of free blocks
//! ```

const NONE: u32 = u32::MAX;

/// The number of bytes in a block that store the chain's content.
const BLOCK_BYTES: usize = 60;

#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct Block {
    bytes: [u8; BLOCK_BYTES],
    /// The next block of the chain, or of the list of free blocks; `NONE` at the end.
    next: u32,
}

/// The number of blocks in a slab. The blocks of a slab are allocated together and never move.
const SLAB_BLOCKS: usize = 256;

/// All blocks: the blocks of chains and the free blocks.
#[derive(Clone, Debug)]
pub(super) struct ByteArena {
    slabs: Vec<Box<[Block; SLAB_BLOCKS]>>,
    /// The first free block.
    free: u32,
}

impl Default for ByteArena {
    fn default() -> ByteArena {
        ByteArena {
            slabs: Vec::new(),
            free: NONE,
        }
    }
}

/// A sequence of bytes in a [`ByteArena`]. The owner must call [`ByteArena::release`] before it
/// drops the chain. Otherwise, the arena cannot use the chain's blocks again.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    first: u32,
    last: u32,
    len: u32,
}

impl Default for Chain {
    fn default() -> Chain {
        Chain {
            first: NONE,
            last: NONE,
            len: 0,
        }
    }
}

/// Copies bytes between slices of the same length. Most entries have 8 to 16 bytes. Two copies of
/// eight bytes, which may overlap, are faster than a call of `memmove`.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    let len = from.len();
    if (8..=16).contains(&len) {
        to[..8].copy_from_slice(&from[..8]);
        to[len - 8..len].copy_from_slice(&from[len - 8..]);
    } else {
        to.copy_from_slice(from);
    }
}

impl ByteArena {
    /// Appends bytes to a chain.
    #[inline]
    pub(super) fn append(&mut self, chain: &mut Chain, mut bytes: &[u8]) {
        loop {
            let used = chain.len as usize % BLOCK_BYTES;
            if used == 0 {
                self.add_block(chain);
            }
            let block = self.block_mut(chain.last);
            let count = bytes.len().min(BLOCK_BYTES - used);
            copy(&mut block.bytes[used..used + count], &bytes[..count]);
            chain.len += count as u32;
            bytes = &bytes[count..];
            if bytes.is_empty() {
                return;
            }
        }
    }

    #[inline]
    fn block(&self, index: u32) -> Option<&Block> {
        Some(&self.slabs.get(index as usize / SLAB_BLOCKS)?[index as usize % SLAB_BLOCKS])
    }

    /// The block at this index. The block must exist.
    #[inline]
    fn block_mut(&mut self, index: u32) -> &mut Block {
        &mut self.slabs[index as usize / SLAB_BLOCKS][index as usize % SLAB_BLOCKS]
    }

    /// Takes a free block and appends it to a chain.
    fn add_block(&mut self, chain: &mut Chain) {
        if self.free == NONE {
            self.add_slab();
        }
        let new = self.free;
        self.free = std::mem::replace(&mut self.block_mut(new).next, NONE);
        match chain.last {
            NONE => chain.first = new,
            last => self.block_mut(last).next = new,
        }
        chain.last = new;
    }

    /// Allocates a slab of free blocks.
    fn add_slab(&mut self) {
        let first = u32::try_from(self.slabs.len() * SLAB_BLOCKS).expect("the blocks take less than 256 GB");
        self.slabs.push(Box::new(std::array::from_fn(|index| Block {
            bytes: [0; BLOCK_BYTES],
            next: if index + 1 < SLAB_BLOCKS {
                first + index as u32 + 1
            } else {
                NONE
            },
        })));
        self.free = first;
    }

    /// Returns all bytes of a chain.
    pub(super) fn read(&self, chain: &Chain) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(chain.len as usize);
        let mut index = chain.first;
        while let Some(block) = self.block(index) {
            let left = chain.len as usize - bytes.len();
            bytes.extend_from_slice(&block.bytes[..left.min(BLOCK_BYTES)]);
            index = block.next;
        }
        bytes
    }

    /// Frees the blocks of a chain and makes the chain empty.
    pub(super) fn release(&mut self, chain: &mut Chain) {
        if chain.last != NONE {
            self.block_mut(chain.last).next = self.free;
            self.free = chain.first;
        }
        *chain = Chain::default();
    }

    /// Loads the end of a chain into the cache, see `Model::prefetch`. Ignore the result.
    #[inline]
    pub(super) fn prefetch(&self, chain: &Chain) -> u8 {
        self.block(chain.last).map_or(0, |block| block.bytes[0])
    }

    /// The number of bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.slabs.capacity() * size_of::<Box<Block>>() + self.slabs.len() * size_of::<[Block; SLAB_BLOCKS]>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chains_keep_their_bytes_and_freed_blocks_are_used_again(
            appends in prop::collection::vec((0usize..4, prop::collection::vec(any::<u8>(), 1..150), prop::bool::weighted(0.1)), 0..200)
        ) {
            let mut arena = ByteArena::default();
            let mut chains: Vec<Chain> = vec![Chain::default(); 4];
            let mut expected = vec![Vec::new(); 4];
            let mut max_blocks = 0;
            for (index, bytes, freed) in appends {
                arena.append(&mut chains[index], &bytes);
                expected[index].extend(bytes);
                let blocks = expected.iter().map(|bytes: &Vec<u8>| bytes.len().div_ceil(BLOCK_BYTES));
                max_blocks = max_blocks.max(blocks.sum::<usize>());
                if freed {
                    arena.release(&mut chains[index]);
                    expected[index].clear();
                }
                for (chain, expected) in chains.iter().zip(&expected) {
                    prop_assert_eq!(&arena.read(chain), expected);
                }
            }
            prop_assert_eq!(arena.slabs.len(), max_blocks.div_ceil(SLAB_BLOCKS), "no slab is added while a block is free");
        }
    }
}
