//! The monitor's end: drains every ring into a [`Batch`], looks at what is unfinished, samples the kernel's view.

use super::hub::{Hub, LaneEnd, News};
use super::os;
use super::task::TaskSlot;
use crate::record::{Batch, CurrentSlice, LaneId, Live, LogLine, Lost, Nanos, Record, Sample, Waiting};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::mpsc::Receiver;

/// How often the kernel is asked about every lane.
const SAMPLE_EVERY: Nanos = Nanos::from_millis(100);
/// How often the kernel is asked about a lane whose slice is long.
const SAMPLE_LONG_EVERY: Nanos = Nanos::from_millis(10);
/// A slice that is worth a closer look while it lasts.
const LONG: Nanos = Nanos::from_millis(2);

/// Makes batches of what one run's threads recorded. Belongs to the monitor's thread.
pub struct Collector {
    hub: Arc<Hub>,
    lanes: Vec<Watched>,
    tasks: Vec<Arc<TaskSlot>>,
    log: Option<Receiver<LogLine>>,
    next_sample: Nanos,
}

struct Watched {
    end: LaneEnd,
    thread: os::Thread,
    lost_slices: u64,
    lost_others: u64,
    sampled: Nanos,
    over: bool,
}

impl Collector {
    /// Of this hub's records, and of the log lines that arrive at `log`.
    pub fn new(hub: Arc<Hub>, log: Option<Receiver<LogLine>>) -> Collector {
        Collector {
            hub,
            lanes: Vec::new(),
            tasks: Vec::new(),
            log,
            next_sample: Nanos::ZERO,
        }
    }

    /// Everything since the call before. Never waits.
    pub fn batch(&mut self) -> Batch {
        let zero = self.hub.zero;
        let News {
            lanes,
            definitions,
            tasks,
            records,
        } = self.hub.news();
        self.lanes.extend(lanes.into_iter().map(Watched::new));
        self.tasks.extend(tasks);
        let now = super::now();
        let mut batch = Batch {
            now: now - zero,
            definitions,
            records: Vec::with_capacity(records.len() + self.lanes.iter().map(|l| l.end.ring.slots()).sum::<usize>()),
            ..Batch::default()
        };
        batch
            .records
            .extend(records.into_iter().map(|r| (LaneId::NONE, shifted(r, zero))));
        // The open slices are read before the rings are drained: a slice that ends in between is then a record too, and
        // the model believes the record. The other way round it would be neither.
        batch.live = self.live(now);
        for lane in &mut self.lanes {
            lane.drain(zero, &mut batch);
        }
        batch.jobs = self.lanes.iter().map(|lane| lane.end.shared.jobs.load(Relaxed)).sum();
        self.sample(now, &mut batch);
        if let Some(log) = &self.log {
            batch.log.extend(log.try_iter().map(|line| LogLine {
                at: line.at - zero,
                ..line
            }));
        }
        batch
    }

    fn live(&mut self, now: Nanos) -> Live {
        let zero = self.hub.zero;
        self.tasks.retain(|task| !task.is_over());
        Live {
            lanes: self
                .lanes
                .iter()
                .filter(|lane| !lane.over)
                .filter_map(|lane| lane.end.shared.current(lane.end.id))
                .map(|current| CurrentSlice {
                    start: current.start - zero,
                    blocking_since: current.blocking_since.map(|at| at - zero),
                    ..current
                })
                .collect(),
            waiting: self
                .tasks
                .iter()
                .filter_map(|task| task.waiting(now))
                .map(|waiting| Waiting {
                    ready: waiting.ready.map(|at| at - zero),
                    woken: waiting.woken.map(|at| at - zero),
                    ..waiting
                })
                .collect(),
        }
    }

    fn sample(&mut self, now: Nanos, batch: &mut Batch) {
        let zero = self.hub.zero;
        let all = now >= self.next_sample;
        if all {
            self.next_sample = now + SAMPLE_EVERY;
        }
        for lane in self.lanes.iter_mut().filter(|lane| !lane.over) {
            let id = lane.end.id;
            let long = || {
                now - lane.sampled >= SAMPLE_LONG_EVERY
                    && batch
                        .live
                        .lanes
                        .iter()
                        .any(|current| current.lane == id && batch.now - current.start >= LONG)
            };
            if all || long() {
                lane.sampled = now;
                batch
                    .samples
                    .extend(lane.thread.sample(id, now - zero).map(Sample::Lane));
            }
        }
    }
}

impl Watched {
    fn new(end: LaneEnd) -> Watched {
        Watched {
            thread: os::Thread::open(end.shared.tid),
            end,
            lost_slices: 0,
            lost_others: 0,
            sampled: Nanos::ZERO,
            over: false,
        }
    }

    fn drain(&mut self, zero: Nanos, batch: &mut Batch) {
        if self.over {
            return;
        }
        let id = self.end.id;
        // Looked at before the ring: what a dying thread wrote last is then certainly in this batch.
        let gone = self.end.shared.gone.load(Acquire);
        let waiting = self.end.ring.slots();
        if let Ok(chunk) = self.end.ring.read_chunk(waiting) {
            batch.records.extend(chunk.into_iter().map(|r| (id, shifted(r, zero))));
        }
        let slices = self.end.shared.lost_slices.load(Relaxed);
        let others = self.end.shared.lost_others.load(Relaxed);
        if (slices, others) != (self.lost_slices, self.lost_others) {
            batch.lost.push(Lost {
                lane: id,
                slices: slices - self.lost_slices,
                others: others - self.lost_others,
            });
            (self.lost_slices, self.lost_others) = (slices, others);
        }
        self.over = gone;
    }
}

/// From the process's clock to the run's.
#[inline]
fn shifted(mut record: Record, zero: Nanos) -> Record {
    let at = match &mut record {
        Record::Slice(r) => &mut r.start,
        Record::Step(r) => &mut r.start,
        Record::Spawned(r) => &mut r.at,
        Record::Ended(r) => &mut r.at,
        Record::Repetition(r) => &mut r.start,
        Record::Marked(r) => &mut r.at,
    };
    *at = *at - zero;
    record
}
