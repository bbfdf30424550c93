//! Memory for the runs of slices that are still being written, one run per task.
//!
//! Each run grows by a few bytes at a time, and with many tasks each lies somewhere else. A vector of its own per task
//! would be moved again and again on its way to its full size, and would have room to spare most of the time. Here a run is a
//! chain of blocks, each as long as a line of the processor's cache: it takes up another when it needs it, and a slice
//! is written into one line.

const NONE: u32 = u32::MAX;

/// The bytes of a block that are its run's.
const BLOCK_BYTES: usize = 60;

#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct Block {
    bytes: [u8; BLOCK_BYTES],
    /// The next of its run, or the next that is free.
    next: u32,
}

/// ByteArena that are made together, which never move again.
const SLAB_BLOCKS: usize = 256;

/// All blocks, those of runs and those that are free.
#[derive(Clone, Debug)]
pub(super) struct ByteArena {
    slabs: Vec<Box<[Block; SLAB_BLOCKS]>>,
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

/// A run of bytes in [`ByteArena`], to be handed back by [`ByteArena::release`]: nobody else knows whose they are.
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

impl ByteArena {
    /// Adds to a run.
    #[inline]
    pub fn append(&mut self, chain: &mut Chain, mut bytes: &[u8]) {
        loop {
            let used = chain.len as usize % BLOCK_BYTES;
            if used == 0 {
                self.add_block(chain);
            }
            let block = self.at(chain.last);
            let now = bytes.len().min(BLOCK_BYTES - used);
            block.bytes[used..used + now].copy_from_slice(&bytes[..now]);
            chain.len += now as u32;
            bytes = &bytes[now..];
            if bytes.is_empty() {
                return;
            }
        }
    }

    #[inline]
    fn get(&self, at: u32) -> Option<&Block> {
        Some(&self.slabs.get(at as usize / SLAB_BLOCKS)?[at as usize % SLAB_BLOCKS])
    }

    /// The block in this place, which there is.
    #[inline]
    fn at(&mut self, at: u32) -> &mut Block {
        &mut self.slabs[at as usize / SLAB_BLOCKS][at as usize % SLAB_BLOCKS]
    }

    /// One block more.
    fn add_block(&mut self, chain: &mut Chain) {
        if self.free == NONE {
            self.add_slab();
        }
        let new = self.free;
        self.free = std::mem::replace(&mut self.at(new).next, NONE);
        match chain.last {
            NONE => chain.first = new,
            last => self.at(last).next = new,
        }
        chain.last = new;
    }

    /// More blocks, all free.
    fn add_slab(&mut self) {
        let first = u32::try_from(self.slabs.len() * SLAB_BLOCKS).expect("fewer blocks than 256 GB hold");
        self.slabs.push(Box::new(std::array::from_fn(|place| Block {
            bytes: [0; BLOCK_BYTES],
            next: if place + 1 < SLAB_BLOCKS {
                first + place as u32 + 1
            } else {
                NONE
            },
        })));
        self.free = first;
    }

    /// All of a run.
    pub fn read(&self, chain: &Chain) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(chain.len as usize);
        let mut at = chain.first;
        while let Some(block) = self.get(at) {
            let left = chain.len as usize - bytes.len();
            bytes.extend_from_slice(&block.bytes[..left.min(BLOCK_BYTES)]);
            at = block.next;
        }
        bytes
    }

    /// Takes a run back, which is empty then.
    pub fn release(&mut self, chain: &mut Chain) {
        if chain.last != NONE {
            self.at(chain.last).next = self.free;
            self.free = chain.first;
        }
        *chain = Chain::default();
    }

    /// Reads where a run ends, see `apply`.
    #[inline]
    pub fn prefetch(&self, chain: &Chain) -> u8 {
        self.get(chain.last).map_or(0, |block| block.bytes[0])
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.slabs.capacity() * size_of::<Box<Block>>() + self.slabs.len() * size_of::<[Block; SLAB_BLOCKS]>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_keep_what_was_put_in_and_blocks_are_used_again(
            puts in prop::collection::vec((0usize..4, prop::collection::vec(any::<u8>(), 1..150), prop::bool::weighted(0.1)), 0..200)
        ) {
            let mut blocks = ByteArena::default();
            let mut chains: Vec<Chain> = vec![Chain::default(); 4];
            let mut plain = vec![Vec::new(); 4];
            let mut most = 0;
            for (run, bytes, freed) in puts {
                blocks.append(&mut chains[run], &bytes);
                plain[run].extend(bytes);
                most = most.max(plain.iter().map(|run: &Vec<u8>| run.len().div_ceil(BLOCK_BYTES)).sum::<usize>());
                if freed {
                    blocks.release(&mut chains[run]);
                    plain[run].clear();
                }
                for (chain, plain) in chains.iter().zip(&plain) {
                    prop_assert_eq!(&blocks.read(chain), plain);
                }
            }
            prop_assert_eq!(blocks.slabs.len(), most.div_ceil(SLAB_BLOCKS), "no slab is added while a block one is free");
        }
    }
}
