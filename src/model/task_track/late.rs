//! Handles late records. A late slice belongs before slices that have already arrived. A late spawn
//! is earlier than the instant that the model has used as the spawn.
//!
//! The affected chunk is unpacked, changed and packed again. The times of the old chunk are
//! subtracted from `sums`, and the times of the new chunk are added.

use super::super::state::State;
use super::*;

/// The slices of a chunk, unpacked.
struct Unpacked {
    before: WaitState,
    slices: Vec<PlacedSlice>,
}

impl TaskTrack {
    /// Moves the spawn of the task from `old` to the earlier instant `new`.
    pub(crate) fn move_spawn_back(
        &mut self,
        task: TaskId,
        old: RunInstant,
        new: RunInstant,
        division: Division<'_>,
        sums: &mut TimeSums<'_>,
        arena: &mut ByteArena,
    ) {
        // If slices were evicted, or if there are exact sums, packing the first chunk again does
        // not add the time from `new` to `old` to the sums.
        if self.evicted || self.counted_from().since > RunInstant::ZERO {
            sums.add(State::Queued, old - new);
        }
        if !self.evicted {
            let mut first = self.unpack(task, 0, arena);
            first.before = WaitState::spawned(new);
            self.repack(task, 0, first, division, sums, arena);
        }
    }

    #[cold]
    pub(super) fn insert_late(
        &mut self,
        mut placed: PlacedSlice,
        division: Division<'_>,
        sums: &mut TimeSums<'_>,
        arena: &mut ByteArena,
    ) -> Option<Nanos> {
        let (task, start) = (placed.slice.task, placed.slice.start);
        if self.evicted && start < self.first_before().since {
            return None;
        }
        let first_start = |index| {
            let slices = self.unpack(task, index, arena).slices;
            slices.first().map(|placed| placed.slice.start)
        };
        let open = self.chunks.len();
        let chunk = match first_start(open) {
            Some(first) if first <= start => open,
            _ => self
                .chunks
                .partition_point(|chunk| chunk.slices().start().is_some_and(|first| first <= start))
                .saturating_sub(1),
        };
        if chunk < open
            && let Some(next) = first_start(chunk + 1)
        {
            placed.truncate_at(next);
        }
        let mut unpacked = self.unpack(task, chunk, arena);
        let index = unpacked
            .slices
            .partition_point(|other| other.sort_key() <= placed.sort_key());
        if let Some(next) = unpacked.slices.get(index) {
            placed.truncate_at(next.slice.start);
        }
        if let Some(before) = unpacked.slices[..index].last_mut() {
            before.truncate_at(start);
        }
        unpacked.slices.insert(index, placed);
        self.last_start = self.last_start.max(start);
        self.repack(task, chunk, unpacked, division, sums, arena);
        Some(division.asleep.covered(start, placed.end()))
    }

    /// The slices of the chunk at `index`. If `index` is the number of full chunks, the slices of
    /// the open chunk.
    fn unpack(&self, task: TaskId, index: usize, arena: &ByteArena) -> Unpacked {
        let unpack = |slices: PackedSlices<'_>| Unpacked {
            before: slices.before,
            slices: slices.iter(task).map(|slice| slice.placed()).collect(),
        };
        match self.chunks.get(index) {
            Some(chunk) => unpack(chunk.slices()),
            None => unpack(self.open_slices(&arena.read(&self.open))),
        }
    }

    /// Replaces the chunk at `index`. If the wait state after the chunk changes, also packs the
    /// next chunk again.
    fn repack(
        &mut self,
        task: TaskId,
        index: usize,
        new: Unpacked,
        division: Division<'_>,
        sums: &mut TimeSums<'_>,
        arena: &mut ByteArena,
    ) {
        let from = self.counted_from();
        let Some(chunk) = self.chunks.get(index) else {
            sums.subtract_all(self.open_slices(&arena.read(&self.open)).times(task, division, from));
            self.open_after(new.before, arena);
            for placed in &new.slices {
                self.push(placed, division, sums, arena);
            }
            return;
        };
        sums.subtract_all(chunk.slices().times(task, chunk.division(division), from));
        let parts = if new.slices.len() > FULL { 2 } else { 1 };
        let mut packer = Packer::new(new.before);
        let mut chunks = Vec::with_capacity(parts);
        for slices in new.slices.chunks(new.slices.len().div_ceil(parts)) {
            packer = Packer::new(packer.after);
            let before = packer.after;
            let bytes = slices
                .iter()
                .flat_map(|placed| packer.pack(placed).bytes().to_vec())
                .collect();
            let chunk = Chunk::new(before, bytes, task, division);
            sums.add_all(chunk.slices().times(task, division, from));
            chunks.push(chunk);
        }
        self.chunks.splice(index..=index, chunks);
        let mut next = self.unpack(task, index + parts, arena);
        if next.before != packer.after {
            next.before = packer.after;
            self.repack(task, index + parts, next, division, sums, arena);
        }
    }
}
