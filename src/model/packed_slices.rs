//! Runs of slices of one task, packed.
//!
//! A run covers the time from the end of the slice before its first to the end of its last, and knows what the task
//! rested on before it, so that its states follow from it alone.

use super::pack::{self, Entry, MASKS, Reader, unzigzag, word, zigzag};
use super::paint::{Painter, TimeBreakdown};
use super::spans::Spans;
use super::state::{Stretch, Times};
use super::wait_state::{PlacedSlice, Timing, WaitState};
use crate::record::{CompactDuration, Label, LaneId, Nanos, Reason, Slice, TaskId};

/// Packs slice after slice.
#[derive(Clone, Debug)]
pub(super) struct Packer {
    /// What follows the last slice.
    pub after: WaitState,
    woken_by: Option<TaskId>,
    lane: LaneId,
}

impl Packer {
    /// For a run that follows `before`.
    pub fn new(before: WaitState) -> Packer {
        Packer {
            after: before,
            lane: LaneId(0),
            woken_by: None,
        }
    }

    /// Header: four times 3 bits of width (gap, length, queued, unnoticed), then what has changed since the slice before:
    /// 1 bit for the lane, 1 for label and reason, 2 for the waker.
    #[inline]
    pub fn pack(&mut self, held: &PlacedSlice) -> Entry {
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
        // Whether these change is anybody's guess, also the processor's: so each is put in, at no width if it does not.
        let lane = u64::from(held.lane.0);
        let (lane, width) = if lane < ONE_BYTE {
            (lane, 1)
        } else {
            (ONE_BYTE | lane << 8, 3)
        };
        let changes = held.lane != self.lane;
        header |= u32::from(changes) * OTHER_LANE;
        entry.put(lane, u32::from(changes) * width);

        let after = WaitState::after(held);
        let (label, reason) = (u64::from(after.label.0), (after.reason as u64) << 12);
        let (rest, width) = if label < TWELVE_BITS {
            (reason | label, 2)
        } else {
            (reason | TWELVE_BITS | label << 16, 4)
        };
        let changes = (after.label, after.reason) != (self.after.label, self.after.reason);
        header |= u32::from(changes) * OTHER_REST;
        entry.put(rest, u32::from(changes) * width);

        let id = slice.woken_by.map_or(0, TaskId::get);
        let far = zigzag(id.wrapping_sub(slice.task.get()));
        let (kind, waker, width) = match id {
            0 => (NOBODY, 0, 0),
            _ if far <= u32::from(u16::MAX) => (NEAR, far, 2),
            _ => (FAR, id, 4),
        };
        let changes = slice.woken_by != self.woken_by;
        header |= u32::from(changes) * kind;
        entry.put(u64::from(waker), u32::from(changes) * width);

        (self.lane, self.woken_by, self.after) = (held.lane, slice.woken_by, after);
        entry.headed(&(header as u16).to_le_bytes())
    }
}

/// Another lane than before: its number follows in one byte, or in the two after [`ONE_BYTE`].
const OTHER_LANE: u32 = 1 << 12;
const ONE_BYTE: u64 = 0xff;
/// Another label or reason: four bits of reason and twelve of label follow, or [`TWELVE_BITS`] and then two bytes.
const OTHER_REST: u32 = 1 << 13;
const TWELVE_BITS: u64 = 0xfff;
const _: () = assert!(Reason::ALL.len() <= 16, "a reason has four bits");
/// Another waker, in the two highest bits: nobody; a task whose number is near that of the task itself, which follows
/// [folded](zigzag) in two bytes; or any, in four.
const NOBODY: u32 = 1 << 14;
const NEAR: u32 = 2 << 14;
const FAR: u32 = 3 << 14;

/// A packed run, to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedSlices<'a> {
    /// What precedes its first slice.
    pub before: WaitState,
    pub bytes: &'a [u8],
}

impl<'a> PackedSlices<'a> {
    /// Its slices in order.
    #[inline]
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
        let first = self.slices(TaskId(std::num::NonZeroU32::MIN)).next()?;
        Some(first.timing.start)
    }

    /// Every stretch of it that is not empty, in order, but for those of slices that end by `from`, or whose gaps begin at `to`
    /// or later.
    pub fn stretches(self, task: TaskId, (from, to): (Nanos, Nanos), spans: &Spans, each: &mut impl FnMut(Stretch)) {
        for slice in self.slices(task) {
            if slice.before.since >= to {
                break;
            }
            if slice.timing.end > from {
                slice.before.stretches(&slice.timing, spans, each);
            }
        }
    }

    /// Paints it slice by slice.
    pub fn paint(self, task: TaskId, spans: &Spans, painter: &mut Painter) {
        for Packed { before, timing, .. } in self.slices(task) {
            match painter.only(before.since, timing.end) {
                Some(cell) => cell.spend(&before.spent(&timing, spans)),
                None => before.stretches(&timing, spans, &mut |stretch| painter.stretch(&stretch)),
            }
        }
    }

    /// All the time that it covers.
    pub fn mix(self, task: TaskId, spans: &Spans) -> TimeBreakdown {
        let mut mix = TimeBreakdown::default();
        for Packed { before, timing, .. } in self.slices(task) {
            mix.spend(&before.spent(&timing, spans));
        }
        mix
    }

    /// The time that it covers, by state.
    pub fn times(self, task: TaskId, spans: &Spans) -> Times {
        let mut times = Times::default();
        for Packed { before, timing, .. } in self.slices(task) {
            times.spend(&before.spent(&timing, spans));
        }
        times
    }
}

/// A slice of a packed run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    /// What precedes it.
    pub before: WaitState,
    pub timing: Timing,
    task: TaskId,
    lane: LaneId,
    woken_by: Option<TaskId>,
    label: Label,
    reason: Reason,
}

impl Packed {
    /// As it was before it was packed.
    pub fn held(&self) -> PlacedSlice {
        let Timing {
            start,
            end,
            queued,
            unnoticed,
        } = self.timing;
        let slice = Slice {
            start,
            task: self.task,
            len: CompactDuration::new(end - start),
            queued: CompactDuration::new(queued),
            unnoticed: CompactDuration::new(unnoticed),
            woken_by: self.woken_by,
            label: self.label,
            suspended_on: self.reason,
        };
        PlacedSlice { slice, lane: self.lane }
    }
}

/// The slices of a run.
#[derive(Clone, Debug)]
pub(super) struct Slices<'a> {
    reader: Reader<'a>,
    before: WaitState,
    task: TaskId,
    lane: LaneId,
    woken_by: Option<TaskId>,
}

/// The bytes of lane, of label and reason, and of the waker in their usual forms, where they have changed.
#[inline]
fn widths(header: u32) -> (u32, u32, u32) {
    // None for nobody, two for one who is near, four for any.
    let waker = (header >> 14 & 2) << (header >> 14 & 1);
    (header >> 12 & 1, header >> 12 & 2, waker)
}

impl Slices<'_> {
    /// Reads lane, reason with part of the label, label, and waker where one of the first is not in its usual form.
    #[cold]
    fn unusual(&mut self, header: u32) -> (u64, u64, u64, u32) {
        let (lane_width, rest_width, waker_width) = widths(header);
        let lane = match self.reader.take(lane_width) {
            ONE_BYTE => self.reader.take(2),
            lane => lane,
        };
        let rest = self.reader.take(rest_width);
        let label = match rest & TWELVE_BITS {
            TWELVE_BITS => self.reader.take(2),
            label => label,
        };
        (lane, rest, label, self.reader.take(waker_width) as u32)
    }
}

impl Iterator for Slices<'_> {
    type Item = Packed;

    #[inline(always)]
    fn next(&mut self) -> Option<Packed> {
        if self.reader.is_done() {
            return None;
        }
        let mut padded = [0; _];
        let window = self.reader.window(&mut padded);
        let header = word(window, 0) as u32 & 0xffff;
        let mut at = 2;
        let mut number = |place: u32| {
            let width = header >> (3 * place) & 7;
            let n = word(window, at) & MASKS[width as usize];
            at += width;
            Nanos(n)
        };
        let (gap, len, queued, unnoticed) = (number(0), number(1), number(2), number(3));
        let before = self.before;
        let start = before.since + gap;
        let timing = Timing {
            start,
            end: start + len,
            queued,
            unnoticed,
        };
        // Whether these have changed is anybody's guess, also the processor's: so they are read without asking. In their usual
        // forms they fit into one word.
        let (lane_width, rest_width, waker_width) = widths(header);
        let word = word(window, at);
        let (mut lane, mut rest) = (word & ONE_BYTE, word >> (8 * lane_width));
        let mut waker = (rest >> (8 * rest_width) & MASKS[waker_width as usize]) as u32;
        rest &= 0xffff;
        let mut label = rest & TWELVE_BITS;
        if lane_width > 0 && lane == ONE_BYTE || rest_width > 0 && label == TWELVE_BITS {
            self.reader.skip(at);
            (lane, rest, label, waker) = self.unusual(header);
        } else {
            self.reader.skip(at + lane_width + rest_width + waker_width);
        }
        self.lane = if lane_width > 0 { LaneId(lane as u16) } else { self.lane };
        let (reason, label) = if rest_width > 0 {
            (rest >> 12, label)
        } else {
            (before.reason as u64, u64::from(before.label.0))
        };
        let (reason, label) = (Reason::ALL[reason as usize], Label(label as u16));
        self.woken_by = match header & FAR {
            NOBODY => None,
            NEAR => TaskId::new(self.task.get().wrapping_add(unzigzag(waker))),
            FAR => TaskId::new(waker),
            _ => self.woken_by,
        };
        self.before = WaitState {
            since: timing.end,
            reason,
            label,
        };
        Some(Packed {
            before,
            timing,
            task: self.task,
            lane: self.lane,
            woken_by: self.woken_by,
            label,
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Numbers of every size, the smallest ones and those around `edge` as often as all others.
    fn number(most: u32, edge: u32) -> impl Strategy<Value = u32> {
        prop_oneof![0u32..3, edge - 2..(edge + 3).min(most), 0..=most]
    }

    fn held() -> impl Strategy<Value = (u64, PlacedSlice)> {
        let length = || {
            (0u32..64)
                .prop_flat_map(|bits| (0..=u64::MAX >> (63 - bits)).prop_map(|n| CompactDuration::new(Nanos(n / 2))))
        };
        (
            (0u64..1 << 40, length(), length(), length()),
            number(u16::MAX.into(), 0xff),
            (number(u16::MAX.into(), 0xfff), prop::sample::select(&Reason::ALL[..])),
            number(u32::MAX, 1 << 15),
        )
            .prop_map(|((gap, len, queued, unnoticed), lane, (label, reason), waker)| {
                let slice = Slice {
                    start: Nanos::ZERO,
                    task: TaskId(std::num::NonZeroU32::MIN),
                    len,
                    queued,
                    unnoticed,
                    woken_by: TaskId::new(waker),
                    label: Label(label as u16),
                    suspended_on: reason,
                };
                let lane = LaneId(lane as u16);
                (gap, PlacedSlice { slice, lane })
            })
    }

    proptest! {
        #[test]
        fn a_run_gives_back_the_slices_that_were_packed(slices in prop::collection::vec(held(), 1..20), task in number(u32::MAX, 1 << 15)) {
            let task = TaskId::new(task.max(1)).unwrap();
            let before = WaitState::fresh(Nanos(7));
            let mut packer = Packer::new(before);
            let mut bytes = Vec::new();
            let mut all = Vec::new();
            for (gap, mut held) in slices {
                held.slice.task = task;
                held.slice.start = packer.after.since + Nanos(gap);
                // Longer than an entry can tell, and than anything lasts.
                let cut = |n: &mut CompactDuration| *n = (*n).min(CompactDuration::new(Nanos(pack::MOST / 2)));
                cut(&mut held.slice.len);
                cut(&mut held.slice.queued);
                cut(&mut held.slice.unnoticed);
                bytes.extend_from_slice(packer.pack(&held).bytes());
                all.push(held);
            }
            let run = PackedSlices { before, bytes: &bytes };
            let back: Vec<PlacedSlice> = run.slices(task).map(|slice| slice.held()).collect();
            prop_assert_eq!(back, all);
        }
    }
}
