//! A task's slices in order of time, and the states that follow from them.
//!
//! Slices mostly come in order and go to the end of the open run, which becomes a [`Chunk`] when it is full. A late one,
//! whose thread was preempted between reading the clock and writing, takes its place among the others: its run is
//! unpacked and packed again.

use super::byte_arena::{ByteArena, Chain};
use super::chunk::{Chunk, FULL};
use super::packed_slices::{PackedSlices, Packer};
use super::paint::Painter;
use super::spans::Spans;
use super::state::{State, Stretch};
use super::sums::Sums;
use super::wait_state::{PlacedSlice, WaitState};
use crate::record::{Nanos, TaskId};
use std::ops::Range;

/// A run of slices, unpacked.
struct Unpacked {
    before: WaitState,
    slices: Vec<PlacedSlice>,
}

/// The slices of a task that are still held, and what it does after the last.
///
/// All but the youngest are in chunks. Those are the open run: they stand in [`ByteArena`] until they fill a chunk.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Track {
    /// What precedes the open run.
    before: WaitState,
    packer: Packer,
    /// The start of the last slice that was ever held.
    last_start: Nanos,
    open: Chain,
    /// Slices in the open run.
    count: u8,
    /// Slices before those held are forgotten.
    forgotten: bool,
    /// In the open run.
    waited: Longest,
    chunks: Vec<Chunk>,
}

/// A bound of how long the longest of some waits was: fewer nanoseconds than 2 to this power.
#[derive(Clone, Copy, Debug, Default)]
struct Longest(u8);

impl Longest {
    #[inline]
    fn count(&mut self, len: Nanos) {
        self.0 = self.0.max(64 - len.0.leading_zeros() as u8);
    }

    /// Whether one may have lasted that long.
    fn reaches(self, len: Nanos) -> bool {
        u64::from(self.0) > u64::from(len.0.max(1).ilog2())
    }
}

impl Track {
    pub fn new(born: Nanos) -> Track {
        let before = WaitState::fresh(born);
        Track {
            before,
            packer: Packer::new(before),
            last_start: Nanos::ZERO,
            open: Chain::default(),
            count: 0,
            forgotten: false,
            waited: Longest::default(),
            chunks: Vec::new(),
        }
    }

    /// What it does after its last slice.
    #[inline]
    pub fn rest(&self) -> WaitState {
        self.packer.after
    }

    /// Reads what `insert` will change, see `apply`.
    #[inline]
    pub fn warm(&self, blocks: &ByteArena) -> u8 {
        blocks.warm(&self.open)
    }

    /// Whether no slice is held.
    fn is_empty(&self) -> bool {
        self.count == 0 && self.chunks.is_empty()
    }

    /// The start of the last slice held.
    #[inline]
    pub fn last_start(&self) -> Option<Nanos> {
        (!self.is_empty()).then_some(self.last_start)
    }

    /// The task turns out to be older than `was`: it was spawned at `born`.
    pub fn rebase(
        &mut self,
        task: TaskId,
        was: Nanos,
        born: Nanos,
        spans: &Spans,
        sums: &mut Sums,
        blocks: &mut ByteArena,
    ) {
        if self.forgotten {
            sums.add(State::Queued, was - born);
        } else {
            let mut first = self.unpack(task, 0, blocks);
            first.before = WaitState::fresh(born);
            self.repack(task, 0, first, spans, sums, blocks);
        }
    }

    /// Takes in a slice, wherever its time is, and counts what it adds. How much of it is blocking; `None`: it is older
    /// than what is forgotten, and its time has been counted as waiting.
    #[inline]
    pub fn insert(
        &mut self,
        held: PlacedSlice,
        spans: &Spans,
        sums: &mut Sums,
        blocks: &mut ByteArena,
    ) -> Option<Nanos> {
        let start = held.slice.start;
        if start < self.rest().since || self.last_start().is_some_and(|last| start <= last) {
            return self.insert_late(held, spans, sums, blocks);
        }
        Some(self.push(&held, spans, sums, blocks))
    }

    /// Adds a slice that begins after the last one has ended. How much of it is blocking.
    #[inline]
    fn push(&mut self, held: &PlacedSlice, spans: &Spans, sums: &mut Sums, blocks: &mut ByteArena) -> Nanos {
        let spent = self.rest().spent(&held.timing(), spans);
        sums.spend(&spent);
        self.waited.count(spent.unnoticed.max(spent.queued));
        blocks.append(&mut self.open, self.packer.pack(held).bytes());
        self.last_start = held.slice.start;
        self.count += 1;
        if usize::from(self.count) == FULL {
            self.seal(held.slice.task, spans, blocks);
        }
        spent.blocking
    }

    /// Makes a chunk of the open run.
    fn seal(&mut self, task: TaskId, spans: &Spans, blocks: &mut ByteArena) {
        if self.chunks.len() == self.chunks.capacity() {
            // Not the four at least of `Vec`: most tasks are short.
            self.chunks.reserve_exact((self.chunks.len() / 4).max(1));
        }
        self.chunks
            .push(Chunk::new(self.before, blocks.gather(&self.open), task, spans));
        self.open_after(self.rest(), blocks);
    }

    /// Begins an empty open run after `before`.
    fn open_after(&mut self, before: WaitState, blocks: &mut ByteArena) {
        blocks.free(&mut self.open);
        self.count = 0;
        self.waited = Longest::default();
        self.before = before;
        self.packer = Packer::new(before);
    }

    #[cold]
    fn insert_late(
        &mut self,
        mut held: PlacedSlice,
        spans: &Spans,
        sums: &mut Sums,
        blocks: &mut ByteArena,
    ) -> Option<Nanos> {
        let (task, start) = (held.slice.task, held.slice.start);
        if self.forgotten && start < self.chunks.first().map_or(self.before, |chunk| chunk.before).since {
            return None;
        }
        let begins = |place| {
            self.unpack(task, place, blocks)
                .slices
                .first()
                .map(|held| held.slice.start)
        };
        let open = self.chunks.len();
        let at = match begins(open) {
            Some(first) if first <= start => open,
            _ => self
                .chunks
                .partition_point(|chunk| chunk.run().start().is_some_and(|first| first <= start))
                .saturating_sub(1),
        };
        if at < open
            && let Some(next) = begins(at + 1)
        {
            held.end_by(next);
        }
        let mut run = self.unpack(task, at, blocks);
        let place = run.slices.partition_point(|other| other.order() <= held.order());
        if let Some(next) = run.slices.get(place) {
            held.end_by(next.slice.start);
        }
        if let Some(before) = run.slices[..place].last_mut() {
            before.end_by(start);
        }
        run.slices.insert(place, held);
        self.last_start = self.last_start.max(start);
        self.repack(task, at, run, spans, sums, blocks);
        Some(spans.covered(start, held.end()))
    }

    /// A chunk's slices; after the last chunk, those of the open run.
    fn unpack(&self, task: TaskId, place: usize, blocks: &ByteArena) -> Unpacked {
        let unpack = |run: PackedSlices| Unpacked {
            before: run.before,
            slices: run.slices(task).map(|slice| slice.held()).collect(),
        };
        match self.chunks.get(place) {
            Some(chunk) => unpack(chunk.run()),
            None => unpack(self.open_run(&blocks.gather(&self.open))),
        }
    }

    /// The open run, of which these are the bytes.
    fn open_run<'a>(&self, bytes: &'a [u8]) -> PackedSlices<'a> {
        PackedSlices {
            before: self.before,
            bytes,
        }
    }

    /// Puts a run in the place of another. What comes after it is told.
    fn repack(
        &mut self,
        task: TaskId,
        place: usize,
        run: Unpacked,
        spans: &Spans,
        sums: &mut Sums,
        blocks: &mut ByteArena,
    ) {
        let Some(chunk) = self.chunks.get(place) else {
            sums.take(self.open_run(&blocks.gather(&self.open)).times(task, spans));
            self.open_after(run.before, blocks);
            for held in &run.slices {
                self.push(held, spans, sums, blocks);
            }
            return;
        };
        sums.take(chunk.run().times(task, chunk.spans(spans)));
        let parts = if run.slices.len() > FULL { 2 } else { 1 };
        let mut packer = Packer::new(run.before);
        let mut chunks = Vec::with_capacity(parts);
        for slices in run.slices.chunks(run.slices.len().div_ceil(parts)) {
            packer = Packer::new(packer.after);
            let before = packer.after;
            let bytes = slices
                .iter()
                .flat_map(|held| packer.pack(held).bytes().to_vec())
                .collect();
            let chunk = Chunk::new(before, bytes, task, spans);
            sums.put(chunk.run().times(task, spans));
            chunks.push(chunk);
        }
        self.chunks.splice(place..=place, chunks);
        let mut next = self.unpack(task, place + parts, blocks);
        if next.before != packer.after {
            next.before = packer.after;
            self.repack(task, place + parts, next, spans, sums, blocks);
        }
    }

    /// A span in which the thread slept: the slices that it lies in, each with how much of it.
    pub fn block(
        &mut self,
        task: TaskId,
        from: Nanos,
        to: Nanos,
        blocks: &ByteArena,
        mut in_slice: impl FnMut(&PlacedSlice, Nanos),
    ) {
        let mut in_run = |run: PackedSlices| {
            let mut all = Nanos::ZERO;
            for slice in run.slices(task) {
                let amount = slice.timing.end.min(to) - slice.timing.start.max(from);
                if amount > Nanos::ZERO {
                    in_slice(&slice.held(), amount);
                    all += amount;
                }
            }
            all
        };
        for place in self.within(from, to) {
            let amount = in_run(self.chunks[place].run());
            self.chunks[place].mix.block(amount);
        }
        if self.open_within(from, to) {
            in_run(self.open_run(&blocks.gather(&self.open)));
        }
    }

    /// Every stretch of the runs that touch `from..to`, in order; up to the last slice's end.
    pub fn stretches(
        &self,
        task: TaskId,
        from: Nanos,
        to: Nanos,
        spans: &Spans,
        blocks: &ByteArena,
        mut each: impl FnMut(Stretch),
    ) {
        for chunk in &self.chunks[self.within(from, to)] {
            chunk.run().stretches(task, (from, to), chunk.spans(spans), &mut each);
        }
        if self.open_within(from, to) {
            self.open_run(&blocks.gather(&self.open))
                .stretches(task, (from, to), spans, &mut each);
        }
    }

    /// The same of the runs in which anything is blocking, or something waits for a lane or for somebody to notice for as long
    /// as `worth`. No other is looked into.
    pub fn troubles(
        &self,
        task: TaskId,
        (from, to, worth): (Nanos, Nanos, Nanos),
        spans: &Spans,
        blocks: &ByteArena,
        mut each: impl FnMut(Stretch),
    ) {
        for chunk in &self.chunks[self.within(from, to)] {
            if chunk.mix.blocking > Nanos::ZERO || chunk.mix.longest_wait() >= worth {
                chunk.run().stretches(task, (from, to), chunk.spans(spans), &mut each);
            }
        }
        let blocks_in_it = || spans.covered(self.before.since, self.rest().since) > Nanos::ZERO;
        if self.open_within(from, to) && (self.waited.reaches(worth) || blocks_in_it()) {
            self.open_run(&blocks.gather(&self.open))
                .stretches(task, (from, to), spans, &mut each);
        }
    }

    /// What it rested on at an instant between two of the slices held.
    pub fn rest_at(&self, task: TaskId, at: Nanos, blocks: &ByteArena) -> Option<WaitState> {
        let rest = |run: PackedSlices| {
            let slice = run.slices(task).find(|slice| at < slice.timing.end)?;
            (at < slice.timing.start).then_some(slice.before)
        };
        match self.chunks.get(self.within(at, at + Nanos(1)).start) {
            Some(chunk) => rest(chunk.run()),
            None => rest(self.open_run(&blocks.gather(&self.open))),
        }
    }

    /// Paints the time up to the last slice's end.
    pub fn paint(&self, task: TaskId, spans: &Spans, blocks: &ByteArena, painter: &mut Painter) {
        let (from, to) = painter.bounds();
        for place in self.within(from, to) {
            let chunk = &self.chunks[place];
            if !painter.mix(chunk.before.since, self.until(place), &chunk.mix) {
                chunk.run().paint(task, chunk.spans(spans), painter);
            }
        }
        if self.open_within(from, to) {
            self.open_run(&blocks.gather(&self.open)).paint(task, spans, painter);
        }
    }

    /// Where the time ends that a chunk covers.
    #[inline]
    fn until(&self, place: usize) -> Nanos {
        self.chunks.get(place + 1).map_or(self.before, |next| next.before).since
    }

    /// The chunks that touch `from..to`.
    fn within(&self, from: Nanos, to: Nanos) -> Range<usize> {
        let last = self.chunks.partition_point(|chunk| chunk.before.since < to);
        let after = self.chunks.partition_point(|chunk| chunk.before.since <= from);
        // The one before those that begin later ends later, too; if it is the last of all, perhaps not.
        let first = after.saturating_sub(1);
        let first = if after > 0 && self.until(first) <= from {
            after
        } else {
            first
        };
        first..last.max(first)
    }

    /// Whether the open run touches `from..to`.
    fn open_within(&self, from: Nanos, to: Nanos) -> bool {
        self.count > 0 && self.before.since < to && self.rest().since > from
    }

    /// Forgets the runs that end by `horizon`. Since when those cover that are left.
    pub fn evict(&mut self, horizon: Nanos, blocks: &mut ByteArena) -> Nanos {
        let gone = (0..self.chunks.len())
            .take_while(|&place| self.until(place) <= horizon)
            .count();
        self.forgotten |= gone > 0;
        self.chunks.drain(..gone);
        if self.count > 0 && self.rest().since <= horizon {
            self.forgotten = true;
            self.open_after(self.rest(), blocks);
        }
        self.chunks.first().map_or(self.before, |chunk| chunk.before).since
    }

    /// Hands back what is not its own, before it goes itself.
    pub fn free(&mut self, blocks: &mut ByteArena) {
        blocks.free(&mut self.open);
    }

    /// Bytes on the heap, but for the blocks.
    pub fn bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk>() + self.chunks.iter().map(Chunk::bytes).sum::<usize>()
    }
}
