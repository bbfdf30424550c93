//! A lane's slices in order of time. The slices say which task held the lane.
//!
//! The slices are packed in chunks with summaries, like the slices of a [task](super::task_track).
//! A packed slice of a lane takes half as many bytes as a packed slice of a task. The track of the
//! task stores the other fields. Slices are only appended, because a lane writes its slices in the
//! order of their ends.

use super::pack::{self, Entry, Reader, unzigzag, zigzag};
use super::paint::{LaneBreakdown, LanePainter};
use super::spans::Spans;
use crate::record::{Nanos, RunInstant, Slice, TaskId};
use std::collections::VecDeque;

/// The number of slices in a full chunk. Chunks of lanes are larger than chunks of tasks. There are
/// few lanes, so the time to unpack a chunk matters less.
const FULL: usize = if cfg!(test) { 4 } else { 64 };

/// The number of bytes that is enough for nearly every packed slice.
const USUAL_BYTES: usize = 8;

/// The maximum number of chunks in which [`LaneTrack::long_slices`] looks for long slices.
const MAX_CHUNKS: usize = 4096;
/// The maximum number of slices that [`LaneTrack::long_slices`] returns.
const MAX_LONG: usize = 512;

/// The fields of a slice that the lane keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct LaneSlice {
    pub start: RunInstant,
    pub end: RunInstant,
    pub task: TaskId,
}

#[derive(Clone, Debug)]
pub(super) struct LaneChunk {
    /// The end of the slice before the first slice of the chunk.
    before: RunInstant,
    /// The start of the first slice.
    start: RunInstant,
    /// The end of the last slice.
    pub end: RunInstant,
    pub count: usize,
    breakdown: LaneBreakdown,
    bytes: Vec<u8>,
    /// The task id of the last slice; 0 while the chunk is empty.
    task: u32,
}

impl LaneChunk {
    fn new(before: RunInstant) -> LaneChunk {
        LaneChunk {
            before,
            start: RunInstant::MAX,
            end: before,
            count: 0,
            breakdown: LaneBreakdown::default(),
            bytes: Vec::with_capacity(FULL * USUAL_BYTES),
            task: 0,
        }
    }

    /// Packs a slice. The header has 3 bits for the width of the gap, 3 bits for the width of the
    /// length, and 2 bits for the width of the distance, minus one. The distance is the [`zigzag`]
    /// of the difference between the slice's task id and the previous slice's task id.
    fn push(&mut self, slice: LaneSlice) {
        let gap = (slice.start - self.end).0.min(pack::MAX);
        let len = (slice.end - slice.start).0.min(pack::MAX);
        let distance = u64::from(zigzag(slice.task.get().wrapping_sub(self.task)));
        let widths = [pack::width(gap), pack::width(len), pack::width(distance).max(1)];
        let mut entry = Entry::after_header(1);
        entry.put(gap, widths[0]);
        entry.put(len, widths[1]);
        entry.put(distance, widths[2]);
        let header = widths[0] | widths[1] << 3 | (widths[2] - 1) << 6;
        pack::append(&mut self.bytes, entry.headed(&[header as u8]).bytes());
        self.task = slice.task.get();
        self.start = self.start.min(slice.start);
        self.end = slice.end;
        self.count += 1;
        self.breakdown
            .add(slice.task, slice.end - slice.start, slice.end - slice.start);
        if self.count == FULL {
            self.bytes.shrink_to_fit();
        }
    }

    fn slices(&self) -> LaneSlices<'_> {
        LaneSlices {
            reader: Reader::new(&self.bytes),
            end: self.before,
            task: 0,
        }
    }
}

#[derive(Clone, Debug)]
struct LaneSlices<'a> {
    reader: Reader<'a>,
    end: RunInstant,
    task: u32,
}

impl Iterator for LaneSlices<'_> {
    type Item = LaneSlice;

    #[inline]
    fn next(&mut self) -> Option<LaneSlice> {
        if self.reader.is_done() {
            return None;
        }
        let header = self.reader.take(1) as u32;
        let gap = Nanos(self.reader.take(header & 7));
        let len = Nanos(self.reader.take(header >> 3 & 7));
        let distance = self.reader.take((header >> 6) + 1) as u32;
        self.task = self.task.wrapping_add(unzigzag(distance));
        let start = self.end + gap;
        self.end = start + len;
        let task = TaskId::new(self.task)?;
        Some(LaneSlice {
            start,
            end: self.end,
            task,
        })
    }
}

/// The slices of a lane that are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct LaneTrack {
    chunks: VecDeque<LaneChunk>,
    end: RunInstant,
}

impl LaneTrack {
    /// Appends the next slice. If the next slice overlaps the previous slice, only the part after
    /// the previous slice is kept.
    pub(super) fn push(&mut self, slice: &Slice) {
        let start = slice.start.max(self.end);
        let end = (slice.start + slice.len.get()).max(start);
        if self.chunks.back().is_none_or(|chunk| chunk.count >= FULL) {
            if self.chunks.len() == self.chunks.capacity() {
                // If the capacity doubled, most of the added capacity would stay unused.
                self.chunks.reserve_exact((self.chunks.len() / 8).max(4));
            }
            self.chunks.push_back(LaneChunk::new(self.end));
        }
        let chunk = self.chunks.back_mut().expect("a chunk was pushed if there was none");
        chunk.push(LaneSlice {
            start,
            end,
            task: slice.task,
        });
        self.end = end;
    }

    /// Marks `amount` of a slice's time as blocking.
    pub(super) fn block(&mut self, slice: &Slice, amount: Nanos) {
        let at = self.chunks.partition_point(|chunk| chunk.end <= slice.start);
        if let Some(chunk) = self.chunks.get_mut(at) {
            chunk.breakdown.block(slice.task, slice.len.get(), amount);
        }
    }

    /// The slices that touch `from..to`, in order.
    pub(super) fn within(&self, from: RunInstant, to: RunInstant) -> impl Iterator<Item = LaneSlice> {
        self.chunks_within(from, to)
            .flat_map(|chunk| chunk.slices())
            .filter(move |slice| slice.end > from && slice.start < to)
    }

    /// The slices of at least `min` that touch `from..to`, in order. `None` if the time contains so
    /// many slices that no single slice explains much.
    pub(super) fn long_slices(&self, from: RunInstant, to: RunInstant, min: Nanos) -> Option<Vec<LaneSlice>> {
        let first = self.chunks.partition_point(|chunk| chunk.end <= from);
        let last = self.chunks.partition_point(|chunk| chunk.start < to).max(first);
        let long = |slice: &LaneSlice| slice.end - slice.start >= min && slice.end > from && slice.start < to;
        let mut slices = Vec::new();
        for chunk in self.chunks.range(first..last) {
            if chunk.breakdown.longest() >= min {
                slices.extend(chunk.slices().filter(long));
            }
            if slices.len() > MAX_LONG {
                return None;
            }
        }
        (last - first <= MAX_CHUNKS).then_some(slices)
    }

    /// The time within `from..to` in which a task held the lane.
    pub(super) fn busy(&self, from: RunInstant, to: RunInstant) -> Nanos {
        let mut busy = Nanos::ZERO;
        for chunk in self.chunks_within(from, to) {
            if from <= chunk.start && chunk.end <= to {
                busy += chunk.breakdown.busy;
            } else {
                busy += chunk
                    .slices()
                    .map(|slice| slice.end.min(to) - slice.start.max(from))
                    .sum::<Nanos>();
            }
        }
        busy
    }

    /// Paints the slices. `blocking` returns the spans in which the thread of a task slept.
    pub(super) fn paint<'a>(&self, painter: &mut LanePainter, blocking: impl Fn(TaskId) -> Option<&'a Spans>) {
        let (from, to) = painter.bounds();
        for chunk in self.chunks_within(from, to) {
            if painter.add_whole(chunk.start, chunk.end, &chunk.breakdown) {
                continue;
            }
            let blocked = chunk.breakdown.is_blocked();
            for LaneSlice { start, end, task } in chunk.slices() {
                let spans = if blocked { blocking(task) } else { None };
                painter.slice(
                    task,
                    start,
                    end,
                    spans.into_iter().flat_map(|spans| spans.within(start, end)),
                );
            }
        }
    }

    fn chunks_within(&self, from: RunInstant, to: RunInstant) -> impl Iterator<Item = &LaneChunk> {
        let first = self.chunks.partition_point(|chunk| chunk.end <= from);
        self.chunks.range(first..).take_while(move |chunk| chunk.start < to)
    }

    /// The chunks, oldest first.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &LaneChunk> {
        self.chunks.iter()
    }

    /// The end of the last slice.
    pub(super) fn end(&self) -> RunInstant {
        self.end
    }

    /// Evicts the chunks that end at `horizon` or earlier. Returns the number of evicted slices.
    pub(super) fn evict(&mut self, horizon: RunInstant) -> usize {
        let count = self.chunks.partition_point(|chunk| chunk.end <= horizon);
        self.chunks.drain(..count).map(|chunk| chunk.count).sum()
    }

    /// The number of bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let packed: usize = self.chunks.iter().map(|chunk| chunk.bytes.capacity()).sum();
        self.chunks.capacity() * size_of::<LaneChunk>() + packed
    }
}
