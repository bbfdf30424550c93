//! Generates realistic streams of records. The lanes of a real run could write and deliver the
//! records in this order.

mod cut_run;
mod exact_sums;

pub(super) use cut_run::CutRun;

use super::super::*;
use crate::record::*;
use proptest::prelude::*;
use proptest::sample::Index;
use strum::VariantArray;

const LANES: u16 = 3;

/// The length from which a slice of a simulated run is hogging.
pub(super) const HOGGING_POLL: Nanos = Nanos(10);

/// The index of the ring for records that belong to no lane, such as spawns.
const NO_LANE: usize = LANES as usize;

/// A slice that will be simulated. Durations are in units of simulated time.
#[derive(Clone, Debug)]
pub(super) struct PlannedSlice {
    lane: u16,
    task: u32,
    /// The time before the slice in which both the lane and the task are idle.
    idle: u64,
    len: u64,
    queued: u64,
    unnoticed: u64,
    /// The blocking steps: for each step, its start relative to the start of the slice, and its
    /// duration.
    blocking: Vec<(u64, u64)>,
    reason: Reason,
    /// Whether the task ends with this slice.
    pub(super) ends: bool,
    /// Whether the record of the slice is lost because the ring is full.
    lost: bool,
}

impl PlannedSlice {
    pub(super) fn be_of_task(&mut self, task: u32) {
        self.task = task;
    }

    /// Whether the task is dropped while it waits, instead of ending in a slice.
    fn is_dropped(&self) -> bool {
        self.idle.is_multiple_of(4)
    }

    /// The blocking steps of the slice from `start` to `end`.
    fn asleep(&self, unit: u64, start: u64, end: u64) -> Vec<(u64, u64)> {
        let at = |units: u64| (start + units * unit).min(end);
        let blocking = self.blocking.iter();
        blocking.map(|&(offset, len)| (at(offset), at(offset + len))).collect()
    }

    /// The time by which the end of the task precedes the end of its last slice.
    fn tail(&self, len: u64) -> u64 {
        self.queued.min(len)
    }
}

/// The records of a simulated run.
#[derive(Clone, Debug)]
pub(super) struct RecordedRun {
    /// The records of each lane, in the order of writing. The last ring belongs to
    /// [`LaneId::NONE`].
    pub(super) rings: Vec<Vec<Record>>,
    samples: Vec<Sample>,
    pub(super) lost: Vec<Lost>,
    /// The sums of the tasks after each of their slices, in the order of time.
    sums: Vec<TaskSums>,
    /// Whether the lanes and tasks add up the times of their lost slices.
    is_exact: bool,
    live: Live,
    now: RunInstant,
    /// The number of tasks.
    pub(super) spawned: u64,
    /// The number of slices, without lost slices.
    slices: u64,
    /// Whether to deliver the records in order of time.
    in_order: bool,
}

impl RecordedRun {
    /// Returns the same run, but its lanes and tasks add up the times of their lost slices.
    pub(super) fn exact(mut self) -> RecordedRun {
        self.is_exact = true;
        self
    }

    /// Returns the same run, but its records are delivered in order of time across all lanes.
    pub(super) fn in_order(mut self) -> RecordedRun {
        self.in_order = true;
        self
    }
}

fn planned_slice() -> impl Strategy<Value = PlannedSlice> {
    let reason = prop::sample::select(Reason::VARIANTS);
    let blocking = prop::collection::vec((0u64..30, 1u64..20), 0..2);
    (
        (0..LANES, 1u32..7, 0u64..40, 0u64..40),
        (0u64..50, 0u64..50, blocking, reason),
        (prop::bool::weighted(0.05), prop::bool::weighted(0.1)),
    )
        .prop_map(
            |((lane, task, idle, len), (queued, unnoticed, blocking, reason), (ends, lost))| PlannedSlice {
                lane,
                task,
                idle,
                len,
                queued,
                unnoticed,
                blocking,
                reason,
                ends,
                lost,
            },
        )
}

/// Generates fewer than `max` planned slices.
pub(super) fn planned_slices(max: usize) -> impl Strategy<Value = Vec<PlannedSlice>> {
    prop::collection::vec(planned_slice(), 0..max)
}

/// Generates an order of delivery. Each index chooses the lane that delivers the next record.
pub(super) fn delivery() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 1..300)
}

/// The state of a simulation while its slices run one after another.
struct Simulation {
    /// The duration of one unit of simulated time, in nanoseconds.
    unit: u64,
    /// Whether slices may be lost.
    losing: bool,
    rings: Vec<Vec<Record>>,
    lost: Vec<Lost>,
    sums: Vec<TaskSums>,
    samples: Vec<Sample>,
    /// For each lane, the instant at which it becomes free.
    lane_free: [u64; LANES as usize],
    /// For each task, the instant at which it becomes free.
    task_free: HashMap<u32, u64>,
    /// For each task, the start of its last slice, or its spawn.
    task_start: HashMap<u32, u64>,
    ended: Vec<u32>,
    slices: u64,
}

/// Simulates the slices. Each slice runs as soon as its lane and its task are free. One unit of
/// simulated time takes `unit` nanoseconds.
pub(super) fn simulate(slices: &[PlannedSlice], unit: u64, losing: bool) -> RecordedRun {
    let mut simulation = Simulation {
        unit,
        losing,
        rings: vec![Vec::new(); NO_LANE + 1],
        lost: Vec::new(),
        sums: Vec::new(),
        samples: Vec::new(),
        lane_free: [0; LANES as usize],
        task_free: HashMap::new(),
        task_start: HashMap::new(),
        ended: Vec::new(),
        slices: 0,
    };
    for slice in slices {
        if !simulation.ended.contains(&slice.task) {
            simulation.run(slice);
        }
    }
    simulation.finish()
}

impl Simulation {
    fn run(&mut self, planned: &PlannedSlice) {
        let lane = usize::from(planned.lane);
        let task = TaskId::new(planned.task).unwrap();
        let free = self.spawn(planned);
        let start = self.lane_free[lane].max(free) + planned.idle * self.unit;
        let (queued, unnoticed) = self.lateness(planned, start);
        if planned.ends && planned.is_dropped() {
            self.ended.push(planned.task);
            self.task_free.insert(planned.task, start);
            let at = RunInstant::new(start);
            self.rings[NO_LANE].push(Record::Ended(Ended {
                queued,
                unnoticed,
                ..Ended::observed(at, task, Outcome::Cancelled)
            }));
            return;
        }
        let len = CompactDuration::new(Nanos(planned.len * self.unit));
        let end = start + len.get().0;
        self.record_blocking(planned, start, end);
        let slice = Slice {
            start: RunInstant::new(start),
            task,
            len,
            queued,
            unnoticed,
            woken_by: TaskId::new(planned.task / 2),
            label: Label((planned.len % 3) as u16),
            suspended_on: planned.reason,
            branch: false,
        };
        if planned.idle.is_multiple_of(3) {
            let outcome = Outcome::VARIANTS[planned.queued as usize % Outcome::VARIANTS.len()];
            let tail = if planned.ends { planned.tail(end - start) } else { 0 };
            self.rings[lane].push(Record::Repetition(Repetition {
                start: RunInstant::new(start),
                task,
                len: CompactDuration::new(len.get() - Nanos(tail)),
                outcome,
            }));
        }
        if planned.ends {
            self.record_end(planned, start, end);
        }
        let is_lost = self.losing && planned.lost;
        let time = self.add_to_sums(&slice, &planned.asleep(self.unit, start, end), is_lost);
        if is_lost {
            self.lost.push(Lost {
                lane: LaneId(planned.lane),
                slices: 1,
                others: 0,
                time,
            });
        } else {
            self.rings[lane].push(Record::Slice(slice));
            self.slices += 1;
        }
        self.task_start.insert(planned.task, start);
        // The next slice never starts at the same instant, because the clock has advanced.
        self.lane_free[lane] = end + 1;
        self.task_free.insert(planned.task, end + 1);
    }

    /// The times for which the task is queued and unnoticed before its slice at `start`. A task can
    /// be woken for a slice only after its previous slice has begun.
    fn lateness(&self, planned: &PlannedSlice, start: u64) -> (CompactDuration, CompactDuration) {
        let most = start - self.task_start.get(&planned.task).copied().unwrap_or(start);
        let queued = (planned.queued * self.unit).min(most.saturating_sub(1));
        let unnoticed = (planned.unnoticed * self.unit).min(most.saturating_sub(1 + queued));
        (Nanos(queued).into(), Nanos(unnoticed).into())
    }

    /// Records the spawn if this is the task's first slice. Returns the instant at which the task
    /// becomes free.
    fn spawn(&mut self, planned: &PlannedSlice) -> u64 {
        if let Some(&free) = self.task_free.get(&planned.task) {
            return free;
        }
        let at = self.lane_free[usize::from(planned.lane)];
        self.task_start.insert(planned.task, at);
        self.rings[NO_LANE].push(Record::Spawned(Spawned {
            at: RunInstant::new(at),
            task: TaskId::new(planned.task).unwrap(),
            parent: None,
            index: planned.task / 2,
            group: GroupId((planned.task % 2) as u16),
            branch: false,
        }));
        at
    }

    /// Records the blocking steps of a slice. For some slices, adds two kernel samples which show
    /// that the thread slept for the whole slice.
    fn record_blocking(&mut self, planned: &PlannedSlice, start: u64, end: u64) {
        for (from, to) in planned.asleep(self.unit, start, end) {
            let step = Step {
                start: RunInstant::new(from),
                task: TaskId::new(planned.task).unwrap(),
                len: Nanos(to - from).into(),
                label: Label(1),
                blocking: true,
                blocked_on: planned.reason,
                timer_rounding: CompactDuration::ZERO,
            };
            self.rings[usize::from(planned.lane)].push(Record::Step(step));
        }
        // The kernel's samples cannot be assigned to a lost slice. They are so far apart that a
        // slice around two of them is long.
        if planned.len % 7 == 3 && !planned.lost && Nanos(end - start) >= HOGGING_POLL {
            for at in [start + 1, end - 1] {
                self.samples.push(Sample::Lane(LaneSample {
                    at: RunInstant::new(at),
                    lane: LaneId(planned.lane),
                    on_cpu: Nanos(start),
                    waiting: Nanos(0),
                    asleep_in: None,
                    asleep: true,
                }));
            }
        }
    }

    fn record_end(&mut self, planned: &PlannedSlice, start: u64, end: u64) {
        self.ended.push(planned.task);
        let task = TaskId::new(planned.task).unwrap();
        let ring = &mut self.rings[usize::from(planned.lane)];
        if planned.idle % 3 == 1 {
            let at = RunInstant::new(start);
            ring.push(Record::Orphaned(Orphaned { at, task }));
        }
        let outcome = Outcome::VARIANTS[planned.len as usize % Outcome::VARIANTS.len()];
        ring.push(Record::Ended(Ended {
            unobserved: planned.idle % 2 == 1,
            ..Ended::observed(RunInstant::new(end - planned.tail(end - start)), task, outcome)
        }));
    }

    fn finish(self) -> RecordedRun {
        let latest = self.lane_free.iter().chain(self.task_free.values()).max();
        let now = latest.copied().unwrap_or(0) + 30 * self.unit;
        RecordedRun {
            live: self.live(now),
            rings: self.rings,
            samples: self.samples,
            lost: self.lost,
            sums: self.sums,
            is_exact: false,
            now: RunInstant::new(now),
            spawned: self.task_free.len() as u64,
            slices: self.slices,
            in_order: false,
        }
    }

    /// The present at the end of the run: some tasks run, some are woken, some are ready, and some
    /// wait.
    fn live(&self, now: u64) -> Live {
        let unit = self.unit;
        let mut live = Live::default();
        let mut tasks: Vec<_> = self
            .task_free
            .iter()
            .filter(|(task, _)| !self.ended.contains(task))
            .collect();
        tasks.sort();
        for (index, (&task, &free)) in tasks.into_iter().enumerate() {
            let task = TaskId::new(task).unwrap();
            let before_now = |units: u64| RunInstant::new(free.max(now - units * unit));
            match index {
                0 | 3 => live.lanes.push(CurrentSlice {
                    lane: LaneId(index as u16 / 3),
                    task,
                    start: RunInstant::new(now - 20 * unit),
                    queued: Nanos(3 * unit).into(),
                    unnoticed: Nanos(4 * unit).into(),
                    blocking_since: (index == 0).then(|| RunInstant::new(now - 5 * unit)),
                    blocked_on: Reason::Timer,
                    overdue_since: None,
                    label: Label(2),
                }),
                1 => live.waiting.push(Waiting {
                    task,
                    ready: Some(before_now(9)),
                    woken: Some(before_now(4)),
                }),
                4 => live.waiting.push(Waiting {
                    task,
                    ready: Some(before_now(9)),
                    woken: None,
                }),
                _ => {}
            }
        }
        live
    }
}

fn definitions() -> Vec<Definition> {
    let lane = |id| Definition::Lane {
        id: LaneId(id),
        kind: LaneKind::Worker,
        name: format!("worker {id}"),
    };
    let group = |id| Definition::Group {
        id: GroupId(id),
        name: format!("group-{id}"),
        library: false,
    };
    let label = |id| Definition::Label {
        id: Label(id),
        text: format!("step {id}"),
    };
    (0..LANES)
        .map(lane)
        .chain((0..2).map(group))
        .chain((1..3).map(label))
        .collect()
}

/// The records of a run in the order of their delivery. `delivery` chooses the lane of each record.
fn delivered(run: &RecordedRun, delivery: &[Index]) -> Vec<(LaneId, Record)> {
    let mut rings: Vec<_> = run.rings.iter().map(|records| records.iter().copied()).collect();
    let mut records = Vec::new();
    loop {
        let ready: Vec<usize> = (0..rings.len()).filter(|&ring| rings[ring].len() > 0).collect();
        if ready.is_empty() {
            break;
        }
        let ring = delivery
            .get(records.len())
            .map_or(ready[0], |index| ready[index.index(ready.len())]);
        let lane = match ring {
            NO_LANE => LaneId::NONE,
            lane => LaneId(lane as u16),
        };
        records.extend(rings[ring].next().map(|record| (lane, record)));
    }
    if run.in_order {
        records.sort_by_key(|(_, record)| record.written_at());
    }
    records
}

/// Creates a model that keeps `max_slices` slices, and delivers a run to it in batches of `size`
/// records.
pub(super) fn deliver(run: &RecordedRun, delivery: &[Index], size: usize, max_slices: usize) -> Model {
    let info = RunInfo {
        workers: usize::from(LANES),
        ..RunInfo::default()
    };
    let mut model = Model::with_limit(info, max_slices);
    model.hogging_poll = HOGGING_POLL;
    model.apply(&Batch {
        definitions: definitions(),
        lost: run.lost(),
        ..Batch::default()
    });
    // Kernel samples are in order of time. A sample may arrive before or after the slice that it
    // describes.
    let samples_first = run.in_order || delivery.first().is_some_and(|index| index.index(2) == 0);
    let samples = Batch {
        samples: run.samples.clone(),
        ..Batch::default()
    };
    if samples_first {
        model.apply(&samples);
    }
    for records in delivered(run, delivery).chunks(size) {
        let by = records
            .last()
            .map_or(RunInstant::ZERO, |(_, record)| record.written_at());
        model.apply(&Batch {
            records: records.to_vec(),
            // If the records are not delivered in order of time, a later batch may contain earlier
            // slices.
            sums: run.sums_by(if run.in_order { by } else { RunInstant::ZERO }),
            ..Batch::default()
        });
    }
    if !samples_first {
        model.apply(&samples);
    }
    model.apply(&Batch {
        now: run.now,
        sums: run.sums_by(run.now),
        live: run.live.clone(),
        ..Batch::default()
    });
    model
}
