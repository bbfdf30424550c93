//! A full chunk of a task's slices, with a summary of the time that it covers.
//!
//! To paint a row of cells, the model uses the summary of each chunk that lies in one cell. It
//! unpacks a chunk only if a cell boundary lies inside the chunk. So a row costs about the same at
//! any zoom.

use super::packed_slices::PackedSlices;
use super::paint::TimeBreakdown;
use super::spans::Spans;
use super::wait_state::{Division, WaitState};
use crate::record::{Nanos, TaskId};

/// The number of slices in a full chunk. With more slices, the summaries take less of the memory.
/// With fewer slices, a chunk is unpacked faster. The number is smaller in tests, so that their few
/// slices fill many chunks.
pub(super) const FULL: usize = if cfg!(test) { 4 } else { 32 };

/// A full chunk. The chunk ends where the next chunk begins.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// The wait state before the first slice of the chunk.
    pub before: WaitState,
    /// The summary of the time that the chunk covers.
    pub breakdown: TimeBreakdown,
    bytes: Box<[u8]>,
}

impl Chunk {
    /// Creates a chunk from bytes that a [`Packer`](super::packed_slices::Packer) has packed.
    pub(super) fn new(before: WaitState, bytes: Vec<u8>, task: TaskId, division: Division<'_>) -> Chunk {
        let slices = PackedSlices { before, bytes: &bytes };
        Chunk {
            before,
            breakdown: slices.breakdown(task, division),
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// The slices of the chunk.
    #[inline]
    pub(super) fn slices(&self) -> PackedSlices<'_> {
        PackedSlices {
            before: self.before,
            bytes: &self.bytes,
        }
    }

    /// Returns `division`, without the spans in which the thread slept if the chunk contains no
    /// such time. This saves the search for these spans.
    #[inline]
    pub(super) fn division<'a>(&self, division: Division<'a>) -> Division<'a> {
        match self.breakdown.blocking {
            Nanos::ZERO => Division {
                asleep: Spans::NONE,
                ..division
            },
            _ => division,
        }
    }

    /// The number of bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}
