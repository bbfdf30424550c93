//! A task's slices in order of time, and the states that follow from them.
//!
//! ```text
//!   chunks: full, packed, with a summary     open chunk: packed, no summary yet
//!   ┌──────────┬──────────┬──────────┐       ┌ ─ ─ ─ ┐
//!   │ slices   │ slices   │ slices   │         slices   ◄── insert
//!   └──────────┴──────────┴──────────┘       └ ─ ─ ─ ┘
//! ```
//!
//! Slices mostly come in order and go to the end of the open chunk. A full open chunk becomes a
//! [`Chunk`]. A slice comes late if its thread was preempted between reading the clock and writing
//! the record; `late` puts it where it belongs.

mod late;

use super::byte_arena::{ByteArena, Chain};
use super::chunk::{Chunk, FULL};
use super::packed_slices::{PackedSlices, Packer};
use super::paint::Painter;
use super::spans::Spans;
use super::state::StateInterval;
use super::time_sums::TimeSums;
use super::wait_state::{PlacedSlice, WaitState};
use crate::record::{Nanos, RunInstant, TaskId};
use std::ops::Range;

/// The slices of a task that are kept, and its wait state after the last slice.
///
/// The youngest slices are in the open chunk, whose bytes are in the [`ByteArena`] until they fill
/// a chunk.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct TaskTrack {
    /// The wait state before the open chunk.
    open_before: WaitState,
    packer: Packer,
    /// The start of the last slice that was ever inserted.
    last_start: RunInstant,
    open: Chain,
    /// Slices in the open chunk.
    open_count: u8,
    /// Slices before those kept were evicted.
    evicted: bool,
    /// The longest wait in the open chunk.
    open_longest_wait: WaitBound,
    chunks: Vec<Chunk>,
}

/// An upper bound of the longest of some waits, in one byte: fewer than 2^n nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct WaitBound(u8);

impl WaitBound {
    #[inline]
    fn raise(&mut self, len: Nanos) {
        self.0 = self.0.max(64 - len.0.leading_zeros() as u8);
    }

    /// Whether one of the waits may have lasted for `len` or longer.
    fn may_reach(self, len: Nanos) -> bool {
        u64::from(self.0) > u64::from(len.0.max(1).ilog2())
    }
}

impl TaskTrack {
    pub(super) fn new(spawned_at: RunInstant) -> TaskTrack {
        let before = WaitState::spawned(spawned_at);
        TaskTrack {
            open_before: before,
            packer: Packer::new(before),
            last_start: RunInstant::ZERO,
            open: Chain::default(),
            open_count: 0,
            evicted: false,
            open_longest_wait: WaitBound::default(),
            chunks: Vec::new(),
        }
    }

    /// The wait state after the last slice.
    #[inline]
    pub(super) fn last_wait(&self) -> WaitState {
        self.packer.after
    }

    /// Loads what `insert` will change into the cache, see `Model::prefetch`.
    #[inline]
    pub(super) fn prefetch(&self, arena: &ByteArena) -> u8 {
        arena.prefetch(&self.open)
    }

    /// Whether no slice is kept.
    fn is_empty(&self) -> bool {
        self.open_count == 0 && self.chunks.is_empty()
    }

    /// The start of the last slice kept.
    #[inline]
    pub(super) fn last_start(&self) -> Option<RunInstant> {
        (!self.is_empty()).then_some(self.last_start)
    }

    /// Inserts a slice at its time and counts what it adds to `sums`. Returns how much of it is
    /// blocking.
    ///
    /// `None`: the slice is older than what was evicted. Its time has been counted as waiting
    /// already.
    #[inline]
    pub(super) fn insert(
        &mut self,
        placed: PlacedSlice,
        spans: &Spans,
        sums: &mut TimeSums<'_>,
        arena: &mut ByteArena,
    ) -> Option<Nanos> {
        let start = placed.slice.start;
        if start < self.last_wait().since || self.last_start().is_some_and(|last| start <= last) {
            return self.insert_late(placed, spans, sums, arena);
        }
        Some(self.push(&placed, spans, sums, arena))
    }

    /// Appends a slice that begins after the last one has ended. Returns how much of it is
    /// blocking.
    #[inline]
    fn push(&mut self, placed: &PlacedSlice, spans: &Spans, sums: &mut TimeSums<'_>, arena: &mut ByteArena) -> Nanos {
        let times = self.last_wait().slice_times(&placed.timing(), spans);
        sums.add_slice(&times);
        self.open_longest_wait.raise(times.unnoticed.max(times.queued));
        arena.append(&mut self.open, self.packer.pack(placed).bytes());
        self.last_start = placed.slice.start;
        self.open_count += 1;
        if usize::from(self.open_count) == FULL {
            self.seal(placed.slice.task, spans, arena);
        }
        times.blocking
    }

    /// Makes a chunk of the open chunk's slices.
    fn seal(&mut self, task: TaskId, spans: &Spans, arena: &mut ByteArena) {
        if self.chunks.len() == self.chunks.capacity() {
            // `Vec` would reserve at least four, but most tasks are short.
            self.chunks.reserve_exact((self.chunks.len() / 4).max(1));
        }
        self.chunks
            .push(Chunk::new(self.open_before, arena.read(&self.open), task, spans));
        self.open_after(self.last_wait(), arena);
    }

    /// Begins an empty open chunk after `before`.
    fn open_after(&mut self, before: WaitState, arena: &mut ByteArena) {
        arena.release(&mut self.open);
        self.open_count = 0;
        self.open_longest_wait = WaitBound::default();
        self.open_before = before;
        self.packer = Packer::new(before);
    }

    /// The slices of the open chunk, whose bytes are `bytes`.
    fn open_slices<'a>(&self, bytes: &'a [u8]) -> PackedSlices<'a> {
        PackedSlices {
            before: self.open_before,
            bytes,
        }
    }

    /// The thread slept in the OS during `from..to`. Calls `in_slice` with each slice that overlaps
    /// this span, and with the length of the overlap.
    pub(super) fn block(
        &mut self,
        task: TaskId,
        from: RunInstant,
        to: RunInstant,
        arena: &ByteArena,
        mut in_slice: impl FnMut(&PlacedSlice, Nanos),
    ) {
        let mut in_slices = |slices: PackedSlices<'_>| {
            let mut sum = Nanos::ZERO;
            for slice in slices.iter(task) {
                let amount = slice.timing.end.min(to) - slice.timing.start.max(from);
                if amount > Nanos::ZERO {
                    in_slice(&slice.placed(), amount);
                    sum += amount;
                }
            }
            sum
        };
        for index in self.within(from, to) {
            let amount = in_slices(self.chunks[index].slices());
            self.chunks[index].breakdown.block(amount);
        }
        if self.open_within(from, to) {
            in_slices(self.open_slices(&arena.read(&self.open)));
        }
    }

    /// Every interval of the chunks that touch `from..to`, in order, up to the end of the last
    /// slice.
    pub(super) fn intervals(
        &self,
        task: TaskId,
        from: RunInstant,
        to: RunInstant,
        spans: &Spans,
        arena: &ByteArena,
        mut each: impl FnMut(StateInterval),
    ) {
        for chunk in &self.chunks[self.within(from, to)] {
            chunk
                .slices()
                .intervals(task, (from, to), chunk.spans(spans), &mut each);
        }
        if self.open_within(from, to) {
            self.open_slices(&arena.read(&self.open))
                .intervals(task, (from, to), spans, &mut each);
        }
    }

    /// Like [`intervals`](TaskTrack::intervals), but only of the chunks that contain blocking, or a
    /// queued or unnoticed interval of at least `min_wait`. The summaries tell which; no other
    /// chunk is unpacked.
    pub(super) fn problems(
        &self,
        task: TaskId,
        (from, to, min_wait): (RunInstant, RunInstant, Nanos),
        spans: &Spans,
        arena: &ByteArena,
        mut each: impl FnMut(StateInterval),
    ) {
        for chunk in &self.chunks[self.within(from, to)] {
            if chunk.breakdown.blocking > Nanos::ZERO || chunk.breakdown.longest_wait() >= min_wait {
                chunk
                    .slices()
                    .intervals(task, (from, to), chunk.spans(spans), &mut each);
            }
        }
        let open_blocks = || spans.covered(self.open_before.since, self.last_wait().since) > Nanos::ZERO;
        if self.open_within(from, to) && (self.open_longest_wait.may_reach(min_wait) || open_blocks()) {
            self.open_slices(&arena.read(&self.open))
                .intervals(task, (from, to), spans, &mut each);
        }
    }

    /// The wait state at an instant between two of the slices kept; `None` within a slice.
    pub(super) fn wait_at(&self, task: TaskId, at: RunInstant, arena: &ByteArena) -> Option<WaitState> {
        let wait = |slices: PackedSlices<'_>| {
            let slice = slices.iter(task).find(|slice| at < slice.timing.end)?;
            (at < slice.timing.start).then_some(slice.before)
        };
        match self.chunks.get(self.within(at, at + Nanos(1)).start) {
            Some(chunk) => wait(chunk.slices()),
            None => wait(self.open_slices(&arena.read(&self.open))),
        }
    }

    /// Paints the time up to the end of the last slice.
    pub(super) fn paint(&self, task: TaskId, spans: &Spans, arena: &ByteArena, painter: &mut Painter) {
        let (from, to) = painter.bounds();
        for index in self.within(from, to) {
            let chunk = &self.chunks[index];
            if !painter.add_whole(chunk.before.since, self.chunk_end(index), &chunk.breakdown) {
                chunk.slices().paint(task, chunk.spans(spans), painter);
            }
        }
        if self.open_within(from, to) {
            self.open_slices(&arena.read(&self.open)).paint(task, spans, painter);
        }
    }

    /// The end of the time that a chunk covers.
    #[inline]
    fn chunk_end(&self, index: usize) -> RunInstant {
        self.chunks
            .get(index + 1)
            .map_or(self.open_before, |next| next.before)
            .since
    }

    /// The indices of the chunks that touch `from..to`.
    fn within(&self, from: RunInstant, to: RunInstant) -> Range<usize> {
        let last = self.chunks.partition_point(|chunk| chunk.before.since < to);
        let after = self.chunks.partition_point(|chunk| chunk.before.since <= from);
        // The chunk before `after` contains `from`, unless it is the last chunk and ends before
        // `from`.
        let first = after.saturating_sub(1);
        let first = if after > 0 && self.chunk_end(first) <= from {
            after
        } else {
            first
        };
        first..last.max(first)
    }

    /// Whether the open chunk touches `from..to`.
    fn open_within(&self, from: RunInstant, to: RunInstant) -> bool {
        self.open_count > 0 && self.open_before.since < to && self.last_wait().since > from
    }

    /// Evicts the chunks that end by `horizon`. Returns the start of the time that the chunks left
    /// cover.
    pub(super) fn evict(&mut self, horizon: RunInstant, arena: &mut ByteArena) -> RunInstant {
        let count = (0..self.chunks.len())
            .take_while(|&index| self.chunk_end(index) <= horizon)
            .count();
        self.evicted |= count > 0;
        self.chunks.drain(..count);
        if self.open_count > 0 && self.last_wait().since <= horizon {
            self.evicted = true;
            self.open_after(self.last_wait(), arena);
        }
        self.first_before().since
    }

    /// The wait state before the first slice kept.
    fn first_before(&self) -> WaitState {
        self.chunks.first().map_or(self.open_before, |chunk| chunk.before)
    }

    /// Gives the bytes of the open chunk back to the arena. To be called before the track is
    /// dropped.
    pub(super) fn release(&mut self, arena: &mut ByteArena) {
        arena.release(&mut self.open);
    }

    /// Bytes on the heap, without those in the arena.
    pub(super) fn heap_bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk>() + self.chunks.iter().map(Chunk::heap_bytes).sum::<usize>()
    }
}
