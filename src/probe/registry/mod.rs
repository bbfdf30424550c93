//! The data that the measured threads of one run share: the identities of lanes, the groups, and
//! the records of threads that are not lanes. No thread accesses this data between two polls of a
//! known task.

mod groups;
mod lanes;

pub use groups::Group;
pub(super) use lanes::{LaneIdentity, LaneReader};

use super::clock::{ClockOffset, RunStart};
use super::lane_shared::LaneShared;
use super::sync::{AtomicBool, AtomicU32, AtomicU64, Relaxed, SeqCst, fence};
use super::task_slot::TaskSlot;
use super::timer_ticks::TimerTicks;
use crate::record::{
    Definition, GroupId, LaneId, LaneKind, LostSlices, Outcome, ProcessClock, ProcessInstant, Record, RunClock,
    RunInstant, TaskId, TaskSums,
};
use groups::Groups;
use lanes::Lanes;
use parking_lot::{Mutex, MutexGuard};
use rtrb::Producer;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::{Arc, Weak};

/// The first id that tasklab assigns to a task itself. tokio's ids begin at 1 and stay below this
/// id.
const OWN_IDS: u32 = 1 << 31;
/// The first id that a worker process assigns to a task. Each worker process has its own range of
/// ids, and all ranges start at or after this id.
pub const REMOTE_IDS: u32 = OWN_IDS + (1 << 30);

/// If a range of ids has at most this many ids left, the run ends. The machine cannot spawn that
/// many tasks before the run has ended.
const RESERVED_IDS: u32 = 1 << 24;

/// The slot of a task whose owner is a registry.
pub(super) type RegisteredTask = TaskSlot<Arc<Registry>>;

/// The data that the measured threads of one run share with each other and with the collector.
pub struct Registry {
    /// When the run began, by this process's clock.
    run_start: AtomicU64,
    next_task_id: AtomicU32,
    is_out_of_ids: AtomicBool,
    /// The number of slices on threads that cannot become lanes. When the collector takes this
    /// count, the count starts again at zero.
    unrecorded_slices: AtomicU64,
    /// The number of jobs, since the run's start, on threads that cannot become lanes.
    unrecorded_jobs: AtomicU64,
    /// The ticks of the runtime's timer.
    ticks: TimerTicks,
    end: EndOfRun,
    state: Mutex<State>,
}

/// When the run ended. Each poll reads this instant, so it has a cache line that rarely changes.
/// [`ProcessInstant::MAX`] while the run goes on, and zero while a thread ends the run. This thread
/// holds the lock of the registry.
#[repr(align(64))]
struct EndOfRun(AtomicU64);

struct State {
    lanes: Lanes,
    groups: Groups,
    pending: Pending,
}

/// The data that the collector has not taken yet.
#[derive(Default)]
pub(super) struct Pending {
    pub lanes: Vec<LaneReader>,
    pub definitions: Vec<Definition>,
    /// A task owns its registry, so the registry must not own a task: after the last batch, nobody
    /// takes this data.
    pub tasks: Vec<Weak<RegisteredTask>>,
    pub records: Vec<Record<ProcessClock>>,
    /// The numbers of repetitions whose records were lost.
    pub repetitions_lost: HashMap<(GroupId, Outcome, bool), u64>,
    /// The sums of tasks that have ended and have lost records.
    pub sums: Vec<TaskSums<ProcessClock>>,
    /// The lost slices of tasks without sums.
    pub lost_slices: HashMap<TaskId, LostSlices<ProcessClock>>,
}

impl Registry {
    /// Creates a registry whose run starts now.
    pub fn new() -> Arc<Registry> {
        Registry::of_process(OWN_IDS, 0, 1)
    }

    /// Creates a registry whose run starts now, in one of `processes` processes that share a run.
    /// The ids of its tasks begin at `first_id`. Within their groups, its tasks have the indexes
    /// `process`, `process + processes` and so on.
    pub fn of_process(first_id: u32, process: u32, processes: u32) -> Arc<Registry> {
        Arc::new(Registry {
            run_start: AtomicU64::new(super::now().0),
            next_task_id: AtomicU32::new(first_id),
            is_out_of_ids: AtomicBool::new(false),
            unrecorded_slices: AtomicU64::new(0),
            unrecorded_jobs: AtomicU64::new(0),
            ticks: TimerTicks::default(),
            end: EndOfRun(AtomicU64::new(ProcessInstant::MAX.0)),
            state: Mutex::new(State {
                lanes: Lanes::default(),
                groups: Groups::new(process, processes),
                pending: Pending::default(),
            }),
        })
    }

    /// Sets the run's start to the present instant. Workers may have been started since the
    /// registry was created. Must be called before the first record.
    pub fn start(&self) {
        self.run_start.store(super::now().0, Relaxed);
    }

    /// When the run began.
    pub fn run_start(&self) -> RunStart {
        RunStart(ProcessInstant::new(self.run_start.load(Relaxed)))
    }

    /// The present instant of the run.
    pub fn run_now(&self) -> RunInstant {
        self.run_start().to_run(super::now())
    }

    /// Ends the run, and returns the instant of the end. Must be called before the first task is
    /// stopped. Only the first call ends the run.
    pub fn end_run(&self) -> ProcessInstant {
        // The clock is read under the lock. So if a thread has found that the run goes on, the run
        // ends later than every record that this thread has seen before.
        let _state = self.state();
        let end = ProcessInstant::new(self.end.0.load(Relaxed));
        if end < ProcessInstant::MAX {
            return end;
        }
        // A thread that reads zero waits for the lock. So a slice that ends later than the run is
        // always cut at the end of the run.
        self.end.0.store(0, Relaxed);
        fence(SeqCst);
        let at = super::now();
        self.end.0.store(at.0, Relaxed);
        at
    }

    /// The end of the run. While the run goes on, this is [`ProcessInstant::MAX`]: then each
    /// instant that the calling thread has read from the clock before is part of the run.
    #[inline]
    pub(super) fn end_of_run(&self) -> ProcessInstant {
        match self.end.0.load(Relaxed) {
            0 => self.end_under_lock(),
            end => ProcessInstant::new(end),
        }
    }

    /// When the run ended; `None` while the run goes on. If a thread ends the run at present, this
    /// method waits for the end.
    pub(super) fn ended_at(&self) -> Option<ProcessInstant> {
        Some(self.end_under_lock()).filter(|&end| end < ProcessInstant::MAX)
    }

    #[cold]
    fn end_under_lock(&self) -> ProcessInstant {
        let _state = self.state();
        ProcessInstant::new(self.end.0.load(Relaxed))
    }

    /// Measures how far `CLOCK_MONOTONIC` is ahead of the run's clock at present.
    pub fn clock_offset(&self) -> ClockOffset<RunClock> {
        ClockOffset::of_run(self.run_start())
    }

    /// The ticks of the runtime's timer. There are none if the run has no runtime.
    pub(super) fn ticks(&self) -> &TimerTicks {
        &self.ticks
    }

    /// A number for a lane of another process. The caller must define the lane. Returns `None` if
    /// no number is left.
    pub fn remote_lane(&self) -> Option<LaneId> {
        self.state().lanes.next_id()
    }

    /// The scenario's group with this name. The first call defines the group.
    pub fn group_named(&self, name: &str) -> Arc<Group> {
        let State { groups, pending, .. } = &mut *self.state();
        groups.named(name, &mut pending.definitions)
    }

    /// Like [`group_named`](Registry::group_named), but returns `None` instead of defining more than
    /// `most` groups.
    pub(crate) fn group_within(&self, most: usize, name: &str) -> Option<Arc<Group>> {
        let State { groups, pending, .. } = &mut *self.state();
        let has_room = groups.len() < most || groups.has_named(name);
        has_room.then(|| groups.named(name, &mut pending.definitions))
    }

    /// The name of a group.
    pub(super) fn group_name(&self, id: GroupId) -> String {
        self.state().groups.name(id).to_owned()
    }

    /// Adds definitions that the registry itself does not create.
    pub fn define(&self, definitions: impl IntoIterator<Item = Definition>) {
        self.state().pending.definitions.extend(definitions);
    }

    /// The group of the tasks that a library spawns at this place in its code.
    pub(super) fn library_group(&self, location: &'static Location<'static>) -> Arc<Group> {
        let State { groups, pending, .. } = &mut *self.state();
        groups.of_library(location, &mut pending.definitions)
    }

    /// Whether a library has spawned tasks at this place in its code.
    pub(super) fn has_library_group(&self, location: &Location<'_>) -> bool {
        self.state().groups.has_library(location)
    }

    /// The group of the jobs that tasks of `parent` hand to the blocking pool.
    pub(super) fn offload_group(&self, parent: GroupId) -> Arc<Group> {
        let State { groups, pending, .. } = &mut *self.state();
        groups.of_offload(parent, &mut pending.definitions)
    }

    /// A new id for a task that tokio does not run.
    ///
    /// # Panics
    /// Panics long after [`is_out_of_ids`](Registry::is_out_of_ids) returns `true`.
    pub(super) fn next_task_id(&self) -> TaskId {
        let id = self.next_task_id.fetch_add(1, Relaxed);
        // The parent of a worker process checks that the worker stays within its own range.
        if (REMOTE_IDS - RESERVED_IDS..REMOTE_IDS).contains(&id) {
            self.is_out_of_ids.store(true, Relaxed);
        }
        TaskId::new(id).expect("a run ends before its ids are used up")
    }

    /// The id of a task with this number in tokio. `None` if tasklab assigns the id to other tasks.
    #[inline]
    pub(super) fn id_in_tokio(number: u64) -> Option<TaskId> {
        let id = u32::try_from(number).ok().filter(|&id| id < OWN_IDS)?;
        TaskId::new(id)
    }

    /// Notes that tokio has given this number to a new task.
    pub(super) fn note_number_in_tokio(&self, number: u64) {
        if number >= u64::from(OWN_IDS - RESERVED_IDS) {
            self.is_out_of_ids.store(true, Relaxed);
        }
    }

    /// Whether the ids for tasks are nearly used up. If they are, the run must end, because two
    /// tasks must not have the same id.
    pub(super) fn is_out_of_ids(&self) -> bool {
        self.is_out_of_ids.load(Relaxed)
    }

    /// From now on, the monitor reads the stamps of this task.
    pub(super) fn watch(&self, task: &Arc<RegisteredTask>) {
        self.state().pending.tasks.push(Arc::downgrade(task));
    }

    /// Takes a record from a thread that is not a lane, such as the presenter's thread or a thread
    /// that shuts down a runtime.
    pub fn record_off_lane(&self, record: Record<ProcessClock>) {
        self.state().pending.records.push(record);
    }

    /// Counts a repetition whose record was lost. This method takes a lock, but only in a run that
    /// already loses records.
    pub(super) fn count_lost_repetition(&self, group: GroupId, outcome: Outcome, branch: bool) {
        *self
            .state()
            .pending
            .repetitions_lost
            .entry((group, outcome, branch))
            .or_default() += 1;
    }

    /// Adds the last sums of a task that has lost records. This takes a lock, but only in a run
    /// that already loses records.
    fn add_sums(&self, sums: TaskSums<ProcessClock>) {
        self.state().pending.sums.push(sums);
    }

    /// Counts lost slices of a task without sums. This takes a lock, but only in a run that already
    /// loses records.
    pub(super) fn count_lost_slices(&self, lost: LostSlices<ProcessClock>) {
        let slices = &mut self.state().pending.lost_slices;
        slices
            .entry(lost.task)
            .and_modify(|slices| slices.add(lost))
            .or_insert(lost);
    }

    /// Makes the calling thread a lane of this kind. If the thread runs an async worker, `worker`
    /// is the worker's number. Returns `None` if no number for a lane is left.
    pub(super) fn new_lane(
        &self,
        kind: LaneKind,
        worker: Option<usize>,
    ) -> Option<(Producer<Record<ProcessClock>>, Arc<LaneShared>)> {
        let State { lanes, pending, .. } = &mut *self.state();
        let (ring, reader) = lanes.open(kind, worker, &mut pending.definitions)?;
        let shared = reader.shared.clone();
        pending.lanes.push(reader);
        Some((ring, shared))
    }

    /// Makes the identity of a lane available again. The lane's thread has ended, and the collector
    /// has all its records.
    pub(super) fn free_lane(&self, lane: LaneIdentity) {
        self.state().lanes.free(lane);
    }

    /// Counts a slice on a thread that cannot become a lane. `is_job` says whether the slice was a
    /// job.
    pub(super) fn count_unrecorded_slice(&self, is_job: bool) {
        self.unrecorded_slices.fetch_add(1, Relaxed);
        self.unrecorded_jobs.fetch_add(is_job.into(), Relaxed);
    }

    /// Two counts for the threads that cannot become lanes: their slices since the last call, and
    /// their jobs since the run's start.
    pub(super) fn take_unrecorded(&self) -> (u64, u64) {
        (
            self.unrecorded_slices.swap(0, Relaxed),
            self.unrecorded_jobs.load(Relaxed),
        )
    }

    /// Takes the data that the collector has not taken yet.
    pub(super) fn take_pending(&self) -> Pending {
        std::mem::take(&mut self.state().pending)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl RegisteredTask {
    /// Hands the sums of an ended task over to the collector, if the task has lost records. The
    /// collector may not know the task, if the task lived only for a short time.
    pub(super) fn hand_over_sums(&self) {
        if let Some(sums) = self.last_sums() {
            self.owner.add_sums(sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Collector, TaskHandle, lane};
    use crate::record::{Label, Lost, LostTime, Nanos, Reason, RepetitionsLost};

    #[test]
    fn slices_on_a_thread_that_cannot_become_a_lane_are_counted() {
        let registry = Registry::new();
        let numbers: Vec<_> = std::iter::from_fn(|| registry.remote_lane()).collect();
        assert_eq!((numbers.len(), numbers.last()), (65_535, Some(&LaneId(65_534))));
        let group = registry.group_named("a");
        let task = TaskHandle::new(&registry, &group);
        for _ in 0..2 {
            task.run_job(ProcessInstant::ZERO, Reason::Unknown, || ());
        }
        let batch = Collector::new(registry, None).batch();
        let lost = Lost {
            lane: LaneId::NONE,
            slices: 2,
            others: 0,
            time: LostTime::default(),
        };
        assert_eq!(batch.lost, [lost]);
        assert_eq!(batch.jobs, 2);
    }

    #[test]
    fn tasks_that_are_spawned_after_the_last_batch_keep_no_registry() {
        let registry = Registry::new();
        let group = registry.group_named("late");
        let mut collector = Collector::new(registry.clone(), None);
        let early = TaskHandle::new(&registry, &group);
        drop(collector.batch());
        let late = TaskHandle::new(&registry, &group);
        late.end(Outcome::Cancelled);
        let left = Arc::downgrade(&registry);
        drop((registry, group, collector, early, late));
        assert_eq!(left.strong_count(), 0);
    }

    #[test]
    fn ids_of_tokio_are_never_ids_that_tasklab_assigns() {
        let id = |number| Registry::id_in_tokio(number).map(TaskId::get);
        assert_eq!((id(1), id((1 << 31) - 1)), (Some(1), Some((1 << 31) - 1)));
        assert_eq!([0, 1 << 31, u64::from(u32::MAX), (1 << 32) + 1].map(id), [None; 4]);
    }

    #[test]
    fn a_registry_knows_in_time_that_its_ids_are_used_up() {
        let registry = Registry::of_process(REMOTE_IDS - RESERVED_IDS - 1, 0, 1);
        registry.next_task_id();
        registry.note_number_in_tokio((1 << 31) - (1 << 24) - 1);
        assert!(!registry.is_out_of_ids());
        registry.next_task_id();
        assert!(registry.is_out_of_ids());

        let registry = Registry::new();
        registry.note_number_in_tokio((1 << 31) - (1 << 24));
        assert!(registry.is_out_of_ids());
    }

    #[test]
    fn a_full_ring_drops_and_counts_records_but_never_drops_a_spawn_an_orphaning_an_end_or_a_block() {
        let registry = Registry::new();
        let group = registry.group_named("a");
        let task = TaskHandle::new(&registry, &group);
        let (all, failed) = (lanes::OTHER_RING as u64 + 500, 20);
        task.run_job(ProcessInstant::ZERO, Reason::Unknown, || {
            for number in 0..all {
                let outcome = if number < all - failed {
                    Outcome::Completed
                } else {
                    Outcome::Failed
                };
                task.record_repetition(ProcessInstant::ZERO, outcome);
            }
            lane::blocking(Reason::Timer, Label::NONE, || {
                std::thread::sleep(std::time::Duration::from_millis(5));
            });
            assert!(task.orphan());
            task.end(Outcome::Failed);
        });
        let batch = Collector::new(registry, None).batch();
        let count = |is: fn(&Record) -> bool| batch.records.iter().filter(|(_, record)| is(record)).count() as u64;
        let recorded = count(|record| matches!(record, Record::Repetition(_)));
        let mut lost = batch.repetitions_lost.clone();
        lost.sort_by_key(|lost| lost.outcome);
        let expected = [(Outcome::Completed, all - failed - recorded), (Outcome::Failed, failed)];
        let expected = expected.map(|(outcome, count)| RepetitionsLost {
            group: group.id,
            outcome,
            count,
            branch: false,
        });
        assert_eq!(lost, expected);
        assert_eq!((batch.lost[0].slices, batch.lost[0].others), (1, all - recorded));
        let time = batch.lost[0].time;
        assert!(
            time.blocking >= Nanos::from_millis(5) && time.running > Nanos::ZERO,
            "{time:?}"
        );
        assert_eq!(count(|record| matches!(record, Record::Step(step) if step.blocking)), 1);
        assert_eq!(count(|record| matches!(record, Record::Orphaned(_))), 1);
        assert_eq!(count(|record| matches!(record, Record::Ended(_))), 1);
    }
}
