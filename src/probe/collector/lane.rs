//! One lane, as the collector sees it.

use crate::probe::clock::RunStart;
use crate::probe::lane_tally::LostTotals;
use crate::probe::os;
use crate::probe::registry::{LaneIdentity, LaneReader};
use crate::record::{Batch, CurrentSlice, LaneId, LaneSample, Lost, LostTime, Nanos, ProcessClock, RunInstant};

/// The reader of a lane, with the results of earlier reads.
pub(super) struct CollectedLane {
    reader: LaneReader,
    thread: os::Thread,
    last_sample: Option<LaneSample>,
    sampled_at: Option<RunInstant>,
    jobs: u64,
    /// What was lost until the last read.
    lost: LostTotals,
    has_ended: bool,
}

impl CollectedLane {
    pub(super) fn new(reader: LaneReader) -> CollectedLane {
        CollectedLane {
            thread: os::Thread::new(reader.shared.tid),
            reader,
            last_sample: None,
            sampled_at: None,
            jobs: 0,
            lost: LostTotals::default(),
            has_ended: false,
        }
    }

    pub(super) fn id(&self) -> LaneId {
        self.reader.identity.id
    }

    /// The number of jobs that had ended on this lane at the last [`drain`](CollectedLane::drain).
    pub(super) fn jobs(&self) -> u64 {
        self.jobs
    }

    /// Whether the lane's thread has ended. If it has ended, the last
    /// [`drain`](CollectedLane::drain) has taken the thread's last record.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The lane's identity, for use by another thread. The identity includes the kernel's counts
    /// for the present thread.
    pub(super) fn into_identity(self) -> LaneIdentity {
        let mut identity = self.reader.identity;
        if let Some(last) = self.last_sample {
            (identity.on_cpu, identity.waiting) = (last.on_cpu, last.waiting);
        }
        identity
    }

    pub(super) fn current_slice(&self) -> Option<CurrentSlice<ProcessClock>> {
        self.reader.shared.slice.read(self.id())
    }

    /// The open slices of the branches that the current task polls, the outermost first.
    pub(super) fn current_branches(&self) -> impl Iterator<Item = CurrentSlice<ProcessClock>> {
        let branches = self.reader.shared.branches.iter();
        branches.map_while(|branch| branch.read(self.id()))
    }

    /// Moves the records from the ring to the batch.
    pub(super) fn drain(&mut self, start: RunStart, batch: &mut Batch) {
        let id = self.id();
        // The tally is read before the ring. So this batch certainly contains the last records of a
        // thread that ends, and the record of every job that is counted.
        let tally = self.reader.shared.tally.read();
        (self.has_ended, self.jobs) = (tally.closed, tally.jobs);
        let waiting = self.reader.ring.slots();
        if let Ok(chunk) = self.reader.ring.read_chunk(waiting) {
            let records = chunk
                .into_iter()
                .map(|record| (id, record.map_instants(|at| start.to_run(at))));
            batch.records.extend(records);
        }
        let lost = self.reader.shared.tally.lost();
        if lost != self.lost {
            batch.lost.push(Lost {
                lane: id,
                slices: lost.slices - self.lost.slices,
                others: lost.others - self.lost.others,
                time: LostTime {
                    running: lost.time.running - self.lost.time.running,
                    blocking: lost.time.blocking - self.lost.time.blocking,
                },
            });
            self.lost = lost;
        }
    }

    /// Whether the last sample was taken at least `interval` before `now`, or no sample was taken.
    pub(super) fn is_due(&self, now: RunInstant, interval: Nanos) -> bool {
        self.sampled_at.is_none_or(|at| now - at >= interval)
    }

    pub(super) fn is_file_open(&self) -> bool {
        self.thread.is_open()
    }

    /// Samples the lane's thread from the kernel. The sample includes the times of earlier threads
    /// with this lane's identity.
    pub(super) fn sample(&mut self, now: RunInstant, at: RunInstant, may_stay_open: bool) -> Option<LaneSample> {
        self.sampled_at = Some(now);
        let sample = self.thread.sample(self.id(), at, may_stay_open);
        let total = sample.map(|sample| self.reader.identity.total(sample));
        self.last_sample = total.or(self.last_sample);
        total
    }
}
