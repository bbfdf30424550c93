//! Consecutive slices of one task, packed into bytes.
//!
//! Packed slices cover the time from the end of the previous slice, which is not packed with them,
//! to the end of the last packed slice. This time includes the wait state before the first slice.
//! So the states in this time follow from the packed slices alone.
//!
//! ```text
//!   an entry:   header (16 bits) │ gap │ length │ queued │ unnoticed │ lane │ label, reason │ waker
//!
//!   its header: bits  0–2   3–5     6–8     9–11       12       13            14–15
//!                     gap   length  queued  unnoticed  lane     label,reason  waker
//!                     └───── width in bytes ──────┘    └─── changed? ──┘      kind of change
//! ```

use super::pack::{self, Entry, MASKS, Reader, unzigzag, word, zigzag};
use super::paint::{Painter, TimeBreakdown};
use super::state::{StateInterval, StateTimes};
use super::wait_state::{Division, PlacedSlice, Timing, WaitState};
use crate::record::{CompactDuration, Label, LaneId, Nanos, Reason, RunInstant, Slice, TaskId};
use strum::VariantArray;

/// Packs slices one by one.
#[derive(Clone, Debug)]
pub(super) struct Packer {
    /// The wait state after the last slice.
    pub after: WaitState,
    woken_by: Option<TaskId>,
    lane: LaneId,
}

impl Packer {
    /// Creates a packer for slices that follow the wait state `before`.
    pub(super) fn new(before: WaitState) -> Packer {
        Packer {
            after: before,
            lane: LaneId(0),
            woken_by: None,
        }
    }

    /// Packs a slice. Each of the last three fields is present only if it differs from the same
    /// field of the previous slice.
    #[inline]
    pub(super) fn pack(&mut self, placed: &PlacedSlice) -> Entry {
        let slice = &placed.slice;
        let numbers = [
            slice.start - self.after.since,
            slice.len.get(),
            slice.queued.get(),
            slice.unnoticed.get(),
        ];
        let mut entry = Entry::after_header(2);
        let mut header = 0;
        for (place, n) in numbers.into_iter().enumerate() {
            let n = n.0.min(pack::MAX);
            let width = pack::width(n);
            header |= width << (3 * place);
            entry.put(n, width);
        }
        // The processor cannot predict a conditional jump, because these fields change at random.
        // So each field is always written, with width 0 if the field has not changed.
        let lane = u64::from(placed.lane.0);
        let (lane, width) = if lane < ONE_BYTE {
            (lane, 1)
        } else {
            (ONE_BYTE | lane << 8, 3)
        };
        let changes = placed.lane != self.lane;
        header |= u32::from(changes) * OTHER_LANE;
        entry.put(lane, u32::from(changes) * width);

        let after = WaitState::after(placed);
        let (label, reason) = (u64::from(after.label.0), (after.reason as u64) << 12);
        let (wait, width) = if label < TWELVE_BITS {
            (reason | label, 2)
        } else {
            (reason | TWELVE_BITS | label << 16, 4)
        };
        let changes = (after.label, after.reason) != (self.after.label, self.after.reason);
        header |= u32::from(changes) * OTHER_WAIT;
        entry.put(wait, u32::from(changes) * width);

        let id = slice.woken_by.map_or(0, TaskId::get);
        let distance = zigzag(id.wrapping_sub(slice.task.get()));
        let (kind, waker, width) = match id {
            0 => (NO_WAKER, 0, 0),
            _ if distance <= u32::from(u16::MAX) => (NEAR_WAKER, distance, 2),
            _ => (ANY_WAKER, id, 4),
        };
        let changes = slice.woken_by != self.woken_by;
        header |= u32::from(changes) * kind;
        entry.put(u64::from(waker), u32::from(changes) * width);

        (self.lane, self.woken_by, self.after) = (placed.lane, slice.woken_by, after);
        entry.headed(&(header as u16).to_le_bytes())
    }
}

/// The lane has changed. The new lane's number follows in one byte, or in two bytes after
/// [`ONE_BYTE`].
const OTHER_LANE: u32 = 1 << 12;
const ONE_BYTE: u64 = 0xff;
/// The label or the reason has changed. The reason follows in four bits and the label in twelve
/// bits. If the label needs more bits, the twelve bits are [`TWELVE_BITS`] and the label follows in
/// two bytes.
const OTHER_WAIT: u32 = 1 << 13;
const TWELVE_BITS: u64 = 0xfff;
const _: () = assert!(Reason::VARIANTS.len() <= 16, "a reason fits into four bits");
/// The waker has changed. The two highest bits of the header contain the kind of change.
/// `NO_WAKER`: the slice has no waker. `NEAR_WAKER`: the waker's number is near the task's number,
/// and their [`zigzag`] distance follows in two bytes. `ANY_WAKER`: the waker's number follows in
/// four bytes.
const NO_WAKER: u32 = 1 << 14;
const NEAR_WAKER: u32 = 2 << 14;
const ANY_WAKER: u32 = 3 << 14;

/// A reader of packed slices.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackedSlices<'a> {
    /// The wait state before the first slice.
    pub before: WaitState,
    pub bytes: &'a [u8],
}

impl<'a> PackedSlices<'a> {
    /// The slices in order.
    #[inline]
    pub(super) fn iter(self, task: TaskId) -> Slices<'a> {
        Slices {
            reader: Reader::new(self.bytes),
            before: self.before,
            task,
            lane: LaneId(0),
            woken_by: None,
        }
    }

    /// The start of the first slice; `None` if there are no slices.
    pub(super) fn start(self) -> Option<RunInstant> {
        // The start does not depend on the task.
        let any = TaskId(std::num::NonZeroU32::MIN);
        let first = self.iter(any).next()?;
        Some(first.timing.start)
    }

    /// Calls `each` with every interval that is not empty, in order. Leaves out slices that end at
    /// `from` or earlier, and slices whose gaps begin at `to` or later.
    pub(super) fn intervals(
        self,
        task: TaskId,
        (from, to): (RunInstant, RunInstant),
        division: Division<'_>,
        each: &mut impl FnMut(StateInterval),
    ) {
        for slice in self.iter(task) {
            if slice.before.since >= to {
                break;
            }
            if slice.timing.end > from {
                slice.before.intervals(&slice.timing, division, each);
            }
        }
    }

    /// Paints the slices one by one.
    pub(super) fn paint(self, task: TaskId, division: Division<'_>, painter: &mut Painter) {
        for DecodedSlice { before, timing, .. } in self.iter(task) {
            match painter.cell_containing(before.since, timing.end) {
                Some(cell) => cell.add_slice(&before.slice_times(&timing, division)),
                None => before.intervals(&timing, division, &mut |interval| painter.add(&interval)),
            }
        }
    }

    /// The summary of the time that the slices cover.
    pub(super) fn breakdown(self, task: TaskId, division: Division<'_>) -> TimeBreakdown {
        let mut breakdown = TimeBreakdown::default();
        for DecodedSlice { before, timing, .. } in self.iter(task) {
            breakdown.add_slice(&before.slice_times(&timing, division));
        }
        breakdown
    }

    /// The time that the slices cover after the beginning of the wait `from`, by state.
    pub(super) fn times(self, task: TaskId, division: Division<'_>, from: WaitState) -> StateTimes {
        let mut times = StateTimes::default();
        for DecodedSlice { before, timing, .. } in self.iter(task) {
            times.add_slice(&before.slice_times_from(from, &timing, division));
        }
        times
    }
}

/// An unpacked slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct DecodedSlice {
    /// The wait state before the slice.
    pub before: WaitState,
    pub timing: Timing,
    task: TaskId,
    lane: LaneId,
    woken_by: Option<TaskId>,
    label: Label,
    reason: Reason,
}

impl DecodedSlice {
    /// The slice as it was before packing.
    pub(super) fn placed(&self) -> PlacedSlice {
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
            branch: false,
        };
        PlacedSlice { slice, lane: self.lane }
    }
}

/// Reads packed slices one by one.
#[derive(Clone, Debug)]
pub(super) struct Slices<'a> {
    reader: Reader<'a>,
    before: WaitState,
    task: TaskId,
    lane: LaneId,
    woken_by: Option<TaskId>,
}

/// The widths of three fields in their short forms: the lane, the label with the reason, and the
/// waker. The width is 0 if the field has not changed.
#[inline]
fn widths(header: u32) -> (u32, u32, u32) {
    // The width is 2 for a near waker, 4 for any other waker, and 0 if there is no waker.
    let waker = (header >> 14 & 2) << (header >> 14 & 1);
    (header >> 12 & 1, header >> 12 & 2, waker)
}

impl Slices<'_> {
    /// Reads the fields if the lane or the label has its long form. Returns the lane, the reason
    /// with the short label, the label, and the waker.
    #[cold]
    fn read_long_forms(&mut self, header: u32) -> (u64, u64, u64, u32) {
        let (lane_width, wait_width, waker_width) = widths(header);
        let lane = match self.reader.take(lane_width) {
            ONE_BYTE => self.reader.take(2),
            lane => lane,
        };
        let wait = self.reader.take(wait_width);
        let label = match wait & TWELVE_BITS {
            TWELVE_BITS => self.reader.take(2),
            label => label,
        };
        (lane, wait, label, self.reader.take(waker_width) as u32)
    }
}

impl Iterator for Slices<'_> {
    type Item = DecodedSlice;

    #[inline(always)]
    fn next(&mut self) -> Option<DecodedSlice> {
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
        // The processor cannot predict a conditional jump, because these fields change at random.
        // So all fields are always read. The fields fit into one word if each field has its short
        // form.
        let (lane_width, wait_width, waker_width) = widths(header);
        let word = word(window, at);
        let (mut lane, mut wait) = (word & ONE_BYTE, word >> (8 * lane_width));
        let mut waker = (wait >> (8 * wait_width) & MASKS[waker_width as usize]) as u32;
        wait &= 0xffff;
        let mut label = wait & TWELVE_BITS;
        if lane_width > 0 && lane == ONE_BYTE || wait_width > 0 && label == TWELVE_BITS {
            self.reader.skip(at);
            (lane, wait, label, waker) = self.read_long_forms(header);
        } else {
            self.reader.skip(at + lane_width + wait_width + waker_width);
        }
        self.lane = if lane_width > 0 { LaneId(lane as u16) } else { self.lane };
        let (reason, label) = if wait_width > 0 {
            (wait >> 12, label)
        } else {
            (before.reason as u64, u64::from(before.label.0))
        };
        let (reason, label) = (Reason::VARIANTS[reason as usize], Label(label as u16));
        self.woken_by = match header & ANY_WAKER {
            NO_WAKER => None,
            NEAR_WAKER => TaskId::new(self.task.get().wrapping_add(unzigzag(waker))),
            ANY_WAKER => TaskId::new(waker),
            _ => self.woken_by,
        };
        self.before = WaitState {
            since: timing.end,
            reason,
            label,
        };
        Some(DecodedSlice {
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

    /// Numbers of every size: a third of the numbers are below 3, and a third are close to `edge`.
    fn number(max: u32, edge: u32) -> impl Strategy<Value = u32> {
        prop_oneof![0u32..3, edge - 2..(edge + 3).min(max), 0..=max]
    }

    fn placed_slice() -> impl Strategy<Value = (u64, PlacedSlice)> {
        let length = || {
            (0u32..64)
                .prop_flat_map(|bits| (0..=u64::MAX >> (63 - bits)).prop_map(|n| CompactDuration::new(Nanos(n / 2))))
        };
        (
            (0u64..1 << 40, length(), length(), length()),
            number(u16::MAX.into(), 0xff),
            (number(u16::MAX.into(), 0xfff), prop::sample::select(Reason::VARIANTS)),
            number(u32::MAX, 1 << 15),
        )
            .prop_map(|((gap, len, queued, unnoticed), lane, (label, reason), waker)| {
                let slice = Slice {
                    start: RunInstant::ZERO,
                    task: TaskId(std::num::NonZeroU32::MIN),
                    len,
                    queued,
                    unnoticed,
                    woken_by: TaskId::new(waker),
                    label: Label(label as u16),
                    suspended_on: reason,
                    branch: false,
                };
                let lane = LaneId(lane as u16);
                (gap, PlacedSlice { slice, lane })
            })
    }

    proptest! {
        #[test]
        fn unpacking_returns_the_slices_that_were_packed(slices in prop::collection::vec(placed_slice(), 1..20), task in number(u32::MAX, 1 << 15)) {
            let task = TaskId::new(task.max(1)).unwrap();
            let before = WaitState::spawned(RunInstant::new(7));
            let mut packer = Packer::new(before);
            let mut bytes = Vec::new();
            let mut all = Vec::new();
            for (gap, mut placed) in slices {
                placed.slice.task = task;
                placed.slice.start = packer.after.since + Nanos(gap);
                // An entry cannot hold longer durations, and no real duration is that long.
                let cut = |n: &mut CompactDuration| *n = (*n).min(CompactDuration::new(Nanos(pack::MAX / 2)));
                cut(&mut placed.slice.len);
                cut(&mut placed.slice.queued);
                cut(&mut placed.slice.unnoticed);
                bytes.extend_from_slice(packer.pack(&placed).bytes());
                all.push(placed);
            }
            let packed = PackedSlices { before, bytes: &bytes };
            let unpacked: Vec<PlacedSlice> = packed.iter(task).map(|slice| slice.placed()).collect();
            prop_assert_eq!(unpacked, all);
        }
    }
}
