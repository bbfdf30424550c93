//! A run of up to [`FULL`] slices of one task, packed, with a summary of the time that they cover.
//!
//! A chunk covers the time from the end of the slice before its first to the end of its last, and knows what the task
//! rested on in between, so that its states follow from it alone. A row of cells takes the summary of each chunk that
//! lies in one cell and unpacks only those that an edge cuts: any zoom costs about the same.

use super::pack::{self, Entry, Reader};
use super::paint::{Mix, Painter};
use super::spans::Spans;
use super::state::{State, Stretch, Times};
use super::track::{Held, Rest, hold};
use crate::record::{Label, LaneId, Nanos, Reason, Short, Slice, TaskId};

/// Slices in a full chunk. The tests' runs are short, and are to fill many.
pub(super) const FULL: usize = if cfg!(test) { 4 } else { 64 };

#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// What precedes its first slice.
    pub before: Rest,
    /// What follows its last slice.
    pub after: Rest,
    /// Where its first and its last slice begin.
    pub starts: (Nanos, Nanos),
    pub count: usize,
    /// All the time that it covers.
    pub mix: Mix,
    bytes: Vec<u8>,
    lane: LaneId,
    woken_by: Option<TaskId>,
}

impl Chunk {
    pub fn new(before: Rest) -> Chunk {
        Chunk {
            before,
            after: before,
            starts: (Nanos::MAX, before.since),
            count: 0,
            mix: Mix::default(),
            bytes: Vec::new(),
            lane: LaneId(0),
            woken_by: None,
        }
    }

    /// Those slices, in order, that follow `before`.
    pub fn of(before: Rest, slices: &[Held], spans: &Spans, times: &mut Times) -> Chunk {
        let mut chunk = Chunk::new(before);
        for held in slices {
            chunk.push(held, spans, times);
        }
        chunk.bytes.shrink_to_fit();
        chunk
    }

    /// Adds a slice that begins after the last one has ended, and counts its time and that of the gap before it. How
    /// much of it is blocking.
    pub fn push(&mut self, held: &Held, spans: &Spans, times: &mut Times) -> Nanos {
        let slice = &held.slice;
        self.pack(held);
        let mut count = |stretch: Stretch| {
            if !stretch.is_empty() {
                self.mix.add(&stretch, stretch.len());
                times.add(stretch.state, stretch.len());
            }
        };
        self.after
            .until(slice.start, slice.queued.get(), slice.unnoticed.get())
            .into_iter()
            .for_each(&mut count);
        let end = held.end();
        let mut blocking = Nanos::ZERO;
        hold(slice.start, end, spans.within(slice.start, end), &mut |stretch| {
            count(stretch);
            if stretch.state == State::Blocking {
                blocking += stretch.len();
            }
        });
        self.after = Rest::after(held);
        self.starts = (self.starts.0.min(slice.start), slice.start);
        self.count += 1;
        if self.count == FULL {
            self.bytes.shrink_to_fit();
        }
        blocking
    }

    /// Header: four times 3 bits of width (gap, length, queued, unnoticed), then one bit each for another lane, another
    /// waker, another label or reason than those of the slice before.
    fn pack(&mut self, held: &Held) {
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
        pack::append(&mut self.bytes, entry.finish(&(header as u16).to_le_bytes()));
    }

    /// Its slices in order, each with what precedes it.
    pub fn slices(&self, task: TaskId) -> Slices<'_> {
        Slices {
            reader: Reader::new(&self.bytes),
            before: self.before,
            task,
            lane: LaneId(0),
            woken_by: None,
        }
    }

    /// Every stretch of it, in order.
    pub fn stretches(&self, task: TaskId, spans: &Spans, each: &mut impl FnMut(Stretch)) {
        for (before, held) in self.slices(task) {
            self.told(before, &held, spans, each);
        }
    }

    /// Paints it slice by slice.
    pub fn paint(&self, task: TaskId, spans: &Spans, painter: &mut Painter) {
        for (before, held) in self.slices(task) {
            match painter.only(before.since, held.end()) {
                Some(cell) => self.told(before, &held, spans, &mut |stretch| cell.add(&stretch, stretch.len())),
                None => self.told(before, &held, spans, &mut |stretch| painter.stretch(&stretch)),
            }
        }
    }

    /// The stretches of one of its slices and of the gap before it.
    #[inline]
    fn told(&self, before: Rest, held: &Held, spans: &Spans, each: &mut impl FnMut(Stretch)) {
        let (slice, end) = (&held.slice, held.end());
        for stretch in before.until(slice.start, slice.queued.get(), slice.unnoticed.get()) {
            each(stretch);
        }
        if self.mix.blocking > Nanos::ZERO {
            hold(slice.start, end, spans.within(slice.start, end), each);
        } else {
            each(Stretch {
                from: slice.start,
                to: end,
                state: State::Running,
            });
        }
    }

    /// The time that it covers, by state.
    pub fn times(&self, task: TaskId, spans: &Spans) -> Times {
        let mut times = Times::default();
        self.stretches(task, spans, &mut |stretch| times.add(stretch.state, stretch.len()));
        times
    }

    /// Reads what `push` will change.
    #[inline]
    pub fn warm(&self) -> u64 {
        let last = self.bytes.last().copied().unwrap_or(0);
        self.mix.running.0 ^ self.before.since.0 ^ self.after.since.0 ^ self.count as u64 ^ u64::from(last)
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

/// The slices of a chunk.
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
