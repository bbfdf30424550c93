//! The monitor's end: drains every ring into a [`Batch`], looks at what is unfinished, samples the kernel's view.

use super::clock::RunStart;
use super::os;
use super::registry::{LaneEnd, Pending, Registry};
use super::task_scanner::TaskScanner;
use crate::record::{
    Batch, CurrentSlice, LaneId, LaneSample, Live, LogLine, Lost, Nanos, ProcessClock, ProcessInstant, RepetitionsLost,
    RunInstant, Sample,
};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::mpsc::Receiver;

/// How often the kernel is asked about every lane.
const SAMPLE_EVERY: Nanos = Nanos::from_millis(100);
/// How often the kernel is asked about a lane whose slice is long.
const SAMPLE_LONG_EVERY: Nanos = Nanos::from_millis(10);
/// A slice that is worth a closer look while it lasts.
const LONG: Nanos = Nanos::from_millis(2);
/// Lanes that the kernel is asked about in one batch, some 5 µs each; of more, each is asked about less often.
const SAMPLES: usize = 256;
/// Lanes whose files stay open, two descriptors each.
const OPEN: usize = 128;

/// Makes batches of what one run's threads recorded. Belongs to the monitor's thread.
pub struct Collector {
    registry: Arc<Registry>,
    lanes: Vec<LaneReader>,
    looks: TaskScanner,
    log: Option<Receiver<LogLine<ProcessClock>>>,
    /// The lane that is asked about next.
    next_sampled: usize,
    /// Jobs on lanes whose thread is over.
    past_jobs: u64,
    /// Drained, and not handed out yet.
    pending: Batch,
}

struct LaneReader {
    end: LaneEnd,
    thread: os::Thread,
    last: Option<LaneSample>,
    jobs: u64,
    lost_slices: u64,
    lost_others: u64,
    sampled: Option<RunInstant>,
    over: bool,
}

impl Collector {
    /// Of this registry's records, and of the log lines that arrive at `log`.
    pub fn new(registry: Arc<Registry>, log: Option<Receiver<LogLine<ProcessClock>>>) -> Collector {
        Collector {
            registry,
            lanes: Vec::new(),
            looks: TaskScanner::default(),
            log,
            next_sampled: 0,
            past_jobs: 0,
            pending: Batch::default(),
        }
    }

    /// Empties the rings into memory, for the next [`batch`](Collector::batch). Never waits, and costs little beside the
    /// records themselves: a ring may fill within milliseconds, while a look at every task is worth it only for a frame. Returns
    /// how many records wait for the next batch.
    pub fn drain(&mut self) -> usize {
        let start = self.registry.run_start();
        let Pending {
            lanes,
            definitions,
            tasks,
            records,
            repetitions_lost,
        } = self.registry.news();
        self.lanes.extend(lanes.into_iter().map(LaneReader::new));
        self.looks.watch(tasks);
        self.pending.definitions.extend(definitions);
        let outside = records
            .into_iter()
            .map(|r| (LaneId::NONE, r.map_instants(|at| start.to_run(at))));
        self.pending.records.extend(outside);
        let repetitions_lost = repetitions_lost
            .into_iter()
            .map(|((group, outcome), count)| RepetitionsLost { group, outcome, count });
        self.pending.repetitions_lost.extend(repetitions_lost);
        for lane in &mut self.lanes {
            lane.drain(start, &mut self.pending);
        }
        for lane in self.lanes.extract_if(.., |lane| lane.over) {
            self.past_jobs += lane.jobs;
            let mut seat = lane.end.seat;
            if let Some(last) = lane.last {
                (seat.on_cpu, seat.waiting) = (last.on_cpu, last.waiting);
            }
            self.registry.vacate(seat);
        }
        self.pending.records.len()
    }

    /// Everything since the call before, and what is unfinished now. Never waits.
    pub fn batch(&mut self) -> Batch {
        let start = self.registry.run_start();
        let now = super::now();
        // Lines are taken in before the records: the birth of the task that wrote one is then in this batch, or an earlier one.
        let shifted = |line: LogLine<ProcessClock>| line.map_instants(|at| start.to_run(at));
        let log: Vec<LogLine> = self.log.iter().flat_map(Receiver::try_iter).map(shifted).collect();
        // The open slices are read before the rings are drained: a slice that ends in between is then a record too, and
        // the model believes the record. The other way round it would be neither.
        let live = self.live(now);
        self.drain();
        let mut batch = std::mem::take(&mut self.pending);
        batch.now = start.to_run(now);
        batch.live = live;
        let (unseen, unseen_jobs) = self.registry.take_unseen();
        if unseen > 0 {
            batch.lost.push(Lost {
                lane: LaneId::NONE,
                slices: unseen,
                others: 0,
            });
        }
        batch.jobs = unseen_jobs + self.past_jobs + self.lanes.iter().map(|lane| lane.jobs).sum::<u64>();
        self.sample(&mut batch);
        batch.log.extend(log);
        batch
    }

    fn live(&mut self, now: ProcessInstant) -> Live {
        let start = self.registry.run_start();
        self.looks.look(now);
        let current = |lane: &LaneReader| lane.end.shared.current(lane.end.seat.id);
        let mut lanes: Vec<CurrentSlice<ProcessClock>> = self.lanes.iter().filter_map(current).collect();
        self.looks.note_overdue(&mut lanes);
        let live = Live {
            lanes,
            waiting: self.looks.waiting(),
        };
        live.map_instants(|at| start.to_run(at))
    }

    /// Asks the kernel about the lanes whose turn it is. With thousands of lanes it goes round, a few hundred each time: the
    /// monitor is to cost little whatever it watches.
    fn sample(&mut self, batch: &mut Batch) {
        let start = self.registry.run_start();
        let now = batch.now;
        let long = |current: &&CurrentSlice| now - current.start >= LONG;
        let long: HashSet<_> = batch.live.lanes.iter().filter(long).map(|c| c.lane).collect();
        let mut open = self.lanes.iter().filter(|lane| lane.thread.is_open()).count();
        let lanes = self.lanes.len();
        let first = self.next_sampled;
        let mut asked = 0;
        for at in (first..lanes).chain(0..first.min(lanes)) {
            let lane = &mut self.lanes[at];
            let id = lane.end.seat.id;
            let pause = if long.contains(&id) {
                SAMPLE_LONG_EVERY
            } else {
                SAMPLE_EVERY
            };
            if lane.sampled.is_some_and(|sampled| now - sampled < pause) {
                continue;
            }
            if asked == SAMPLES {
                self.next_sampled = at;
                break;
            }
            asked += 1;
            lane.sampled = Some(now);
            let was_open = lane.thread.is_open();
            let sample = lane.thread.sample(id, start.to_run(super::now()), open < OPEN);
            open += usize::from(lane.thread.is_open() && !was_open);
            let total = sample.map(|sample| lane.end.seat.total(sample));
            lane.last = total.or(lane.last);
            batch.samples.extend(total.map(Sample::Lane));
        }
    }
}

impl LaneReader {
    fn new(end: LaneEnd) -> LaneReader {
        LaneReader {
            thread: os::Thread::new(end.shared.tid),
            end,
            last: None,
            jobs: 0,
            lost_slices: 0,
            lost_others: 0,
            sampled: None,
            over: false,
        }
    }

    fn drain(&mut self, start: RunStart, batch: &mut Batch) {
        let id = self.end.seat.id;
        let shared = &self.end.shared;
        // Looked at before the ring: what a dying thread wrote last, and every job counted, is then certainly in this batch.
        self.over = shared.gone.load(Acquire);
        self.jobs = shared.jobs.load(Acquire);
        let waiting = self.end.ring.slots();
        if let Ok(chunk) = self.end.ring.read_chunk(waiting) {
            batch
                .records
                .extend(chunk.into_iter().map(|r| (id, r.map_instants(|at| start.to_run(at)))));
        }
        let slices = shared.lost_slices.load(Relaxed);
        let others = shared.lost_others.load(Relaxed);
        if (slices, others) != (self.lost_slices, self.lost_others) {
            batch.lost.push(Lost {
                lane: id,
                slices: slices - self.lost_slices,
                others: others - self.lost_others,
            });
            (self.lost_slices, self.lost_others) = (slices, others);
        }
    }
}
