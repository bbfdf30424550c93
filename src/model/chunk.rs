//! Runs of up to [`FULL`] slices of one task, packed.
//!
//! A run covers the time from the end of the slice before its first to the end of its last, and knows what the task
//! rested on before it, so that its states follow from it alone. A [`Chunk`] is a whole run with a summary: a row of
//! cells takes the summary of each chunk that lies in one cell and unpacks only those that an edge cuts, so that any zoom
//! costs about the same.

use super::pack::{self, Entry, Reader};
use super::paint::{Mix, Painter};
use super::spans::Spans;
use super::state::{Stretch, Times};
use super::track::{Held, Rest, hold};
use crate::record::{Label, LaneId, Nanos, Reason, Short, Slice, TaskId};

/// Slices in a full chunk. The tests' runs are short, and are to fill many.
pub(super) const FULL: usize = if cfg!(test) { 4 } else { 64 };

/// A whole run. It ends where the next begins.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// What precedes its first slice.
    pub before: Rest,
    /// All the time that it covers.
    pub mix: Mix,
    bytes: Box<[u8]>,
}

impl Chunk {
    /// Of what a [`Packer`] has packed.
    pub fn new(before: Rest, bytes: Vec<u8>, task: TaskId, spans: &Spans) -> Chunk {
        let mut mix = Mix::default();
        let run = Run { before, bytes: &bytes };
        run.stretches(task, spans, &mut |stretch| mix.add(&stretch, stretch.len()));
        Chunk {
            before,
            mix,
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Its slices.
    #[inline]
    pub fn run(&self) -> Run<'_> {
        Run {
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

/// Packs slice after slice.
#[derive(Clone, Debug)]
pub(super) struct Packer {
    /// What follows the last slice.
    pub after: Rest,
    woken_by: Option<TaskId>,
    lane: LaneId,
}

impl Packer {
    /// For a run that follows `before`.
    pub fn new(before: Rest) -> Packer {
        Packer {
            after: before,
            lane: LaneId(0),
            woken_by: None,
        }
    }

    /// Header: four times 3 bits of width (gap, length, queued, unnoticed), then one bit each for another lane, another
    /// waker, another label or reason than those of the slice before.
    #[inline]
    pub fn pack(&mut self, held: &Held) -> Entry {
        let slice = &held.slice;
        let numbers = [
            slice.start - self.after.since,
            slice.len.get(),
            slice.queued.get(),
            slice.unnoticed.get(),
        ];
        let mut entry = Entry::after_header(2);
        let mut header = 0;
        for (place, n) in numbers.into_iter().enumerate() {
            let n = n.0.min(pack::MOST);
            let width = pack::width(n);
            header |= width << (3 * place);
            entry.put(n, width);
        }
        if held.lane != self.lane {
            header |= 1 << 12;
            entry.put(u64::from(held.lane.0), 2);
            self.lane = held.lane;
        }
        if slice.woken_by != self.woken_by {
            header |= 1 << 13;
            entry.put(slice.woken_by.map_or(0, |task| u64::from(task.get())), 4);
            self.woken_by = slice.woken_by;
        }
        if (slice.label, slice.suspended_on) != (self.after.label, self.after.reason) {
            header |= 1 << 14;
            entry.put(u64::from(slice.label.0) | u64::from(slice.suspended_on as u8) << 16, 3);
        }
        self.after = Rest::after(held);
        entry.headed(&(header as u16).to_le_bytes())
    }
}

/// A packed run, to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    /// What precedes its first slice.
    pub before: Rest,
    pub bytes: &'a [u8],
}

impl<'a> Run<'a> {
    /// Its slices in order, each with what precedes it.
    pub fn slices(self, task: TaskId) -> Slices<'a> {
        Slices {
            reader: Reader::new(self.bytes),
            before: self.before,
            task,
            lane: LaneId(0),
            woken_by: None,
        }
    }

    /// Where its first slice begins; `None`: it has none.
    pub fn start(self) -> Option<Nanos> {
        // Whose it is does not matter here.
        let (_, first) = self.slices(TaskId(std::num::NonZeroU32::MIN)).next()?;
        Some(first.slice.start)
    }

    /// Every stretch of it, in order.
    pub fn stretches(self, task: TaskId, spans: &Spans, each: &mut impl FnMut(Stretch)) {
        for (before, held) in self.slices(task) {
            told(before, &held, spans, each);
        }
    }

    /// Paints it slice by slice.
    pub fn paint(self, task: TaskId, spans: &Spans, painter: &mut Painter) {
        for (before, held) in self.slices(task) {
            match painter.only(before.since, held.end()) {
                Some(cell) => told(before, &held, spans, &mut |stretch| cell.add(&stretch, stretch.len())),
                None => told(before, &held, spans, &mut |stretch| painter.stretch(&stretch)),
            }
        }
    }

    /// The time that it covers, by state.
    pub fn times(self, task: TaskId, spans: &Spans) -> Times {
        let mut times = Times::default();
        self.stretches(task, spans, &mut |stretch| times.add(stretch.state, stretch.len()));
        times
    }
}

/// The stretches of a slice and of the gap before it; those that are not empty.
#[inline]
pub(super) fn told(before: Rest, held: &Held, spans: &Spans, each: &mut impl FnMut(Stretch)) {
    let (slice, end) = (&held.slice, held.end());
    for stretch in before.until(slice.start, slice.queued.get(), slice.unnoticed.get()) {
        if !stretch.is_empty() {
            each(stretch);
        }
    }
    hold(slice.start, end, spans.within(slice.start, end), each);
}

/// The slices of a run.
#[derive(Clone, Debug)]
pub(super) struct Slices<'a> {
    reader: Reader<'a>,
    before: Rest,
    task: TaskId,
    lane: LaneId,
    woken_by: Option<TaskId>,
}

impl Iterator for Slices<'_> {
    type Item = (Rest, Held);

    #[inline(always)]
    fn next(&mut self) -> Option<(Rest, Held)> {
        if self.reader.is_done() {
            return None;
        }
        let header = self.reader.take(2) as u32;
        let mut number = |place: u32| Nanos(self.reader.take(header >> (3 * place) & 7));
        let (gap, len, queued, unnoticed) = (number(0), number(1), number(2), number(3));
        if header & 1 << 12 != 0 {
            self.lane = LaneId(self.reader.take(2) as u16);
        }
        if header & 1 << 13 != 0 {
            self.woken_by = TaskId::new(self.reader.take(4) as u32);
        }
        let (mut label, mut reason) = (self.before.label, self.before.reason);
        if header & 1 << 14 != 0 {
            let both = self.reader.take(3);
            label = Label(both as u16);
            reason = Reason::ALL[(both >> 16) as usize];
        }
        let slice = Slice {
            start: self.before.since + gap,
            task: self.task,
            len: Short::new(len),
            queued: Short::new(queued),
            unnoticed: Short::new(unnoticed),
            woken_by: self.woken_by,
            label,
            suspended_on: reason,
        };
        let held = Held { slice, lane: self.lane };
        let before = std::mem::replace(&mut self.before, Rest::after(&held));
        Some((before, held))
    }
}
