//! The identities, names and rings of a run's lanes.

use crate::probe::lane_shared::LaneShared;
use crate::record::{Definition, LaneId, LaneKind, LaneSample, Nanos, ProcessClock, Record};
use rtrb::{Consumer, Producer, RingBuffer};
use std::collections::HashMap;
use std::sync::Arc;

/// The size of the ring of a thread that many tasks share, in records. The ring has 2 MiB and fills
/// in 13 ms at 5 million records per second.
const SHARED_RING: usize = 64 * 1024;
/// The size of the ring of any other thread, in records. There may be hundreds of such threads, and
/// their slices are long.
pub(super) const OTHER_RING: usize = 8 * 1024;
/// The size of the ring of a thread beyond the first [`MANY_LANES`], in records. The ring has 16
/// KiB.
const SMALL_RING: usize = 512;
/// If a kind has this many lanes, further lanes of the kind have small rings. If each task has its
/// own thread, there may be thousands of lanes.
const MANY_LANES: usize = 256;

/// The identity of a lane. When the lane's thread has ended, the next thread that does the same
/// work gets the same identity. Blocking threads are short-lived, so a run of several hours would
/// otherwise have thousands of lanes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::probe) struct LaneIdentity {
    pub id: LaneId,
    kind: LaneKind,
    /// The number of the worker, or `None` for other threads.
    worker: Option<usize>,
    /// How long earlier threads with this identity were on a core.
    pub on_cpu: Nanos,
    pub waiting: Nanos,
}

impl LaneIdentity {
    /// Adds the times of earlier threads to a sample of the lane's present thread.
    pub(in crate::probe) fn total(&self, sample: LaneSample) -> LaneSample {
        LaneSample {
            on_cpu: self.on_cpu + sample.on_cpu,
            waiting: self.waiting + sample.waiting,
            ..sample
        }
    }
}

/// The part of a lane that the monitor uses.
pub(in crate::probe) struct LaneReader {
    pub identity: LaneIdentity,
    pub ring: Consumer<Record<ProcessClock>>,
    pub shared: Arc<LaneShared>,
}

/// The lanes of a run.
#[derive(Default)]
pub(super) struct Lanes {
    next: u16,
    /// The identities of lanes whose threads have ended and whose records have all been collected.
    free: Vec<LaneIdentity>,
    /// The number of lanes so far, by kind.
    of_kind: HashMap<LaneKind, usize>,
    /// The number of lanes so far, by worker.
    of_worker: HashMap<usize, u32>,
}

impl Lanes {
    /// The next number for a lane. Returns `None` if no number is left.
    pub(super) fn next_id(&mut self) -> Option<LaneId> {
        let id = LaneId(self.next);
        if id == LaneId::NONE {
            return None;
        }
        self.next += 1;
        Some(id)
    }

    /// Makes the calling thread a lane, and returns both ends of its ring. Returns `None` if no
    /// number is left.
    pub(super) fn open(
        &mut self,
        kind: LaneKind,
        worker: Option<usize>,
        definitions: &mut Vec<Definition>,
    ) -> Option<(Producer<Record<ProcessClock>>, LaneReader)> {
        let others = self.of_kind.get(&kind).copied().unwrap_or(0);
        let is_free = |lane: &LaneIdentity| (lane.kind, lane.worker) == (kind, worker);
        let identity = match self.free.iter().position(is_free) {
            Some(index) => self.free.swap_remove(index),
            None => self.new_identity(kind, worker, definitions)?,
        };
        let (producer, consumer) = RingBuffer::new(ring_size(kind, others));
        let reader = LaneReader {
            identity,
            ring: consumer,
            shared: Arc::new(LaneShared::of_this_thread()),
        };
        Some((producer, reader))
    }

    pub(super) fn free(&mut self, lane: LaneIdentity) {
        self.free.push(lane);
    }

    fn new_identity(
        &mut self,
        kind: LaneKind,
        worker: Option<usize>,
        definitions: &mut Vec<Definition>,
    ) -> Option<LaneIdentity> {
        let id = self.next_id()?;
        let of_kind = self.of_kind.entry(kind).or_default();
        let number = worker.unwrap_or(*of_kind);
        *of_kind += 1;
        let mut name = format!("{} {number}", kind.into_str());
        if let Some(worker) = worker {
            let of_worker = self.of_worker.entry(worker).or_default();
            *of_worker += 1;
            // `block_in_place` hands a worker's core to another thread. The other thread then
            // becomes a second lane of the worker.
            if *of_worker > 1 {
                name += &format!("/{of_worker}");
            }
        }
        definitions.push(Definition::Lane { id, kind, name });
        Some(LaneIdentity {
            id,
            kind,
            worker,
            on_cpu: Nanos::ZERO,
            waiting: Nanos::ZERO,
        })
    }
}

/// The size of the ring of a new lane of this kind, in records. There are already `others` lanes of
/// this kind.
fn ring_size(kind: LaneKind, others: usize) -> usize {
    match kind {
        LaneKind::Worker | LaneKind::Pool | LaneKind::Process => SHARED_RING,
        LaneKind::Blocking | LaneKind::Thread if others < MANY_LANES => OTHER_RING,
        LaneKind::Blocking | LaneKind::Thread => SMALL_RING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_many_tasks_share_have_large_rings_and_numerous_threads_have_small_rings() {
        let mut lanes = Lanes::default();
        let mut slots = |kind| {
            let (ring, _) = lanes.open(kind, None, &mut Vec::new()).expect("a lane");
            ring.slots()
        };
        for kind in [LaneKind::Worker, LaneKind::Pool, LaneKind::Process] {
            assert_eq!(slots(kind), 65_536, "{kind:?}");
        }
        let threads: Vec<_> = (0..=MANY_LANES).map(|_| slots(LaneKind::Thread)).collect();
        assert_eq!((threads.first(), threads.last()), (Some(&8_192), Some(&512)));
    }

    #[test]
    fn a_second_thread_of_a_worker_has_its_own_name() {
        let (mut lanes, mut definitions) = (Lanes::default(), Vec::new());
        let threads = [
            (LaneKind::Worker, Some(0)),
            (LaneKind::Worker, Some(1)),
            (LaneKind::Worker, Some(1)),
            (LaneKind::Blocking, None),
            (LaneKind::Blocking, None),
            (LaneKind::Thread, None),
        ];
        for (kind, worker) in threads {
            lanes.open(kind, worker, &mut definitions).expect("a lane");
        }
        let names: Vec<_> = definitions
            .into_iter()
            .map(|definition| match definition {
                Definition::Lane { name, .. } => name,
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            "worker 0",
            "worker 1",
            "worker 1/2",
            "blocking 0",
            "blocking 1",
            "thread 0",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_thread_takes_the_free_identity_of_a_thread_that_did_the_same_work() {
        let (mut lanes, mut definitions) = (Lanes::default(), Vec::new());
        let mut open = |lanes: &mut Lanes, kind| lanes.open(kind, None, &mut definitions).expect("a lane").1.identity;
        let first = open(&mut lanes, LaneKind::Blocking);
        lanes.free(first);
        assert_ne!(open(&mut lanes, LaneKind::Thread).id, first.id);
        assert_eq!(open(&mut lanes, LaneKind::Blocking).id, first.id);
    }
}
