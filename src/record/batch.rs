//! The batch, in which everything travels that the probe has collected.

use super::{Clock, Definition, GroupId, Instant, LaneId, Live, LogLine, Outcome, Record, RunClock, Sample};
use serde::{Deserialize, Serialize};

/// Everything that the probe has collected since the batch before.
///
/// Records of one lane are in the order of their ends. Records of different lanes may be out of
/// order, by the time for which a thread was preempted between reading the clock and pushing the
/// record.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(bound(serialize = "", deserialize = "C: Clock"))]
pub struct Batch<C = RunClock> {
    /// The instant up to which it was collected.
    pub now: Instant<C>,
    /// New names. A name is defined in the batch that first uses it, or earlier.
    #[serde(default)]
    pub definitions: Vec<Definition>,
    /// What the lanes have written. Records of threads that are no lanes have [`LaneId::NONE`].
    #[serde(default)]
    pub records: Vec<(LaneId, Record<C>)>,
    /// By lane: records lost since the batch before.
    #[serde(default)]
    pub lost: Vec<Lost>,
    /// The repetitions among the lost records, which are counted nevertheless.
    #[serde(default)]
    pub repetitions_lost: Vec<RepetitionsLost>,
    /// Slices since the run's start, recorded or lost, that were jobs on threads and not polls.
    #[serde(default)]
    pub jobs: u64,
    /// What the monitor has measured.
    #[serde(default)]
    pub samples: Vec<Sample<C>>,
    /// New lines of the event log.
    #[serde(default)]
    pub log: Vec<LogLine<C>>,
    /// What has not ended at `now`.
    #[serde(default)]
    pub live: Live<C>,
}

/// Records that found the ring full.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lost {
    /// The lane.
    pub lane: LaneId,
    /// Slices lost since the batch before.
    pub slices: u64,
    /// Other records lost since the batch before.
    pub others: u64,
}

/// Repetitions whose records found the ring full. Their lengths and tasks are lost, but not their
/// number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RepetitionsLost {
    /// The group of their tasks.
    pub group: GroupId,
    /// How they ended.
    pub outcome: Outcome,
    /// Their number since the batch before.
    pub count: u64,
}

impl Batch {
    /// Number of drained records from which a batch is due at once: a model processes them in about
    /// 3 ms. While it processed many more, the rings would overflow.
    pub const DUE: usize = 10_000;
}

impl<C: Clock> Batch<C> {
    /// The same batch with its instants on another clock, or on the same clock with another zero.
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Batch<D> {
        let record = |(lane, record): (LaneId, Record<C>)| (lane, record.map_instants(&map));
        Batch {
            now: map(self.now),
            definitions: self.definitions,
            records: self.records.into_iter().map(record).collect(),
            lost: self.lost,
            repetitions_lost: self.repetitions_lost,
            jobs: self.jobs,
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
