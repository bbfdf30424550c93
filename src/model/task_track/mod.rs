//! A task's slices in order of time, and the states that follow from them.
//!
//! ```text
//!   chunks: full, packed, with a summary     open chunk: packed, no summary yet
//!   ┌──────────┬──────────┬──────────┐       ┌ ─ ─ ─ ┐
//!   │ slices   │ slices   │ slices   │         slices   ◄── insert
//!   └──────────┴──────────┴──────────┘       └ ─ ─ ─ ┘
//! ```
//!
//! Most slices arrive in order and are appended to the open chunk. When the open chunk is full, it
//! becomes a [`Chunk`]. A slice arrives late if its thread was preempted between reading the clock
//! and writing the record. The module `late` inserts late slices in the right place. If records
//! were lost, the module `exact` replaces their times with the sums that the task's threads added
//! up.

mod exact;
mod late;

use super::byte_arena::{ByteArena, Chain};
use super::chunk::{Chunk, FULL};
use super::packed_slices::{PackedSlices, Packer};
use super::paint::Painter;
use super::spans::Spans;
use super::state::{SliceTimes, StateInterval};
use super::time_sums::TimeSums;
use super::wait_state::{Division, PlacedSlice, WaitState};
use crate::record::{Nanos, RunInstant, TaskId};
use exact::Exact;
use std::ops::Range;

/// The kept slices of a task, and its wait state after the last slice.
///
/// The newest slices are in the open chunk. The bytes of the open chunk are in the [`ByteArena`].
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct TaskTrack {
    /// The wait state before the open chunk.
    open_before: WaitState,
    packer: Packer,
    /// The latest start of any inserted slice, including evicted slices.
    last_start: RunInstant,
    open: Chain,
    /// The number of slices in the open chunk.
    open_count: u8,
    /// Whether any slices of the task were evicted.
    evicted: bool,
    /// An upper bound for the longest wait in the open chunk.
    open_longest_wait: WaitBound,
    /// Whether the open chunk contains a slice that is long enough to be hogging.
    open_hogs: bool,
    chunks: Vec<Chunk>,
    /// `None` if no record of the task was lost, and the kernel has not seen the task's thread
    /// asleep outside of a blocking step.
    exact: Option<Box<Exact>>,
}

/// An upper bound for the durations of some waits, in one byte. For the value n, every wait is
/// shorter than 2^n nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct WaitBound(u8);

impl WaitBound {
    #[inline]
    fn raise(&mut self, len: Nanos) {
        self.0 = self.0.max(64 - len.0.leading_zeros() as u8);
    }

    /// Whether one of the waits may have taken `len` or longer.
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
            open_hogs: false,
            chunks: Vec::new(),
            exact: None,
        }
    }

    /// The wait state after the last slice of the track.
    #[inline]
    pub(super) fn last_wait(&self) -> WaitState {
        self.packer.after
    }

    /// Loads the bytes that `insert` changes into the cache, see `Model::prefetch`. Ignore the
    /// result.
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

    /// Inserts a slice in order of time and adds its times to `sums`. Returns the blocking time
    /// within the slice.
    ///
    /// Returns `None` if the slice belongs before slices that were evicted. The time of such a
    /// slice is already counted as waiting.
    #[inline]
    pub(super) fn insert(
        &mut self,
        placed: PlacedSlice,
        division: Division<'_>,
        sums: &mut TimeSums<'_>,
        arena: &mut ByteArena,
    ) -> Option<Nanos> {
        let start = placed.slice.start;
        if start < self.last_wait().since || self.last_start().is_some_and(|last| start <= last) {
            return self.insert_late(placed, division, sums, arena);
        }
        Some(self.push(&placed, division, sums, arena))
    }

    /// Appends a slice that begins at the end of the last slice or later. Returns the blocking time
    /// within the slice.
    #[inline]
    fn push(
        &mut self,
        placed: &PlacedSlice,
        division: Division<'_>,
        sums: &mut TimeSums<'_>,
        arena: &mut ByteArena,
    ) -> Nanos {
        let times = self.last_wait().slice_times(&placed.timing(), division);
        match &self.exact {
            Some(exact) if exact.wait.since > self.last_wait().since => {
                sums.add_slice(&self.counted_times(placed, division));
            }
            _ => sums.add_slice(&times),
        }
        self.open_longest_wait.raise(times.unnoticed.max(times.queued));
        self.open_hogs |= times.is_long;
        arena.append(&mut self.open, self.packer.pack(placed).bytes());
        self.last_start = placed.slice.start;
        self.open_count += 1;
        if usize::from(self.open_count) == FULL {
            self.seal(placed.slice.task, division, arena);
        }
        times.asleep
    }

    /// Turns the open chunk into a full chunk.
    fn seal(&mut self, task: TaskId, division: Division<'_>, arena: &mut ByteArena) {
        if self.chunks.len() == self.chunks.capacity() {
            // `Vec` would reserve space for at least four chunks, but most tasks are short.
            self.chunks.reserve_exact((self.chunks.len() / 4).max(1));
        }
        self.chunks
            .push(Chunk::new(self.open_before, arena.read(&self.open), task, division));
        self.open_after(self.last_wait(), arena);
    }

    /// Begins an empty open chunk. `before` is the wait state before its first slice.
    fn open_after(&mut self, before: WaitState, arena: &mut ByteArena) {
        arena.release(&mut self.open);
        self.open_count = 0;
        self.open_longest_wait = WaitBound::default();
        self.open_hogs = false;
        self.open_before = before;
        self.packer = Packer::new(before);
    }

    /// The slices of the open chunk. `bytes` are the bytes of the open chunk, read from the arena.
    fn open_slices<'a>(&self, bytes: &'a [u8]) -> PackedSlices<'a> {
        PackedSlices {
            before: self.open_before,
            bytes,
        }
    }

    /// Marks `from..to` as time in which the thread slept in the OS. Calls `in_slice` with each
    /// slice that overlaps this span, and with the duration of the overlap. `in_slice` returns
    /// whether the slice is long enough to be hogging.
    pub(super) fn block(
        &mut self,
        task: TaskId,
        from: RunInstant,
        to: RunInstant,
        arena: &ByteArena,
        mut in_slice: impl FnMut(&PlacedSlice, Nanos) -> bool,
    ) {
        let mut in_slices = |slices: PackedSlices<'_>| {
            let mut sums = [Nanos::ZERO; 2];
            for slice in slices.iter(task) {
                let amount = slice.timing.end.min(to) - slice.timing.start.max(from);
                if amount > Nanos::ZERO {
                    let is_long = in_slice(&slice.placed(), amount);
                    sums[usize::from(is_long)] += amount;
                }
            }
            sums
        };
        for index in self.within(from, to) {
            let [in_short, in_long] = in_slices(self.chunks[index].slices());
            let breakdown = &mut self.chunks[index].breakdown;
            breakdown.block(in_short, false);
            breakdown.block(in_long, true);
        }
        if self.open_within(from, to) {
            in_slices(self.open_slices(&arena.read(&self.open)));
        }
    }

    /// Calls `each` with the intervals that overlap `from..to`, in order, up to the end of the last
    /// slice. The calls may also include neighbouring intervals.
    pub(super) fn intervals(
        &self,
        task: TaskId,
        (from, to): (RunInstant, RunInstant),
        division: Division<'_>,
        arena: &ByteArena,
        mut each: impl FnMut(StateInterval),
    ) {
        for chunk in &self.chunks[self.within(from, to)] {
            chunk
                .slices()
                .intervals(task, (from, to), chunk.division(division), &mut each);
        }
        if self.open_within(from, to) {
            self.open_slices(&arena.read(&self.open))
                .intervals(task, (from, to), division, &mut each);
        }
    }

    /// Like [`intervals`](TaskTrack::intervals), but only for chunks that contain a problem:
    /// blocking or hogging time, or a queued or unnoticed interval of at least `min_wait`. The
    /// summaries show which chunks contain a problem. Other chunks are not unpacked.
    pub(super) fn problems(
        &self,
        task: TaskId,
        (from, to, min_wait): (RunInstant, RunInstant, Nanos),
        division: Division<'_>,
        arena: &ByteArena,
        mut each: impl FnMut(StateInterval),
    ) {
        for chunk in &self.chunks[self.within(from, to)] {
            if chunk.breakdown.has_problem(min_wait) {
                chunk
                    .slices()
                    .intervals(task, (from, to), chunk.division(division), &mut each);
            }
        }
        let open_blocks = || division.asleep.covered(self.open_before.since, self.last_wait().since) > Nanos::ZERO;
        let has_problem = || self.open_longest_wait.may_reach(min_wait) || self.open_hogs || open_blocks();
        if self.open_within(from, to) && has_problem() {
            self.open_slices(&arena.read(&self.open))
                .intervals(task, (from, to), division, &mut each);
        }
    }

    /// The wait state at the instant `at` before the end of the last slice; `None` if `at` is
    /// within a slice.
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
    pub(super) fn paint(&self, task: TaskId, division: Division<'_>, arena: &ByteArena, painter: &mut Painter) {
        let (from, to) = painter.bounds();
        for index in self.within(from, to) {
            let chunk = &self.chunks[index];
            if !painter.add_whole(chunk.before.since, self.chunk_end(index), &chunk.breakdown) {
                chunk.slices().paint(task, chunk.division(division), painter);
            }
        }
        if self.open_within(from, to) {
            self.open_slices(&arena.read(&self.open)).paint(task, division, painter);
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

    /// The indices of the chunks that overlap `from..to`.
    fn within(&self, from: RunInstant, to: RunInstant) -> Range<usize> {
        let last = self.chunks.partition_point(|chunk| chunk.before.since < to);
        let after = self.chunks.partition_point(|chunk| chunk.before.since <= from);
        // The chunk before the index `after` contains `from`, unless that chunk is the last chunk
        // and ends before `from`.
        let first = after.saturating_sub(1);
        let first = if after > 0 && self.chunk_end(first) <= from {
            after
        } else {
            first
        };
        first..last.max(first)
    }

    /// Whether the open chunk overlaps `from..to`.
    fn open_within(&self, from: RunInstant, to: RunInstant) -> bool {
        self.open_count > 0 && self.open_before.since < to && self.last_wait().since > from
    }

    /// Evicts the chunks that end at `horizon` or earlier. Returns the start of the time that the
    /// remaining chunks cover.
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
        if let Some(exact) = &mut self.exact {
            exact.evict(horizon);
        }
        self.first_before().since
    }

    /// The wait state before the first slice kept.
    fn first_before(&self) -> WaitState {
        self.chunks.first().map_or(self.open_before, |chunk| chunk.before)
    }

    /// Returns the bytes of the open chunk to the arena. Must be called before the track is
    /// dropped.
    pub(super) fn release(&mut self, arena: &mut ByteArena) {
        arena.release(&mut self.open);
    }

    /// The number of bytes on the heap. Bytes in the arena are not included.
    pub(super) fn heap_bytes(&self) -> usize {
        let exact = self.exact.as_ref().map_or(0, |exact| exact.heap_bytes());
        let chunks = self.chunks.iter().map(Chunk::heap_bytes).sum::<usize>();
        self.chunks.capacity() * size_of::<Chunk>() + chunks + exact
    }
}
