//! A full run of slices of one task, with a summary of the time that it covers.
//!
//! A row of cells takes the summary of each chunk that lies in one cell and unpacks only those that an edge cuts, so that any
//! zoom costs about the same.

use super::packed_slices::PackedSlices;
use super::paint::TimeBreakdown;
use super::spans::Spans;
use super::wait_state::WaitState;
use crate::record::{Nanos, TaskId};

/// Slices in a full chunk: enough that its summary weighs little, and few enough that one is soon unpacked. The tests' runs are
/// short, and are to fill many.
pub(super) const FULL: usize = if cfg!(test) { 4 } else { 32 };

/// A whole run. It ends where the next begins.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// What precedes its first slice.
    pub before: WaitState,
    /// All the time that it covers.
    pub mix: TimeBreakdown,
    bytes: Box<[u8]>,
}

impl Chunk {
    /// Of what a [`Packer`](super::packed_slices::Packer) has packed.
    pub fn new(before: WaitState, bytes: Vec<u8>, task: TaskId, spans: &Spans) -> Chunk {
        let run = PackedSlices { before, bytes: &bytes };
        Chunk {
            before,
            mix: run.mix(task, spans),
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Its slices.
    #[inline]
    pub fn run(&self) -> PackedSlices<'_> {
        PackedSlices {
            before: self.before,
            bytes: &self.bytes,
        }
    }

    /// Those spans in which a slice of it was blocking: all or none.
    #[inline]
    pub fn spans<'a>(&self, spans: &'a Spans) -> &'a Spans {
        if self.mix.blocking > Nanos::ZERO {
            spans
        } else {
            Spans::NONE
        }
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }
}
