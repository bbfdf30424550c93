//! The batch: everything that the probe has collected since the previous batch.

use super::{
    Clock, Definition, GroupId, Instant, LaneId, Live, LogLine, LostSlices, Nanos, Outcome, Record, RunClock, Sample,
    TaskSums,
};
use serde::{Deserialize, Serialize};

/// Everything that the probe has collected since the previous batch.
///
/// The records of one lane are in the order of their ends. Records of different lanes may be out of
/// order: a thread may be preempted after it has read the clock and before it has pushed the
/// record.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(bound(serialize = "", deserialize = "C: Clock"))]
pub struct Batch<C = RunClock> {
    /// The instant at which the collection began.
    pub now: Instant<C>,
    /// The instant at which the run ended; `None` while the run goes on. A batch with records of
    /// later instants always contains this instant. A worker process does not know this instant.
    #[serde(skip)]
    pub ended_at: Option<Instant<C>>,
    /// New names. Each name is defined in the batch that first uses it or in an earlier batch.
    #[serde(default)]
    pub definitions: Vec<Definition>,
    /// Each record with the lane that wrote it. A thread that is not a lane has [`LaneId::NONE`].
    #[serde(default)]
    pub records: Vec<(LaneId, Record<C>)>,
    /// The records that were lost since the previous batch, by lane.
    #[serde(default)]
    pub lost: Vec<Lost>,
    /// The repetitions among the lost records. These repetitions are counted, although their
    /// records are lost.
    #[serde(default)]
    pub repetitions_lost: Vec<RepetitionsLost>,
    /// The sums of tasks whose slices were lost. This batch or an earlier batch contains all slices
    /// that the sums contain and that were not lost.
    #[serde(default)]
    pub sums: Vec<TaskSums<C>>,
    /// The lost slices of tasks without sums, since the previous batch. This batch or an earlier
    /// batch contains all recorded slices of these tasks that ended before the lost slices.
    #[serde(skip)]
    pub lost_slices: Vec<LostSlices<C>>,
    /// The number of jobs on threads since the run's start, including lost jobs. A job is a slice
    /// that is not a poll.
    #[serde(default)]
    pub jobs: u64,
    /// The measurements of the monitor.
    #[serde(default)]
    pub samples: Vec<Sample<C>>,
    /// New lines of the event log.
    #[serde(default)]
    pub log: Vec<LogLine<C>>,
    /// Whether no further task of the scenario can arrive. Then every task that will ever arrive is
    /// in this batch or in an earlier batch.
    #[serde(default)]
    pub arrivals_over: bool,
    /// The windows of arrivals that have changed since the previous batch.
    #[serde(default)]
    pub arrival_windows: Vec<ArrivalWindow>,
    /// The slices that are open at `now`, and the tasks that should run but hold no lane.
    #[serde(default)]
    pub live: Live<C>,
}

/// The time in which the tasks of a group have arrived. Each task has one repetition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArrivalWindow {
    /// The group.
    pub group: GroupId,
    /// The time from the first arrival to the instant at which the next task is due. After the last
    /// arrival, the time to the instant at which one more task would be due.
    pub len: Nanos,
}

/// The records of one lane that were lost because its ring was full.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lost {
    /// The lane.
    pub lane: LaneId,
    /// The number of slices that were lost since the previous batch.
    pub slices: u64,
    /// The number of other records that were lost since the previous batch.
    pub others: u64,
    /// The time of the lost slices.
    #[serde(default)]
    pub time: LostTime,
}

/// The time in which tasks held a lane during lost slices.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LostTime {
    /// The time in which the tasks computed.
    pub running: Nanos,
    /// The time in which the thread slept in the OS.
    pub blocking: Nanos,
}

/// Repetitions whose records were lost because the ring was full. Only the number of these
/// repetitions is known, not their durations and tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RepetitionsLost {
    /// The group of the tasks.
    pub group: GroupId,
    /// The outcome of these repetitions.
    pub outcome: Outcome,
    /// The number of these repetitions since the previous batch.
    pub count: u64,
    /// Whether these are repetitions of branches.
    #[serde(default)]
    pub branch: bool,
}

impl Batch {
    /// If this number of records has been drained, a batch is due at once. A model processes so
    /// many records in about 3 ms. While a model processed a much larger batch, the rings would
    /// overflow.
    pub const DUE: usize = 10_000;
}

impl<C: Clock> Batch<C> {
    /// The same batch, in which `map` has converted all instants. The new instants belong to
    /// another clock, or count from another zero of the same clock.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Batch<D> {
        let record = |(lane, record): (LaneId, Record<C>)| (lane, record.map_instants(&map));
        Batch {
            now: map(self.now),
            ended_at: self.ended_at.map(&map),
            definitions: self.definitions,
            records: self.records.into_iter().map(record).collect(),
            lost: self.lost,
            repetitions_lost: self.repetitions_lost,
            sums: self.sums.into_iter().map(|sums| sums.map_instants(&map)).collect(),
            lost_slices: self
                .lost_slices
                .into_iter()
                .map(|lost| lost.map_instants(&map))
                .collect(),
            jobs: self.jobs,
            arrivals_over: self.arrivals_over,
            arrival_windows: self.arrival_windows,
            samples: self
                .samples
                .into_iter()
                .map(|sample| sample.map_instants(&map))
                .collect(),
            log: self.log.into_iter().map(|line| line.map_instants(&map)).collect(),
            live: self.live.map_instants(&map),
        }
    }
}
