//! What the measured threads of one run share: who the lanes are, what the groups are called, and the way out for
//! records of threads that are no lanes. Nothing here is touched between two polls of a known task.

use super::clock::{ClockOffset, RunStart};
use super::lane::LaneShared;
use super::task::TaskSlot;
use crate::record::{
    Definition, GroupId, LaneId, LaneKind, LaneSample, Nanos, Outcome, ProcessClock, ProcessInstant, Record, RunClock,
    RunInstant, TaskId,
};
use rtrb::{Consumer, Producer, RingBuffer};
use std::collections::HashMap;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Records the ring of a thread holds that many tasks share: 2 MiB, which is 7 ms of a storm at 9 M records a second.
const SHARED_RING: usize = 64 * 1024;
/// Records another thread's ring holds. There may be hundreds of such threads, and their slices are long.
const OTHER_RING: usize = 8 * 1024;
/// Records the ring of one of very many threads holds: 16 KiB.
const SMALL_RING: usize = 512;
/// From so many lanes of a kind on, a further one has a small ring: a task that has its thread to itself may be one of thousands.
const MANY_LANES: usize = 256;
/// Ids that tasklab gives out itself begin here, above those of tokio, which count from 1.
const OWN_IDS: u32 = 1 << 31;
/// From here on they are given out by worker processes, each of which has a part of them.
pub const IDS_ELSEWHERE: u32 = OWN_IDS + (1 << 30);

/// The shared side of one run's probe.
pub struct Registry {
    /// The run's start, by this process's clock.
    start: AtomicU64,
    next_own_id: AtomicU32,
    /// Slices that nobody has recorded, for want of a lane.
    unseen: AtomicU64,
    /// Those of them, since the beginning, that were jobs.
    unseen_jobs: AtomicU64,
    state: Mutex<State>,
}

/// A lane's identity and name. When its thread is over, the next thread that does the same takes it: blocking threads come
/// and go, and a run of hours would have thousands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LaneIdentity {
    pub(super) id: LaneId,
    kind: LaneKind,
    /// The worker's number; nothing for other threads.
    worker: Option<usize>,
    /// What earlier threads on it have had, by the kernel's account.
    pub(super) on_cpu: Nanos,
    pub(super) waiting: Nanos,
}

impl LaneIdentity {
    /// A sample of the lane's present thread, with what the threads before it have had.
    pub(super) fn total(&self, sample: LaneSample) -> LaneSample {
        LaneSample {
            on_cpu: self.on_cpu + sample.on_cpu,
            waiting: self.waiting + sample.waiting,
            ..sample
        }
    }
}

/// The monitor's end of one lane.
pub(super) struct LaneEnd {
    pub(super) seat: LaneIdentity,
    pub(super) ring: Consumer<Record<ProcessClock>>,
    pub(super) shared: Arc<LaneShared>,
}

#[derive(Default)]
struct State {
    /// Which of how many processes this is.
    process: u32,
    processes: u32,
    lanes: u16,
    /// Lanes whose thread is over and whose records have all been collected.
    free: Vec<LaneIdentity>,
    /// Lanes so far of each kind.
    of_kind: HashMap<LaneKind, usize>,
    /// Lanes so far of each worker.
    of_worker: HashMap<usize, u32>,
    groups: Vec<Arc<Group>>,
    by_name: HashMap<String, Arc<Group>>,
    by_location: HashMap<&'static Location<'static>, Arc<Group>>,
    offload: HashMap<GroupId, Arc<Group>>,
    news: Pending,
}

/// What the collector has not seen yet.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) lanes: Vec<LaneEnd>,
    pub(super) definitions: Vec<Definition>,
    pub(super) tasks: Vec<Arc<TaskSlot>>,
    pub(super) records: Vec<Record<ProcessClock>>,
    /// Repetitions whose records were lost.
    pub(super) repetitions_lost: HashMap<(GroupId, Outcome), u64>,
}

/// A group of tasks, as those who spawn see it.
pub struct Group {
    /// Its number.
    pub id: GroupId,
    name: String,
    next_index: AtomicU32,
    /// From one number to the next.
    step: u32,
}

impl Group {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next task's number within the group, from 0.
    pub(super) fn next_index(&self) -> u32 {
        self.next_index.fetch_add(self.step, Relaxed)
    }
}

impl Registry {
    /// A registry whose run starts now.
    pub fn new() -> Arc<Registry> {
        Registry::numbering(OWN_IDS, 0, 1)
    }

    /// A registry whose run starts now, in one of `processes` that share a run: this one gives its tasks the identities from `first` on,
    /// and, within their groups, the numbers `process`, `process + processes` and so on.
    pub fn numbering(first: u32, process: u32, processes: u32) -> Arc<Registry> {
        Arc::new(Registry {
            start: AtomicU64::new(super::now().0),
            next_own_id: AtomicU32::new(first),
            unseen: AtomicU64::new(0),
            unseen_jobs: AtomicU64::new(0),
            state: Mutex::new(State {
                process,
                processes,
                ..State::default()
            }),
        })
    }

    /// The run starts now, and not when the registry was made: since then workers may have been started. Nothing has been recorded yet.
    pub fn start(&self) {
        self.start.store(super::now().0, Relaxed);
    }

    /// When the run began.
    pub fn run_start(&self) -> RunStart {
        RunStart(ProcessInstant::new(self.start.load(Relaxed)))
    }

    /// The present instant of the run.
    pub fn run_now(&self) -> RunInstant {
        self.run_start().to_run(super::now())
    }

    /// How far `CLOCK_MONOTONIC` is ahead of the run's clock, measured now.
    pub fn clock_offset(&self) -> ClockOffset<RunClock> {
        ClockOffset::of_run(self.run_start())
    }

    /// A lane of another process; nobody else has its number. Who asks defines it. `None`: there are no numbers left.
    pub fn lane_elsewhere(&self) -> Option<LaneId> {
        self.state().next_lane()
    }

    /// The scenario's group of this name, which begins to exist when it is first asked for.
    pub fn group_named(&self, name: &str) -> Arc<Group> {
        self.state().group_named(name)
    }

    /// What a group is called.
    pub(super) fn group_name(&self, id: GroupId) -> String {
        self.state().groups[usize::from(id.0)].name.clone()
    }

    /// Defines something that the registry does not number itself.
    pub fn define(&self, definitions: impl IntoIterator<Item = Definition>) {
        self.state().news.definitions.extend(definitions);
    }

    /// The group of tasks that a library spawns from this place.
    pub(super) fn library_group(&self, location: &'static Location<'static>) -> Arc<Group> {
        let mut state = self.state();
        if let Some(group) = state.by_location.get(location) {
            return group.clone();
        }
        let name = format!("{}:{}", short_path(location.file()), location.line());
        let group = state.define_group(&name, true);
        state.by_location.insert(location, group.clone());
        group
    }

    /// Whether a library has spawned tasks from this place.
    pub(super) fn is_librarys(&self, location: &Location<'_>) -> bool {
        self.state().by_location.contains_key(location)
    }

    /// The group of the blocking-pool jobs that tasks of `parent` hand over.
    pub(super) fn offload_group(&self, parent: GroupId) -> Arc<Group> {
        let mut state = self.state();
        if let Some(group) = state.offload.get(&parent) {
            return group.clone();
        }
        let name = format!("{} offload", state.groups[usize::from(parent.0)].name);
        let group = state.group_named(&name);
        state.offload.insert(parent, group.clone());
        group
    }

    /// A fresh identity for a task that is not tokio's.
    pub(super) fn own_id(&self) -> TaskId {
        TaskId::new(self.next_own_id.fetch_add(1, Relaxed)).expect("two thousand million tasks do not fit into a run")
    }

    /// Lets the monitor look at this task's wake-ups.
    pub(super) fn watch(&self, slot: &Arc<TaskSlot>) {
        self.state().news.tasks.push(slot.clone());
    }

    /// Takes a record from a thread that is no lane: the presenter's, or one that shuts a runtime down.
    pub fn outside(&self, record: Record<ProcessClock>) {
        self.state().news.records.push(record);
    }

    /// A repetition counts, though there was no room for its record. (It waits for a lock, in a storm that has been lost already.)
    pub(super) fn repetition_lost(&self, group: GroupId, outcome: Outcome) {
        *self.state().news.repetitions_lost.entry((group, outcome)).or_default() += 1;
    }

    /// Makes the calling thread a lane of this kind: `worker` is the number of the async worker that it runs, if it does. `None`:
    /// there are as many lanes as can be told apart.
    pub(super) fn new_lane(
        &self,
        kind: LaneKind,
        worker: Option<usize>,
    ) -> Option<(Producer<Record<ProcessClock>>, Arc<LaneShared>)> {
        let mut state = self.state();
        let others = state.of_kind.get(&kind).copied().unwrap_or(0);
        let free = state.free.iter().position(|s| (s.kind, s.worker) == (kind, worker));
        let seat = match free {
            Some(at) => state.free.swap_remove(at),
            None => state.new_seat(kind, worker)?,
        };
        let (producer, consumer) = RingBuffer::new(ring(kind, others));
        let shared = Arc::new(LaneShared::new());
        state.news.lanes.push(LaneEnd {
            seat,
            ring: consumer,
            shared: shared.clone(),
        });
        Some((producer, shared))
    }

    /// A slice, maybe of a job, goes by on a thread that cannot become a lane.
    pub(super) fn unseen(&self, job: bool) {
        self.unseen.fetch_add(1, Relaxed);
        self.unseen_jobs.fetch_add(job.into(), Relaxed);
    }

    /// Slices that went by on threads that are no lanes since this was asked last, and how many so far were jobs.
    pub(super) fn take_unseen(&self) -> (u64, u64) {
        (self.unseen.swap(0, Relaxed), self.unseen_jobs.load(Relaxed))
    }

    /// This lane's thread is over, and all that it wrote has been collected.
    pub(super) fn vacate(&self, seat: LaneIdentity) {
        self.state().free.push(seat);
    }

    pub(super) fn news(&self) -> Pending {
        std::mem::take(&mut self.state().news)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every critical section above leaves the state whole, wherever it panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_lane(&mut self) -> Option<LaneId> {
        let id = LaneId(self.lanes);
        if id == LaneId::NONE {
            return None;
        }
        self.lanes += 1;
        Some(id)
    }

    fn new_seat(&mut self, kind: LaneKind, worker: Option<usize>) -> Option<LaneIdentity> {
        let id = self.next_lane()?;
        let before = self.of_kind.entry(kind).or_default();
        let number = worker.unwrap_or(*before);
        *before += 1;
        let mut name = format!("{} {number}", kind.into_str());
        if let Some(worker) = worker {
            let before = self.of_worker.entry(worker).or_default();
            *before += 1;
            // `block_in_place` hands a worker's core to another thread, which is then a second lane of that worker.
            if *before > 1 {
                name += &format!("/{before}");
            }
        }
        self.news.definitions.push(Definition::Lane { id, kind, name });
        Some(LaneIdentity {
            id,
            kind,
            worker,
            on_cpu: Nanos::ZERO,
            waiting: Nanos::ZERO,
        })
    }

    fn group_named(&mut self, name: &str) -> Arc<Group> {
        if let Some(group) = self.by_name.get(name) {
            return group.clone();
        }
        let group = self.define_group(name, false);
        self.by_name.insert(name.to_owned(), group.clone());
        group
    }

    fn define_group(&mut self, name: &str, library: bool) -> Arc<Group> {
        let id = GroupId(u16::try_from(self.groups.len()).unwrap_or(u16::MAX));
        let group = Arc::new(Group {
            id,
            name: name.to_owned(),
            next_index: AtomicU32::new(self.process),
            step: self.processes,
        });
        self.groups.push(group.clone());
        self.news.definitions.push(Definition::Group {
            id,
            name: name.to_owned(),
            library,
        });
        group
    }
}

/// Records the ring of a further lane of this kind holds, of which there are `others`.
fn ring(kind: LaneKind, others: usize) -> usize {
    match kind {
        LaneKind::Worker | LaneKind::Pool | LaneKind::Process => SHARED_RING,
        LaneKind::Blocking | LaneKind::Thread if others < MANY_LANES => OTHER_RING,
        LaneKind::Blocking | LaneKind::Thread => SMALL_RING,
    }
}

/// A source path without the part that names this machine: `hyper-util-0.1.21/src/rt/tokio.rs`.
fn short_path(path: &str) -> &str {
    match path.split_once("/registry/src/") {
        Some((_, rest)) => rest.split_once('/').map_or(rest, |(_, rest)| rest),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{self, Collector, TaskHandle, lane};
    use crate::record::{Lost, Reason, RepetitionsLost};

    #[test]
    fn a_registry_path_begins_with_its_crate() {
        assert_eq!(
            short_path("/root/.cargo/registry/src/index-1a2b/hyper-1.0/src/rt.rs"),
            "hyper-1.0/src/rt.rs"
        );
        assert_eq!(short_path("src/workload/mod.rs"), "src/workload/mod.rs");
    }

    #[test]
    fn who_cannot_be_told_apart_is_no_lane_and_its_slices_are_counted() {
        let registry = Registry::new();
        let numbers: Vec<_> = std::iter::from_fn(|| registry.lane_elsewhere()).collect();
        assert_eq!((numbers.len(), numbers.last()), (65_535, Some(&LaneId(65_534))));
        let group = registry.group_named("a");
        let task = TaskHandle::new(&registry, &group);
        for _ in 0..2 {
            lane::job(&task, ProcessInstant::ZERO, Reason::Unknown, || ());
        }
        let batch = Collector::new(registry, None).batch();
        let lost = Lost {
            lane: LaneId::NONE,
            slices: 2,
            others: 0,
        };
        assert_eq!(batch.lost, [lost]);
        assert_eq!(batch.jobs, 2);
    }

    #[test]
    fn what_finds_its_ring_full_is_counted_and_a_life_is_told_in_any_case() {
        let registry = Registry::new();
        let group = registry.group_named("a");
        let task = TaskHandle::new(&registry, &group);
        let (many, failed) = (OTHER_RING as u64 + 500, 20);
        lane::job(&task, ProcessInstant::ZERO, Reason::Unknown, || {
            for number in 0..many {
                let outcome = if number < many - failed {
                    Outcome::Completed
                } else {
                    Outcome::Failed
                };
                lane::repetition(&task, ProcessInstant::ZERO, outcome);
            }
            assert!(probe::orphaned(&task));
            probe::ended(&task, Outcome::Failed);
        });
        let batch = Collector::new(registry, None).batch();
        let told = |what: fn(&Record) -> bool| batch.records.iter().filter(|(_, record)| what(record)).count() as u64;
        let recorded = told(|record| matches!(record, Record::Repetition(_)));
        let mut lost = batch.repetitions_lost.clone();
        lost.sort_by_key(|lost| lost.outcome);
        let expected = [
            (Outcome::Completed, many - failed - recorded),
            (Outcome::Failed, failed),
        ];
        let expected = expected.map(|(outcome, count)| RepetitionsLost {
            group: group.id,
            outcome,
            count,
        });
        assert_eq!(lost, expected);
        assert_eq!((batch.lost[0].slices, batch.lost[0].others), (1, many - recorded));
        assert_eq!(told(|record| matches!(record, Record::Orphaned(_))), 1);
        assert_eq!(told(|record| matches!(record, Record::Ended(_))), 1);
    }

    #[test]
    fn a_pools_thread_may_write_as_much_as_a_runtimes() {
        for kind in [LaneKind::Worker, LaneKind::Pool, LaneKind::Process] {
            let (ring, _) = Registry::new().new_lane(kind, None).expect("a lane");
            assert_eq!(ring.slots(), 65_536, "{kind:?}");
        }
        let registry = Registry::new();
        let rings: Vec<_> = (0..=MANY_LANES)
            .filter_map(|_| registry.new_lane(LaneKind::Thread, None))
            .collect();
        assert_eq!(rings.first().map(|(ring, _)| ring.slots()), Some(8_192));
        assert_eq!(rings.last().map(|(ring, _)| ring.slots()), Some(512));
    }

    #[test]
    fn a_second_thread_of_a_worker_has_a_name_of_its_own() {
        let registry = Registry::new();
        for worker in [0, 1, 1] {
            registry.new_lane(LaneKind::Worker, Some(worker)).expect("a lane");
        }
        for kind in [LaneKind::Blocking, LaneKind::Blocking, LaneKind::Thread] {
            registry.new_lane(kind, None).expect("a lane");
        }
        let names: Vec<_> = registry
            .news()
            .definitions
            .into_iter()
            .map(|d| match d {
                Definition::Lane { name, .. } => name,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            names,
            [
                "worker 0",
                "worker 1",
                "worker 1/2",
                "blocking 0",
                "blocking 1",
                "thread 0"
            ]
        );
    }
}
