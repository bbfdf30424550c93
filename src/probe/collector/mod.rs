//! The part of the probe that the monitor's thread runs: it drains every ring into a [`Batch`],
//! reads the open slices and the waiting tasks, and samples the lanes from the kernel.

mod lane;

use super::registry::{Pending, Registry};
use super::task_scanner::TaskScanner;
use crate::record::{
    Batch, CurrentSlice, LaneId, Live, LogLine, Lost, LostTime, Nanos, ProcessClock, ProcessInstant, Record,
    RepetitionsLost, Sample,
};
use lane::CollectedLane;
use std::collections::HashSet;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Weak};

/// The interval between two samples of a lane.
const SAMPLE_EVERY: Nanos = Nanos::from_millis(100);
/// The interval between two samples of a lane whose open slice is long.
const SAMPLE_LONG_EVERY: Nanos = Nanos::from_millis(10);
/// The minimum length of a long slice.
const LONG: Nanos = Nanos::from_millis(2);
/// The maximum number of lanes that are sampled for one batch. A sample takes about 5 µs. If there
/// are more lanes, each lane is sampled less often.
const MAX_SAMPLES: usize = 256;
/// The maximum number of lanes whose files in `/proc` stay open. Each lane needs two descriptors.
const MAX_OPEN: usize = 128;

/// Collects the records of one run's threads into batches. Only the monitor's thread uses this
/// object.
pub struct Collector {
    registry: Arc<Registry>,
    lanes: Vec<CollectedLane>,
    scanner: TaskScanner,
    log: Option<Receiver<LogLine<ProcessClock>>>,
    /// The index of the lane that is sampled next.
    next_sampled: usize,
    /// The number of jobs on lanes whose threads have ended.
    jobs_on_ended_lanes: u64,
    /// The drained records that are not in a returned batch yet.
    pending: Batch,
}

impl Collector {
    /// Creates a collector for the records of this registry and for the log lines that arrive at
    /// `log`.
    pub fn new(registry: Arc<Registry>, log: Option<Receiver<LogLine<ProcessClock>>>) -> Collector {
        Collector {
            registry,
            lanes: Vec::new(),
            scanner: TaskScanner::default(),
            log,
            next_sampled: 0,
            jobs_on_ended_lanes: 0,
            pending: Batch::default(),
        }
    }

    /// Moves the records from the rings to memory, for the next [`batch`](Collector::batch).
    /// Returns the number of records that wait for that batch.
    ///
    /// This function never waits, and costs little apart from the records themselves. So `drain`
    /// can be called more often than `batch`. A ring may fill within milliseconds, but a scan of
    /// the tasks is worth its cost only once per frame.
    pub fn drain(&mut self) -> usize {
        self.take_pending();
        let start = self.registry.run_start();
        for lane in &mut self.lanes {
            lane.drain(start, &mut self.pending);
        }
        for lane in self.lanes.extract_if(.., |lane| lane.has_ended()) {
            self.jobs_on_ended_lanes += lane.jobs();
            self.registry.free_lane(lane.into_identity());
        }
        self.pending.records.len()
    }

    /// Takes the pending data from the registry.
    fn take_pending(&mut self) {
        let start = self.registry.run_start();
        let Pending {
            lanes,
            definitions,
            tasks,
            records,
            repetitions_lost,
            sums,
            lost_slices,
        } = self.registry.take_pending();
        self.lanes.extend(lanes.into_iter().map(CollectedLane::new));
        self.scanner.watch(tasks.iter().filter_map(Weak::upgrade));
        self.pending.definitions.extend(definitions);
        let records = records
            .into_iter()
            .map(|record| (LaneId::NONE, record.map_instants(|at| start.to_run(at))));
        self.pending.records.extend(records);
        let repetitions_lost = repetitions_lost
            .into_iter()
            .map(|((group, outcome, branch), count)| RepetitionsLost {
                group,
                outcome,
                count,
                branch,
            });
        self.pending.repetitions_lost.extend(repetitions_lost);
        let sums = sums.into_iter().map(|sums| sums.map_instants(|at| start.to_run(at)));
        self.pending.sums.extend(sums);
        let lost_slices = lost_slices.into_values();
        self.pending
            .lost_slices
            .extend(lost_slices.map(|lost| lost.map_instants(|at| start.to_run(at))));
    }

    /// Returns everything since the last call, with the open slices and the waiting tasks. Never
    /// waits.
    pub fn batch(&mut self) -> Batch {
        self.registry.ticks().follow_drift();
        let start = self.registry.run_start();
        let now = super::now();
        // Log lines are taken before the records. So if a task wrote a line, the task's spawn is in
        // this batch or in an earlier batch.
        let lines = self.log.iter().flat_map(Receiver::try_iter);
        let log: Vec<LogLine> = lines.map(|line| line.map_instants(|at| start.to_run(at))).collect();
        // The open slices are read before the rings are drained. If a slice ends between the two
        // reads, the batch contains this slice twice: as an open slice and as a record. The model
        // then uses the record. In the opposite order, the batch might not contain the slice at
        // all. For the same reason, the sums of tasks are read before the rings are drained.
        let live = self.live(now);
        self.take_sums();
        self.drain();
        let mut batch = std::mem::take(&mut self.pending);
        // The end is read after the records. So if `ended_at` is `None`, no record of this batch
        // describes anything after the end.
        batch.ended_at = self.registry.ended_at().map(|at| start.to_run(at));
        batch.now = start.to_run(now);
        batch.live = live;
        let (unrecorded, unrecorded_jobs) = self.registry.take_unrecorded();
        if unrecorded > 0 {
            batch.lost.push(Lost {
                lane: LaneId::NONE,
                slices: unrecorded,
                others: 0,
                time: LostTime::default(),
            });
        }
        let jobs = self.lanes.iter().map(CollectedLane::jobs).sum::<u64>();
        batch.jobs = unrecorded_jobs + self.jobs_on_ended_lanes + jobs;
        self.sample(&mut batch);
        batch.log.extend(log);
        batch
    }

    /// Whether the ids for tasks are nearly used up. If they are, the run must end, because two
    /// tasks must not have the same id.
    pub fn is_out_of_ids(&self) -> bool {
        self.registry.is_out_of_ids()
    }

    /// Returns the last batch of a run. This batch also contains what is still open: the
    /// repetitions and the sums of tasks that cannot be stopped. These repetitions and sums end
    /// with the run.
    pub fn last_batch(&mut self) -> Batch {
        self.scanner.read_all_sums();
        let mut batch = self.batch();
        let start = self.registry.run_start();
        let open = self.registry.ended_at().map(|end| self.scanner.open_repetitions(end));
        batch.records.extend(open.into_iter().flatten().map(|repetition| {
            let record = Record::Repetition(repetition);
            (LaneId::NONE, record.map_instants(|at| start.to_run(at)))
        }));
        batch
    }

    /// Takes the sums that the scanner has read.
    fn take_sums(&mut self) {
        let start = self.registry.run_start();
        let sums = self.scanner.take_sums();
        self.pending
            .sums
            .extend(sums.map(|sums| sums.map_instants(|at| start.to_run(at))));
    }

    fn live(&mut self, now: ProcessInstant) -> Live {
        let start = self.registry.run_start();
        self.scanner.scan(now);
        let mut lanes: Vec<CurrentSlice<ProcessClock>> =
            self.lanes.iter().filter_map(CollectedLane::current_slice).collect();
        self.scanner.mark_overdue(&mut lanes);
        let live = Live {
            lanes,
            branches: self.lanes.iter().flat_map(CollectedLane::current_branches).collect(),
            waiting: self.scanner.waiting(),
        };
        live.map_instants(|at| start.to_run(at))
    }

    /// Samples the lanes that are due. The monitor's cost must be small for any number of lanes. If
    /// there are thousands of lanes, the collector samples a few hundred lanes for each batch, in
    /// rotation.
    fn sample(&mut self, batch: &mut Batch) {
        let start = self.registry.run_start();
        let now = batch.now;
        let is_long = |current: &&CurrentSlice| now - current.start >= LONG;
        let long: HashSet<_> = batch.live.lanes.iter().filter(is_long).map(|c| c.lane).collect();
        let mut open = self.lanes.iter().filter(|lane| lane.is_file_open()).count();
        let count = self.lanes.len();
        let first = self.next_sampled;
        let mut sampled = 0;
        for index in (first..count).chain(0..first.min(count)) {
            let lane = &mut self.lanes[index];
            let interval = if long.contains(&lane.id()) {
                SAMPLE_LONG_EVERY
            } else {
                SAMPLE_EVERY
            };
            if !lane.is_due(now, interval) {
                continue;
            }
            if sampled == MAX_SAMPLES {
                self.next_sampled = index;
                break;
            }
            sampled += 1;
            let was_open = lane.is_file_open();
            let sample = lane.sample(now, start.to_run(super::now()), open < MAX_OPEN);
            open += usize::from(lane.is_file_open() && !was_open);
            batch.samples.extend(sample.map(Sample::Lane));
        }
    }
}
