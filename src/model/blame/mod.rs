//! Blame: which groups of tasks made other tasks wait for a lane.
//!
//! While a task is queued or unnoticed, the tasks that hold the lanes share the blame for its wait,
//! in equal parts for each held lane. If no task holds a lane, nobody on record is to blame:
//!
//! ```text
//!   worker 0   ▐██ api ███████████████████▌
//!   worker 1        ▐█ db ██▌
//!   heartbeat     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▐▌
//!                 api  half  api          nobody
//! ```
//!
//! Records arrive after the slices and the waits have ended, and in any order. So the blame is
//! divided late, per [`BUCKET`] of time: each bucket adds up how long each group held lanes and how
//! long each group waited, see [`Ring`]. The last minute is kept in buckets and is divided when
//! somebody asks. Older buckets are divided once, see [`divide`]. For each victim,
//! the waits equal the parts of all culprits plus the part of nobody, exactly.

mod culprits;
mod divide;
mod feed;
mod ring;

pub use culprits::{Culprit, HoldKind, LaneSet, Victim, WaitKind};
pub(super) use feed::SleptInSlice;

use super::*;
use crate::record::{Label, LaneKind, Reason, Slice, Step};
use culprits::Key;
use divide::{Divided, Pair, Part};
use ring::Ring;
use std::collections::BTreeMap;

/// The duration of a bucket.
const BUCKET: Nanos = Nanos::from_millis(5);

/// The maximum number of buckets kept: one minute.
const MAX_BUCKETS: usize = 12_000;

/// A slice of this length or longer is [`HoldKind::Long`]. Waits of this length or longer are
/// candidates for [`Blame::worst`].
pub const NOTABLE: Nanos = Nanos::from_millis(10);

/// The longest hold of a culprit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LongHold {
    /// The duration.
    pub len: Nanos,
    /// When the hold began.
    pub from: RunInstant,
    /// The task that held the lane.
    pub task: TaskId,
    /// The step that took most of the hold. [`Label::NONE`] if the step is not known.
    ///
    /// [`Label::NONE`]: crate::record::Label::NONE
    pub step: Label,
}

/// The holds of a culprit that are [`HoldKind::Long`] or [`HoldKind::Asleep`]. A long hold counts
/// only if its thread was on a core for at least [`NOTABLE`] and half of the hold, or for
/// [`CERTAIN`]. Its duration is then the time on a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holds {
    /// Their number.
    pub count: u64,
    /// The longest of them.
    pub longest: LongHold,
}

/// The sums of all long holds of a culprit.
#[derive(Clone, Copy, Debug, Default)]
struct HoldSums {
    holds: Option<Holds>,
    /// The total duration, also of the holds that do not count.
    total: Nanos,
    /// For how long the threads of the holds that count were on a core.
    on_core: Nanos,
}

impl HoldSums {
    fn add(&mut self, hold: LongHold, on_core: Nanos) {
        self.total += hold.len;
        let is_long = on_core >= NOTABLE && on_core.0 * 2 >= hold.len.0 || on_core >= CERTAIN;
        if on_core < hold.len && !is_long {
            return;
        }
        self.on_core += on_core;
        let hold = LongHold { len: on_core, ..hold };
        let holds = self.holds.get_or_insert(Holds {
            count: 0,
            longest: hold,
        });
        holds.count += 1;
        // The order of arrival does not matter.
        holds.longest = holds.longest.max(hold);
    }
}

/// On a busy machine, a task that computes has a core only for a small part of its hold. The
/// kernel's counts are precise enough to show that it was on a core for this time.
pub const CERTAIN: Nanos = Nanos::from_millis(30);

/// A long hold. A later sample of the kernel's counts will show whether its thread had a core.
#[derive(Clone, Copy, Debug)]
struct UncheckedHold {
    culprit: Key,
    lane: LaneId,
    hold: LongHold,
}

/// At most this many holds wait for a sample.
const MAX_UNCHECKED: usize = 4096;

/// The part of one wait that a culprit caused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CausedWait {
    /// The part of the wait.
    pub caused: Nanos,
    /// The task that waited.
    pub task: TaskId,
    /// When the wait began.
    pub from: RunInstant,
    /// When the wait ended, or now.
    pub to: RunInstant,
}

/// What one culprit caused to one victim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Blame {
    /// Who waited.
    pub victim: Victim,
    /// Who made the victim wait. `None` if no task held a lane: nobody on record is to blame.
    pub culprit: Option<Culprit>,
    /// The sum of the waits that the culprit caused.
    pub time: Nanos,
    /// The part of `time` in which other lanes were idle.
    pub while_others_idle: Nanos,
    /// When the culprit first caused a wait, to a few milliseconds.
    pub first: RunInstant,
    /// The longest part of a single wait. `None` if no wait was [`NOTABLE`]. Of the last minute,
    /// only the longest waits are examined.
    pub worst: Option<CausedWait>,
}

/// What the model knows about holds and waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Blames {
    ring: Ring,
    /// What the dropped buckets of the ring had in them.
    divided: Divided,
    holds: BTreeMap<Key, HoldSums>,
    unchecked: Vec<UncheckedHold>,
    /// The lanes on which each group last ran, by the number of the group.
    lanes_of: Vec<Option<LaneSet>>,
    /// The latest long step of each lane. A step is recorded before the slice that contains it.
    steps: HashMap<LaneId, LongStep>,
}

/// A step that took long.
#[derive(Clone, Copy, Debug)]
struct LongStep {
    from: RunInstant,
    to: RunInstant,
    task: TaskId,
    label: Label,
}

impl Blames {
    pub(super) fn new(info: &RunInfo) -> Blames {
        Blames {
            divided: Divided::new(info.workers),
            ..Blames::default()
        }
    }

    /// Adds the wait before a slice, and the slice without the parts in which its thread slept.
    #[inline]
    pub(super) fn slice(
        &mut self,
        group: GroupId,
        (lane, lanes): (LaneId, LaneSet),
        slice: &Slice,
        computing: impl Iterator<Item = (RunInstant, RunInstant)>,
    ) {
        self.wait(
            group,
            Some(lanes),
            slice.task,
            slice.start,
            slice.queued.get(),
            slice.unnoticed.get(),
        );
        self.note_lanes(group, lanes);
        if lanes == LaneSet::OwnThread {
            return;
        }
        let hold = HoldKind::of(slice.len.get());
        let key = Key::of(Culprit { group, lanes, hold });
        for (from, to) in computing {
            self.ring.hold(key, from, to, &mut self.divided);
        }
        if hold == HoldKind::Long {
            let step = self.step_within(lane, slice);
            self.unchecked.push(UncheckedHold {
                culprit: key,
                lane,
                hold: LongHold {
                    len: slice.len.get(),
                    from: slice.start,
                    task: slice.task,
                    step,
                },
            });
        }
    }

    /// Adds empty buckets up to `now`.
    pub(super) fn advance_to(&mut self, now: RunInstant) {
        self.ring.advance_to(now, &mut self.divided);
    }

    #[inline]
    fn note_lanes(&mut self, group: GroupId, lanes: LaneSet) {
        let index = usize::from(group.0);
        match self.lanes_of.get_mut(index) {
            Some(known) => *known = Some(lanes),
            None => {
                self.lanes_of.resize(index + 1, None);
                self.lanes_of[index] = Some(lanes);
            }
        }
    }

    /// Adds the wait of a task that ended at `end`. Its last parts were `unnoticed` and `queued`.
    /// If `lanes` is `None`, the task waited for the lanes on which its group last ran.
    #[inline]
    pub(super) fn wait(
        &mut self,
        group: GroupId,
        lanes: Option<LaneSet>,
        task: TaskId,
        end: RunInstant,
        queued: Nanos,
        unnoticed: Nanos,
    ) {
        if queued == Nanos::ZERO && unnoticed == Nanos::ZERO {
            return;
        }
        let lanes = lanes.or_else(|| self.lanes_of(group)).unwrap_or(LaneSet::Workers);
        self.ring
            .wait(group, lanes, task, (end, queued, unnoticed), &mut self.divided);
    }

    /// The lanes on which the tasks of a group run, if any has run.
    pub(super) fn lanes_of(&self, group: GroupId) -> Option<LaneSet> {
        self.lanes_of.get(usize::from(group.0)).copied().flatten()
    }

    /// Adds times in which a thread slept while a task held it. `step` is the step that slept. It
    /// may be unknown.
    pub(super) fn asleep(&mut self, culprit: Culprit, spans: &[(RunInstant, RunInstant)], step: Option<&Step>) {
        if culprit.lanes == LaneSet::OwnThread {
            return;
        }
        let key = Key::of(culprit);
        for (from, to) in spans {
            self.ring.hold(key, *from, *to, &mut self.divided);
        }
        if let Some(step) = step {
            let hold = LongHold {
                len: step.len.get(),
                from: step.start,
                task: step.task,
                step: step.label,
            };
            self.holds.entry(key).or_default().add(hold, hold.len);
        }
    }

    /// Takes back a part of a slice of the length `len` that was counted as computing.
    pub(super) fn not_computing(&mut self, group: GroupId, lanes: LaneSet, len: Nanos, span: (RunInstant, RunInstant)) {
        let hold = HoldKind::of(len);
        let key = Key::of(Culprit { group, lanes, hold });
        self.ring.take_back(key, span.0, span.1);
    }

    /// Notes a step that took long. If steps lie within one another, the innermost step that took
    /// most of the time counts.
    pub(super) fn long_step(&mut self, lane: LaneId, step: &Step) {
        if step.len.get() < NOTABLE {
            return;
        }
        let new = LongStep {
            from: step.start,
            to: step.start + step.len.get(),
            task: step.task,
            label: step.label,
        };
        let len = |step: &LongStep| step.to - step.from;
        match self.steps.get_mut(&lane) {
            // The known step lies within the new step, and took most of its time.
            Some(known) if known.task == new.task && known.from >= new.from && len(known).0 * 2 >= len(&new).0 => {}
            Some(known) => *known = new,
            None => drop(self.steps.insert(lane, new)),
        }
    }

    /// The step that took most of a slice.
    fn step_within(&self, lane: LaneId, slice: &Slice) -> Label {
        let end = slice.start + slice.len.get();
        match self.steps.get(&lane) {
            Some(step) if step.task == slice.task && step.from < end && step.to > slice.start => {
                let within = step.to.min(end) - step.from.max(slice.start);
                if within.0 * 2 >= slice.len.get().0 {
                    step.label
                } else {
                    Label::NONE
                }
            }
            _ => Label::NONE,
        }
    }
}

impl Model {
    /// Who made whom wait for a lane, and for how long, up to now. For each victim, the times add
    /// up to the time for which its tasks were queued and unnoticed, as far as slices and ends were
    /// recorded.
    ///
    /// The call takes up to a millisecond, because it divides the last minute anew. So do not call
    /// it in each frame.
    pub fn blame(&self) -> Vec<Blame> {
        let mut open = Ring::empty_from(self.blames.ring.first());
        let mut divided = self.blames.divided.clone();
        self.add_open_slices(&mut open, &mut divided);
        self.add_open_waits(&mut open, &mut divided);
        divided.divide_all(&self.blames.ring, &open);
        let all = divided.parts.iter().map(|(pair, part): (&Pair, &Part)| Blame {
            victim: pair.0.victim(),
            culprit: pair.1.map(Key::culprit),
            time: part.time,
            while_others_idle: part.while_others_idle,
            first: part.first,
            worst: part.worst,
        });
        all.collect()
    }

    /// The long holds of a culprit, including holds that have not ended. `None` if there are none.
    pub fn holds(&self, culprit: Culprit) -> Option<Holds> {
        self.hold_sums(culprit).holds
    }

    /// The share of the long holds of a culprit in which its threads were on a core, 0–1. Holds
    /// that do not count in [`holds`](Model::holds) were not on a core.
    pub fn share_on_core(&self, culprit: Culprit) -> f64 {
        let sums = self.hold_sums(culprit);
        sums.on_core.0 as f64 / sums.total.0.max(1) as f64
    }

    fn hold_sums(&self, culprit: Culprit) -> HoldSums {
        let key = Key::of(culprit);
        let mut sums = self.blames.holds.get(&key).copied().unwrap_or_default();
        for unchecked in self.blames.unchecked.iter().filter(|hold| hold.culprit == key) {
            sums.add(unchecked.hold, self.on_core(unchecked));
        }
        self.each_open_hold(|open| {
            if open.culprit == key {
                let on_core = match culprit.hold {
                    HoldKind::Long => self.on_core(open),
                    _ => open.hold.len,
                };
                sums.add(open.hold, on_core);
            }
        });
        sums
    }

    fn on_core(&self, unchecked: &UncheckedHold) -> Nanos {
        let (from, to) = (unchecked.hold.from, unchecked.hold.from + unchecked.hold.len);
        let lane = self.lane_indices.get(unchecked.lane).map(|index| &self.lanes[index]);
        lane.map_or(to - from, |lane| {
            lane.cpu.on_core(from, to, |from, to| {
                let slices = lane.track.within(from, to);
                slices.map(|slice| slice.end.min(to) - slice.start.max(from)).sum()
            })
        })
    }

    /// Checks the long holds for which there are enough samples.
    pub(super) fn check_holds(&mut self) {
        let too_many = self.blames.unchecked.len() > MAX_UNCHECKED;
        let mut unchecked = std::mem::take(&mut self.blames.unchecked);
        unchecked.retain(|hold| {
            let lane = self.lane_indices.get(hold.lane).map(|index| &self.lanes[index]);
            let is_known = lane.is_none_or(|lane| lane.cpu.covers(hold.hold.from + hold.hold.len));
            if is_known || too_many {
                let on_core = self.on_core(hold);
                self.blames
                    .holds
                    .entry(hold.culprit)
                    .or_default()
                    .add(hold.hold, on_core);
            }
            !is_known && !too_many
        });
        self.blames.unchecked = unchecked;
    }
}

#[cfg(test)]
mod tests;
