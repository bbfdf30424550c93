//! Records in, answers out.
//!
//! [`Model`] is pure: it reads no clock and does no I/O, so that the same records give the same answers whether they
//! come from a live run, from a file or from a test. Records of one lane come in order; records of different lanes may
//! come in any order, and the answers do not depend on it.
//!
//! ```text
//!   Batch ──► apply ──► Task   identity, slices, times, what it does now
//!                   ├─► Lane   slices, times, the kernel's view
//!                   ├─► Group  times, outcomes, distributions
//!                   └─► Series steps of 250 ms
//! ```
//!
//! The states of a task follow from its slices, see [`State`]; how a interval of time becomes a row of cells is told in
//! [`paint`]. Slices beyond a limit are forgotten, the oldest first; sums and distributions never are.

mod apply;
mod byte_arena;
mod chunk;
mod evict;
mod group;
mod hist;
mod history;
mod id_map;
mod lane;
mod lane_track;
#[cfg(test)]
mod laws;
mod live;
mod pack;
mod packed_slices;
pub mod paint;
mod query;
mod record_counts;
mod series;
mod spans;
mod state;
mod task;
mod task_track;
#[cfg(test)]
mod tests;
mod time_sums;
mod totals;

mod wait_state;

pub use group::{Group, Overall};
pub use hist::Percentiles;
pub use history::{Channel, LaneHold};
pub use lane::{Lane, LaneOs};
pub use paint::{Cell, LaneCell, Window};
pub use record_counts::{Memory, PollCountCheck, RecordCounts};
pub use series::{Queues, SERIES_BUCKET, SeriesPoint};
pub use state::{State, StateInterval, StateTimes, TaskCounts};
pub use task::Task;
pub use totals::{GroupTotals, RuntimeTotals};

use crate::record::{
    ChannelSample, GroupId, LaneId, LogLine, Marked, Nanos, Record, RunInstant, RuntimeSample, TaskId,
};
use byte_arena::ByteArena;
use group::PresentTotals;
use id_map::IdMap;
use series::Series;
use std::collections::{HashMap, VecDeque};

/// Slices kept unless told otherwise: 200 to 260 MB, with both timelines and their summaries.
pub const DEFAULT_LIMIT: usize = 10_000_000;

/// Log lines kept.
pub const LOG_LINES: usize = 5000;

/// What is known of a run before its first record.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunInfo {
    /// The scenario's title.
    pub title: String,
    /// What the scenario shows, in a sentence or two. May be empty.
    pub about: String,
    /// The executor's word: `tokio`.
    pub executor: String,
    /// Threads that run tasks; 0: every task has its own.
    pub workers: usize,
    /// Whether tasks are futures there.
    pub async_executor: bool,
    /// Whether its workers have a LIFO slot, as tokio's multi-thread runtime has unless told otherwise.
    pub lifo_slot: bool,
    /// When the run is to stop; `None`: when every task has ended.
    pub duration: Option<Nanos>,
    /// What every random draw derives from.
    pub seed: u64,
    /// What is said, in order of time.
    pub cues: Vec<CueInfo>,
}

/// A cue of the scenario, as far as the screen needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CueInfo {
    /// When, after the run's start.
    pub at: RunInstant,
    /// The caption. May be empty.
    pub caption: String,
    /// The caption is a question to those who watch.
    pub is_question: bool,
}

/// Everything known about a run.
#[derive(Clone, Debug)]
pub struct Model {
    info: RunInfo,
    max_slices: usize,
    now: RunInstant,
    horizon: RunInstant,
    lanes: Vec<Lane>,
    lane_indices: IdMap<LaneId>,
    groups: Vec<Group>,
    group_indices: IdMap<GroupId>,
    tasks: Vec<Task>,
    task_indices: IdMap<TaskId>,
    /// Where the tasks' youngest slices stand.
    arena: ByteArena,
    /// Of the tasks whose group is not known yet, up to the ends of their last slices.
    ungrouped_times: StateTimes,
    /// Tasks from this place on are not in order.
    first_unsorted: usize,
    /// Records of tasks whose spawn is not known yet, for their groups' statistics.
    pending_records: HashMap<TaskId, Vec<Record>>,
    /// Tasks for which nobody waits any more, and which have not ended.
    orphaned_now: usize,
    /// Tasks with something in [`Task::live`].
    live: Vec<TaskId>,
    present: PresentTotals,
    /// Slices on the lanes' tracks.
    slices_kept: usize,
    /// Tasks that were over and are no longer among `tasks`.
    tasks_evicted: usize,
    labels: Vec<String>,
    series: Series,
    record_counts: RecordCounts,
    marks: Vec<Marked>,
    log: VecDeque<LogLine>,
    runtime: Option<RuntimeSample>,
    channels: Vec<Channel>,
    runtime_totals: RuntimeTotals,
}

impl Model {
    /// A model that keeps [`DEFAULT_LIMIT`] slices.
    pub fn new(info: RunInfo) -> Model {
        Model::with_limit(info, DEFAULT_LIMIT)
    }

    /// A model that forgets the oldest slices when it holds more than `max_slices`, and with them the tasks that were
    /// over by then; a task that is over counts as 32 slices. Groups and lanes forget nothing of what they add up.
    pub fn with_limit(info: RunInfo, max_slices: usize) -> Model {
        Model {
            info,
            max_slices,
            now: RunInstant::ZERO,
            horizon: RunInstant::ZERO,
            lanes: Vec::new(),
            lane_indices: IdMap::default(),
            groups: Vec::new(),
            group_indices: IdMap::default(),
            tasks: Vec::new(),
            task_indices: IdMap::default(),
            arena: ByteArena::default(),
            ungrouped_times: StateTimes::default(),
            first_unsorted: usize::MAX,
            pending_records: HashMap::new(),
            orphaned_now: 0,
            live: Vec::new(),
            present: PresentTotals::default(),
            slices_kept: 0,
            tasks_evicted: 0,
            labels: Vec::new(),
            series: Series::default(),
            record_counts: RecordCounts::default(),
            marks: Vec::new(),
            log: VecDeque::new(),
            runtime: None,
            channels: Vec::new(),
            runtime_totals: RuntimeTotals::default(),
        }
    }
}
