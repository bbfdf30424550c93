//! Who holds lanes, and who waits for them.

use super::*;

/// The lanes for which a task waits: any lane of the set can run it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LaneSet {
    /// The workers of an async runtime, or the threads of a thread pool.
    Workers,
    /// The threads of an async runtime's blocking pool.
    BlockingThreads,
    /// One worker process. Its tasks cannot run in another process.
    Process(LaneId),
    /// The task's own thread. No other task can hold it, so nobody is to blame for a wait.
    OwnThread,
}

impl LaneSet {
    #[inline]
    pub(in crate::model) fn of(lane: &Lane) -> LaneSet {
        match lane.kind {
            LaneKind::Worker | LaneKind::Pool => LaneSet::Workers,
            LaneKind::Blocking => LaneSet::BlockingThreads,
            LaneKind::Process => LaneSet::Process(lane.id),
            LaneKind::Thread => LaneSet::OwnThread,
        }
    }
}

/// How a task held a lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HoldKind {
    /// The task computed, in a slice shorter than [`NOTABLE`].
    Brief,
    /// The task computed, in a slice of [`NOTABLE`] or longer.
    Long,
    /// The thread slept in the OS, for this reason, in the step with this label.
    Asleep(Reason, Label),
    /// The thread slept in this system call, or elsewhere in the kernel. The task has not reported
    /// a step.
    InSystemCall(Option<u16>),
}

impl HoldKind {
    /// How a task held a lane while it computed in a slice of this length.
    #[inline]
    pub(super) fn of(len: Nanos) -> HoldKind {
        if len >= NOTABLE {
            HoldKind::Long
        } else {
            HoldKind::Brief
        }
    }
}

/// The tasks of a group that held lanes of a set in one way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Culprit {
    /// The group.
    pub group: GroupId,
    /// The lanes that its tasks held.
    pub lanes: LaneSet,
    /// How its tasks held these lanes.
    pub hold: HoldKind,
}

/// How a task waited for a lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum WaitKind {
    /// The task was woken.
    Queued,
    /// The task was ready, but nobody had woken it.
    Unnoticed,
}

/// The tasks of a group that waited for lanes of a set in one way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Victim {
    /// The group.
    pub group: GroupId,
    /// The lanes for which its tasks waited.
    pub lanes: LaneSet,
    /// How its tasks waited.
    pub wait: WaitKind,
}

/// A [`Culprit`] or a [`Victim`] as one number, which is quick to compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Key(u64);

const GROUP: u32 = 0;
const LANES: u32 = 16;
/// A lane set has a kind in 2 bits, and a lane in 16 bits.
const LANE: u32 = 18;
const HOLD: u32 = 34;
const REASON: u32 = 36;
const LABEL: u32 = 44;
/// No system call has this number.
const NO_CALL: u16 = u16::MAX;

impl Key {
    #[inline]
    fn bits(group: GroupId, lanes: LaneSet) -> u64 {
        let (kind, lane) = match lanes {
            LaneSet::Workers => (0, 0),
            LaneSet::BlockingThreads => (1, 0),
            LaneSet::Process(lane) => (2, lane.0),
            LaneSet::OwnThread => (3, 0),
        };
        u64::from(group.0) << GROUP | kind << LANES | u64::from(lane) << LANE
    }

    #[inline]
    pub(super) fn of(culprit: Culprit) -> Key {
        let (hold, reason, label) = match culprit.hold {
            HoldKind::Brief => (0, 0, 0),
            HoldKind::Long => (1, 0, 0),
            HoldKind::Asleep(reason, label) => (2, reason as u64, u64::from(label.0)),
            HoldKind::InSystemCall(number) => (3, 0, u64::from(number.unwrap_or(NO_CALL))),
        };
        Key(Key::bits(culprit.group, culprit.lanes) | hold << HOLD | reason << REASON | label << LABEL)
    }

    #[inline]
    pub(super) fn of_victim(victim: Victim) -> Key {
        Key(Key::bits(victim.group, victim.lanes) | (victim.wait as u64) << HOLD)
    }

    fn group(self) -> GroupId {
        GroupId((self.0 >> GROUP) as u16)
    }

    fn lanes(self) -> LaneSet {
        match self.0 >> LANES & 3 {
            0 => LaneSet::Workers,
            1 => LaneSet::BlockingThreads,
            2 => LaneSet::Process(LaneId((self.0 >> LANE) as u16)),
            _ => LaneSet::OwnThread,
        }
    }

    /// Whether the culprit holds lanes for which the victim waits.
    pub(super) fn has_lanes_of(self, victim: Key) -> bool {
        (self.0 ^ victim.0) & ((1 << HOLD) - (1 << LANES)) == 0
    }

    /// Whether the lanes are those of an async runtime or a thread pool.
    pub(super) fn is_of_workers(self) -> bool {
        self.lanes() == LaneSet::Workers
    }

    pub(super) fn culprit(self) -> Culprit {
        let hold = match self.0 >> HOLD & 3 {
            0 => HoldKind::Brief,
            1 => HoldKind::Long,
            3 => {
                let number = (self.0 >> LABEL) as u16;
                HoldKind::InSystemCall((number != NO_CALL).then_some(number))
            }
            _ => HoldKind::Asleep(
                Reason::from_bits((self.0 >> REASON) as u8),
                Label((self.0 >> LABEL) as u16),
            ),
        };
        Culprit {
            group: self.group(),
            lanes: self.lanes(),
            hold,
        }
    }

    pub(super) fn victim(self) -> Victim {
        Victim {
            group: self.group(),
            lanes: self.lanes(),
            wait: match self.0 >> HOLD & 3 {
                0 => WaitKind::Queued,
                _ => WaitKind::Unnoticed,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_everything_about_a_culprit_or_a_victim() {
        let group = GroupId(60_001);
        for lanes in [
            LaneSet::Workers,
            LaneSet::BlockingThreads,
            LaneSet::Process(LaneId(65_000)),
            LaneSet::OwnThread,
        ] {
            for hold in [
                HoldKind::Brief,
                HoldKind::Long,
                HoldKind::Asleep(Reason::Barrier, Label(u16::MAX)),
                HoldKind::InSystemCall(Some(230)),
                HoldKind::InSystemCall(None),
            ] {
                let culprit = Culprit { group, lanes, hold };
                assert_eq!(Key::of(culprit).culprit(), culprit);
                for wait in [WaitKind::Queued, WaitKind::Unnoticed] {
                    let victim = Victim { group, lanes, wait };
                    assert_eq!(Key::of_victim(victim).victim(), victim);
                    assert!(Key::of(culprit).has_lanes_of(Key::of_victim(victim)));
                }
            }
        }
        let victim = |lanes| {
            let wait = WaitKind::Queued;
            Key::of_victim(Victim { group, lanes, wait })
        };
        assert!(!victim(LaneSet::Process(LaneId(1))).has_lanes_of(victim(LaneSet::Process(LaneId(2)))));
        assert!(!victim(LaneSet::Workers).has_lanes_of(victim(LaneSet::BlockingThreads)));
    }
}
