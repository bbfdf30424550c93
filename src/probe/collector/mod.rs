//! The monitor's end of the probe: drains every ring into a [`Batch`], reads what has not ended
//! yet, and asks the kernel about the lanes.

mod lane;

use super::registry::{Pending, Registry};
use super::task_scanner::TaskScanner;
use crate::record::{
    Batch, CurrentSlice, LaneId, Live, LogLine, Lost, Nanos, ProcessClock, ProcessInstant, RepetitionsLost, Sample,
};
use lane::CollectedLane;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// How often the kernel is asked about every lane.
const SAMPLE_EVERY: Nanos = Nanos::from_millis(100);
/// How often the kernel is asked about a lane whose slice is long.
const SAMPLE_LONG_EVERY: Nanos = Nanos::from_millis(10);
/// From this length on, a slice that has not ended counts as long.
const LONG: Nanos = Nanos::from_millis(2);
/// Lanes that the kernel is asked about for one batch, at about 5 µs each. With more lanes, each is
/// asked about less often.
const MAX_SAMPLES: usize = 256;
/// Lanes whose files in `/proc` stay open, at two descriptors each.
const MAX_OPEN: usize = 128;

/// Makes batches of what one run's threads record. Belongs to the monitor's thread.
pub struct Collector {
    registry: Arc<Registry>,
    lanes: Vec<CollectedLane>,
    scanner: TaskScanner,
    log: Option<Receiver<LogLine<ProcessClock>>>,
    /// The index of the lane that the kernel is asked about next.
    next_sampled: usize,
    /// Jobs on lanes whose threads have ended.
    jobs_on_ended_lanes: u64,
    /// What has been drained and is not in a batch yet.
    pending: Batch,
}

impl Collector {
    /// Collects the records of this registry, and the log lines that arrive at `log`.
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

    /// Empties the rings into memory, for the next [`batch`](Collector::batch). Returns how many
    /// records wait for that batch.
    ///
    /// It never waits, and costs little beside the records themselves. So it can be called more
    /// often than `batch`: a ring may fill within milliseconds, while a scan of the tasks is worth
    /// its cost only once a frame.
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

    /// Takes what waits in the registry.
    fn take_pending(&mut self) {
        let start = self.registry.run_start();
        let Pending {
            lanes,
            definitions,
            tasks,
            records,
            repetitions_lost,
        } = self.registry.take_pending();
        self.lanes.extend(lanes.into_iter().map(CollectedLane::new));
        self.scanner.watch(tasks);
        self.pending.definitions.extend(definitions);
        let records = records
            .into_iter()
            .map(|record| (LaneId::NONE, record.map_instants(|at| start.to_run(at))));
        self.pending.records.extend(records);
        let repetitions_lost = repetitions_lost
            .into_iter()
            .map(|((group, outcome), count)| RepetitionsLost { group, outcome, count });
        self.pending.repetitions_lost.extend(repetitions_lost);
    }

    /// Everything since the last call, and what has not ended yet. Never waits.
    pub fn batch(&mut self) -> Batch {
        let start = self.registry.run_start();
        let now = super::now();
        // Log lines are taken before the records. So the spawn of the task that wrote a line is in
        // this batch or an earlier one.
        let lines = self.log.iter().flat_map(Receiver::try_iter);
        let log: Vec<LogLine> = lines.map(|line| line.map_instants(|at| start.to_run(at))).collect();
        // The open slices are read before the rings are drained. A slice that ends in between is
        // then also a record, and the model believes the record. In the other order it would be in
        // neither.
        let live = self.live(now);
        self.drain();
        let mut batch = std::mem::take(&mut self.pending);
        batch.now = start.to_run(now);
        batch.live = live;
        let (unrecorded, unrecorded_jobs) = self.registry.take_unrecorded();
        if unrecorded > 0 {
            batch.lost.push(Lost {
                lane: LaneId::NONE,
                slices: unrecorded,
                others: 0,
            });
        }
        let jobs = self.lanes.iter().map(CollectedLane::jobs).sum::<u64>();
        batch.jobs = unrecorded_jobs + self.jobs_on_ended_lanes + jobs;
        self.sample(&mut batch);
        batch.log.extend(log);
        batch
    }

    fn live(&mut self, now: ProcessInstant) -> Live {
        let start = self.registry.run_start();
        self.scanner.scan(now);
        let mut lanes: Vec<CurrentSlice<ProcessClock>> =
            self.lanes.iter().filter_map(CollectedLane::current_slice).collect();
        self.scanner.mark_overdue(&mut lanes);
        let live = Live {
            lanes,
            waiting: self.scanner.waiting(),
        };
        live.map_instants(|at| start.to_run(at))
    }

    /// Asks the kernel about the lanes that are due. The monitor must cost little whatever it
    /// watches: with thousands of lanes, it asks about a few hundred for each batch, in turn.
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
