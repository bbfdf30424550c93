//! The model of a run: it applies batches of records and answers questions about tasks, lanes and
//! groups.
//!
//! [`Model`] is pure: it reads no clock and does no I/O. So the same records give the same answers,
//! whether they come from a live run, from a file or from a test. Records of one lane arrive in
//! order. Records of different lanes may arrive in any order. The answers do not depend on the
//! order of arrival.
//!
//! ```text
//!   Batch ──► apply ──► Task   identity, slices, times, what it does now
//!                   ├─► Lane   slices, times, the kernel's counts
//!                   ├─► Group  times, outcomes, distributions
//!                   ├─► Resource  holders, waits, deadlocks
//!                   ├─► Blames who made whom wait for a lane
//!                   └─► Series buckets of 250 ms
//! ```
//!
//! The states of a task follow from its slices, see [`State`]. [`paint`] describes how a span of
//! time becomes a row of cells. The model evicts the oldest slices beyond a limit. Sums and
//! distributions are never evicted.

mod apply;
mod blame;
mod byte_arena;
mod chunk;
mod core_use;
mod cpu_history;
mod evict;
mod group;
mod hist;
mod history;
mod id_map;
mod lane;
mod lane_track;
mod live;
mod off_core;
mod pack;
mod packed_slices;
pub mod paint;
mod present;
#[cfg(test)]
mod properties;
mod query;
mod reasons;
mod record_counts;
mod resources;
mod series;
mod spans;
mod state;
mod step_log;
mod task;
mod task_track;
#[cfg(test)]
mod tests;
mod time_sums;
mod totals;
mod wait_state;
mod work;

pub use blame::{Blame, CERTAIN, CausedWait, Culprit, HoldKind, Holds, LaneSet, LongHold, NOTABLE, Victim, WaitKind};
pub use core_use::CoreUse;
pub use group::{Group, Overall, Sampled};
pub use hist::Percentiles;
pub use history::{Channel, LaneHold};
pub use lane::{Lane, LaneOs};
pub use paint::{Cell, LaneCell, Window};
pub use reasons::{Holding, ResourceWait};
pub use record_counts::{Memory, PollCountCheck, RecordCounts};
pub use resources::{
    Because, Blocked, Deadlock, HeldTime, Level, Notifications, Pool, PoolInfo, Receptions, Relation, Resource, Span,
    Traffic, Trend, Usage, Wait,
};
pub use series::{SERIES_BUCKET, SeriesPoint};
pub use state::{State, StateInterval, StateTimes, TaskCounts};
pub use task::Task;
pub use totals::{GroupTotals, RuntimeTotals};
pub use work::{Fate, WorkSums};

use crate::record::{
    ChannelSample, GroupId, HOGGING_POLL, LaneId, LogLine, Marked, Nanos, Record, ResourceInfo, RunInstant,
    RuntimeSample, TaskId,
};
use apply::End;
use blame::Blames;
use byte_arena::ByteArena;
use id_map::IdMap;
use present::PresentCounts;
use resources::Resources;
use series::{OpenQueue, Series};
use std::collections::{HashMap, VecDeque};
use step_log::StepLog;

/// The default maximum number of slices kept. This many slices take 200 to 260 MB, including the
/// tracks of tasks and lanes with their summaries.
pub const DEFAULT_LIMIT: usize = 10_000_000;

/// The maximum number of log messages kept.
pub const LOG_LINES: usize = 5000;

/// What is known about a run before its first record.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunInfo {
    /// The scenario's title.
    pub title: String,
    /// What the scenario shows, in one or two sentences. May be empty.
    pub about: String,
    /// The executor's name, such as `tokio`.
    pub executor: String,
    /// The number of threads that run tasks. 0 means that every task has its own thread.
    pub workers: usize,
    /// Whether the executor runs tasks as futures.
    pub async_executor: bool,
    /// Whether the workers have a LIFO slot. The workers of tokio's multi-thread runtime have a
    /// LIFO slot by default.
    pub lifo_slot: bool,
    /// Whether some steps block their worker but let another thread replace this worker, as
    /// `block_in_place` does. Then the other tasks still get a worker.
    pub replaces_blocked_workers: bool,
    /// The maximum duration of the run. `None` means that the run stops when every task has ended.
    pub duration: Option<Nanos>,
    /// The number of cores that the run may use. 0 if the number is not known.
    pub cores: usize,
    /// The seed of all random numbers.
    pub seed: u64,
    /// What tasks share. The index of a resource is its number in the records.
    pub resources: Vec<ResourceInfo>,
    /// The pool of threads on which jobs run. `None` if every task has a thread of its own.
    pub pool: Option<PoolInfo>,
    /// The cues, in order of time.
    pub cues: Vec<CueInfo>,
}

/// The fields of a scenario's cue that the screen needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CueInfo {
    /// The time of the cue, relative to the run's start.
    pub at: RunInstant,
    /// The caption. May be empty.
    pub caption: String,
    /// Whether the caption is a question to the audience.
    pub is_question: bool,
}

/// Everything that is known about a run.
#[derive(Clone, Debug)]
pub struct Model {
    info: RunInfo,
    max_slices: usize,
    /// The length from which a slice on a worker of an async runtime is hogging.
    hogging_poll: Nanos,
    now: RunInstant,
    horizon: RunInstant,
    /// The end of the run, if it has ended.
    end: Option<Box<End>>,
    lanes: Vec<Lane>,
    lane_indices: IdMap<LaneId>,
    groups: Vec<Group>,
    group_indices: IdMap<GroupId>,
    tasks: Vec<Task>,
    task_indices: IdMap<TaskId>,
    /// The bytes of the tasks' open chunks.
    arena: ByteArena,
    /// The sum of the times of the tasks whose group is not known yet, each up to the end of the
    /// task's last slice.
    ungrouped_times: StateTimes,
    /// The first index at which `tasks` is not sorted. `usize::MAX` means that all tasks are
    /// sorted.
    first_unsorted: usize,
    /// Records of tasks whose spawn is not known yet. Once the spawn is known, they enter the
    /// distributions of the task's group.
    pending_records: HashMap<TaskId, Vec<(LaneId, Record)>>,
    /// The number of orphaned tasks that have not ended.
    orphaned_now: usize,
    /// The tasks whose [`Task::live`] is set.
    live: Vec<TaskId>,
    /// The time for which tasks have been queued, if no record contains this time yet.
    open_queue: OpenQueue,
    /// The totals for the time after the last slice of each task, including evicted tasks.
    present: PresentCounts,
    /// The same totals as in `present`, but for branches, which are not tasks.
    present_branches: PresentCounts,
    /// The number of slices on the lanes' tracks.
    slices_kept: usize,
    /// About how many slices of branches are kept. These slices are on no lane's track.
    branch_slices_kept: usize,
    /// The number of ended tasks that were evicted from `tasks`.
    tasks_evicted: usize,
    labels: Vec<String>,
    /// The steps during which a task held its lane for at least 1 ms.
    long_steps: StepLog,
    series: Series,
    blames: Blames,
    core_use: CoreUse,
    record_counts: RecordCounts,
    marks: Vec<Marked>,
    log: VecDeque<LogLine>,
    runtime: Option<RuntimeSample>,
    channels: Vec<Channel>,
    resources: Resources,
    runtime_totals: RuntimeTotals,
}

impl Model {
    /// Creates a model that keeps at most [`DEFAULT_LIMIT`] slices.
    pub fn new(info: RunInfo) -> Model {
        Model::with_limit(info, DEFAULT_LIMIT)
    }

    /// Creates a model that keeps at most `max_slices` slices. An ended task counts as 32 slices.
    ///
    /// Beyond this limit, the model evicts the oldest slices, and every task that ended before the
    /// oldest remaining slice. Evicted slices and tasks still count in the sums and distributions
    /// of groups and lanes.
    pub fn with_limit(info: RunInfo, max_slices: usize) -> Model {
        Model {
            resources: Resources::new(&info),
            core_use: CoreUse::new(info.cores),
            blames: Blames::new(&info),
            info,
            max_slices,
            hogging_poll: HOGGING_POLL,
            now: RunInstant::ZERO,
            horizon: RunInstant::ZERO,
            end: None,
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
            open_queue: OpenQueue::default(),
            present: PresentCounts::default(),
            present_branches: PresentCounts::default(),
            slices_kept: 0,
            branch_slices_kept: 0,
            tasks_evicted: 0,
            labels: Vec::new(),
            long_steps: StepLog::default(),
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
