//! A full chunk of a task's slices, with a summary of the time that it covers.
//!
//! A row of cells takes the summary of each chunk that lies in one cell, and unpacks only the
//! chunks that the edge of a cell cuts. So a row costs about the same at any zoom.

use super::packed_slices::PackedSlices;
use super::paint::TimeBreakdown;
use super::spans::Spans;
use super::wait_state::WaitState;
use crate::record::{Nanos, TaskId};

/// Slices in a full chunk: enough to make the summary's share of the memory small, and few enough
/// to unpack a chunk quickly. Tests have few slices and should fill many chunks.
pub(super) const FULL: usize = if cfg!(test) { 4 } else { 32 };

/// A full chunk. It ends where the next chunk begins.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// The wait state before its first slice.
    pub before: WaitState,
    /// The summary of the time that it covers.
    pub breakdown: TimeBreakdown,
    bytes: Box<[u8]>,
}

impl Chunk {
    /// A chunk of the bytes that a [`Packer`](super::packed_slices::Packer) has packed.
    pub(super) fn new(before: WaitState, bytes: Vec<u8>, task: TaskId, spans: &Spans) -> Chunk {
        let slices = PackedSlices { before, bytes: &bytes };
        Chunk {
            before,
            breakdown: slices.breakdown(task, spans),
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Its slices.
    #[inline]
    pub(super) fn slices(&self) -> PackedSlices<'_> {
        PackedSlices {
            before: self.before,
            bytes: &self.bytes,
        }
    }

    /// All `spans` if any slice of the chunk is blocking, else none. Spares the search where
    /// nothing is to be found.
    #[inline]
    pub(super) fn spans<'a>(&self, spans: &'a Spans) -> &'a Spans {
        if self.breakdown.blocking > Nanos::ZERO {
            spans
        } else {
            Spans::NONE
        }
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}
