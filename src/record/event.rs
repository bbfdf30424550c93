//! What a measured thread writes: of a fixed size, `Copy`, and no larger than half a cache line.
//!
//! Records are generic over the clock of their instant. In a ring they are on the process's clock,
//! in a batch on the run's.

use super::time::impl_map_instants;
use super::{Clock, CompactDuration, GroupId, Instant, Label, Outcome, Reason, RunClock, TaskId};
use serde::{Deserialize, Serialize};

/// One uninterrupted hold of a lane by a task: one poll of an async task, one job on a thread.
///
/// ```text
///   previous slice ▌··········░░░░░░░▒▒▒▒▐███████▌
///                   suspended  unnot. queued  len
///                             ▲      ▲     ▲
///                           ready  woken  start
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Slice<C = RunClock> {
    /// When it began.
    pub start: Instant<C>,
    /// The task that held the lane.
    pub task: TaskId,
    /// Its length.
    pub len: CompactDuration,
    /// From the wake-up to `start`. Zero if the wake-up is not known.
    #[serde(default)]
    pub queued: CompactDuration,
    /// From being ready to the wake-up. Zero if readiness is not known.
    #[serde(default)]
    pub unnoticed: CompactDuration,
    /// The task that woke this one. `None`: a driver or a thread that is no lane did, or it is not
    /// known.
    #[serde(default)]
    pub woken_by: Option<TaskId>,
    /// The name of what the task waits for afterwards.
    #[serde(default)]
    pub label: Label,
    /// What the task waits for afterwards. Without meaning in the last slice of a task.
    #[serde(default)]
    pub suspended_on: Reason,
}

/// A step of a task's program that ran to its end, inside a slice or across several.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Step<C = RunClock> {
    /// When it began.
    pub start: Instant<C>,
    /// Its task.
    pub task: TaskId,
    /// Its length from its first line to its last, suspensions included.
    pub len: CompactDuration,
    /// Its name.
    #[serde(default)]
    pub label: Label,
    /// The thread slept in the operating system all that time, and held its lane.
    #[serde(default)]
    pub blocking: bool,
}

/// A task was spawned. It is queued from `at` on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Spawned<C = RunClock> {
    /// When it happened.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// The task that spawned it, if a task did.
    #[serde(default)]
    pub parent: Option<TaskId>,
    /// Its number within its group, from 0.
    pub index: u32,
    /// Its group.
    pub group: GroupId,
}

/// A task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Ended<C = RunClock> {
    /// When it happened.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// How it ended.
    pub outcome: Outcome,
    /// It failed, timed out or panicked, and no task was left to observe that.
    #[serde(default)]
    pub unobserved: bool,
}

impl<C> Ended<C> {
    /// An end that another task observes, or that is no failure.
    pub fn observed(at: Instant<C>, task: TaskId, outcome: Outcome) -> Ended<C> {
        Ended {
            at,
            task,
            outcome,
            unobserved: false,
        }
    }
}

/// No task waits for this one any more: the one that did was cancelled or has gone on. This task
/// runs on to its own end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Orphaned<C = RunClock> {
    /// When it happened.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
}

/// One repetition of a task's steps ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Repetition<C = RunClock> {
    /// When it began.
    pub start: Instant<C>,
    /// Its task.
    pub task: TaskId,
    /// Its length.
    pub len: CompactDuration,
    /// How it ended. On a thread, `TimedOut` means that it was overdue: it ran on past its timeout
    /// to its own end.
    pub outcome: Outcome,
}

/// The presenter or the scenario did something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Marked<C = RunClock> {
    /// When it happened.
    pub at: Instant<C>,
    /// What happened.
    pub mark: Mark,
}

/// What a [`Marked`] marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The scenario's cue with this number (from 0) showed its caption and did its action.
    Cue(u16),
    /// A key injected a blocking task of this length.
    Injected(CompactDuration),
}

/// What a measured thread writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum Record<C = RunClock> {
    /// A slice ended.
    Slice(Slice<C>),
    /// A step ended.
    Step(Step<C>),
    /// A task was spawned.
    Spawned(Spawned<C>),
    /// A task ended.
    Ended(Ended<C>),
    /// No task waits for a task any more.
    Orphaned(Orphaned<C>),
    /// A repetition ended.
    Repetition(Repetition<C>),
    /// The presenter or the scenario did something.
    Marked(Marked<C>),
}

impl_map_instants!(Slice {
    start,
    task,
    len,
    queued,
    unnoticed,
    woken_by,
    label,
    suspended_on
});
impl_map_instants!(Step {
    start,
    task,
    len,
    label,
    blocking
});
impl_map_instants!(Spawned {
    at,
    task,
    parent,
    index,
    group
});
impl_map_instants!(Ended {
    at,
    task,
    outcome,
    unobserved
});
impl_map_instants!(Orphaned { at, task });
impl_map_instants!(Repetition {
    start,
    task,
    len,
    outcome
});
impl_map_instants!(Marked { at, mark });

impl<C: Clock> Record<C> {
    /// The same record with its instant on another clock.
    #[inline]
    pub(crate) fn map_instants<D>(self, map: impl Fn(Instant<C>) -> Instant<D>) -> Record<D> {
        match self {
            Record::Slice(slice) => Record::Slice(slice.map_instants(map)),
            Record::Step(step) => Record::Step(step.map_instants(map)),
            Record::Spawned(spawned) => Record::Spawned(spawned.map_instants(map)),
            Record::Ended(ended) => Record::Ended(ended.map_instants(map)),
            Record::Orphaned(orphaned) => Record::Orphaned(orphaned.map_instants(map)),
            Record::Repetition(repetition) => Record::Repetition(repetition.map_instants(map)),
            Record::Marked(marked) => Record::Marked(marked.map_instants(map)),
        }
    }

    /// The end of what it records. It was written then, or a little later.
    #[inline]
    pub fn written_at(&self) -> Instant<C> {
        match self {
            Record::Slice(slice) => slice.start + slice.len.get(),
            Record::Step(step) => step.start + step.len.get(),
            Record::Spawned(spawned) => spawned.at,
            Record::Ended(ended) => ended.at,
            Record::Orphaned(orphaned) => orphaned.at,
            Record::Repetition(repetition) => repetition.start + repetition.len.get(),
            Record::Marked(marked) => marked.at,
        }
    }
}

const _: () = assert!(size_of::<Record>() == 32, "a record is half a cache line");
