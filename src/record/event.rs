//! The records that measured threads write. A record has a fixed size, is `Copy`, and fills at most
//! half a cache line.
//!
//! Records are generic over the clock of their instants. Records in a ring use the process's clock,
//! and records in a batch use the run's clock.

use super::resource::{Acquired, HolderLate, Missed, Notification, Received, Released, WaitBegan, WaitEnded};
use super::time::impl_map_instants;
use super::{Clock, CompactDuration, GroupId, Instant, Label, Outcome, Reason, RunClock, TaskId};
use serde::{Deserialize, Serialize};

/// One uninterrupted hold of a lane by a task: one poll of an async task, or one job on a thread.
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
    /// When the slice began.
    pub start: Instant<C>,
    /// The task that held the lane.
    pub task: TaskId,
    /// The length of the slice.
    pub len: CompactDuration,
    /// The time from the wake-up to `start`. Zero if the wake-up is not known.
    #[serde(default)]
    pub queued: CompactDuration,
    /// How long the task was ready before the wake-up. Zero if this time is not known.
    #[serde(default)]
    pub unnoticed: CompactDuration,
    /// The task that woke this task. `None` if a driver, a thread that is not a lane, or an unknown
    /// waker woke this task.
    #[serde(default)]
    pub woken_by: Option<TaskId>,
    /// The name of the step in which the task waits after the slice.
    #[serde(default)]
    pub label: Label,
    /// The kind of event that the task waits for after the slice. This field has no meaning in the
    /// last slice of a task.
    #[serde(default)]
    pub suspended_on: Reason,
    /// Whether `task` is a branch that was polled during this slice. Then this slice is a part of a
    /// slice of the polling task, and not a separate hold of the lane.
    #[serde(default)]
    pub branch: bool,
}

/// A step of a task's program that ran to its end, within one slice or across several slices.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Step<C = RunClock> {
    /// When the step began.
    pub start: Instant<C>,
    /// The task that did the step.
    pub task: TaskId,
    /// The time from the start of the step to its end, including suspensions.
    pub len: CompactDuration,
    /// The name of the step.
    #[serde(default)]
    pub label: Label,
    /// Whether the thread slept in the operating system during the whole step and held its lane.
    #[serde(default)]
    pub blocking: bool,
    /// What the thread slept for. Meaningful only if `blocking` is true.
    #[serde(default)]
    pub blocked_on: Reason,
    /// The part of `len` that a runtime's timer added because it counts whole ticks. Zero if the
    /// step is not a sleep on a runtime.
    #[serde(default)]
    pub timer_rounding: CompactDuration,
}

/// A task was spawned. The task has been queued since `at`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Spawned<C = RunClock> {
    /// When the task was spawned.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// The task that spawned this task. `None` if no task spawned it.
    #[serde(default)]
    pub parent: Option<TaskId>,
    /// The task's index within its group, from 0.
    pub index: u32,
    /// The task's group.
    pub group: GroupId,
    /// Whether this is a *branch* and not a task. A branch is a part of `parent`, and `parent`
    /// polls it.
    #[serde(default)]
    pub branch: bool,
}

/// A task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Ended<C = RunClock> {
    /// When the task ended.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
    /// How the task ended.
    pub outcome: Outcome,
    /// The time from the wake-up to `at`, if the task was woken and has not run since then. Zero if
    /// the task ended within a slice.
    #[serde(default)]
    pub queued: CompactDuration,
    /// How long the task was ready but not woken. This time ends at the wake-up, or at `at` if the
    /// task was not woken. Zero if the time is not known, or if the task ended within a slice.
    #[serde(default)]
    pub unnoticed: CompactDuration,
    /// Whether the task failed, timed out or panicked, and no task was left to observe this end.
    #[serde(default)]
    pub unobserved: bool,
}

impl<C> Ended<C> {
    /// Creates the record of an end. The end is not a failure, or another task observes it. The
    /// task was neither woken nor ready.
    pub fn observed(at: Instant<C>, task: TaskId, outcome: Outcome) -> Ended<C> {
        Ended {
            at,
            task,
            outcome,
            queued: CompactDuration::ZERO,
            unnoticed: CompactDuration::ZERO,
            unobserved: false,
        }
    }
}

/// A task was orphaned: the task that waited for it was cancelled or has stopped waiting. The
/// orphaned task continues to run until its own end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Orphaned<C = RunClock> {
    /// When the task was orphaned.
    pub at: Instant<C>,
    /// The task.
    pub task: TaskId,
}

/// One repetition of a task's steps ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Repetition<C = RunClock> {
    /// When the repetition began.
    pub start: Instant<C>,
    /// The task that did the repetition.
    pub task: TaskId,
    /// The length of the repetition.
    pub len: CompactDuration,
    /// How the repetition ended. On a thread, `TimedOut` means that the repetition was overdue: it
    /// continued after its timeout until its last step had ended.
    pub outcome: Outcome,
}

/// The presenter or the scenario performed an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Marked<C = RunClock> {
    /// When the action was performed.
    pub at: Instant<C>,
    /// Which action it was.
    pub mark: Mark,
}

/// The action that a [`Marked`] record describes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The scenario's cue with this number (from 0) showed its caption and performed its action.
    Cue(u16),
    /// A key press injected a task that blocks for this duration.
    Injected(CompactDuration),
}

/// A record, as a measured thread writes it.
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
    /// A task was orphaned: no task waits for it any more.
    Orphaned(Orphaned<C>),
    /// A repetition ended.
    Repetition(Repetition<C>),
    /// A task began to wait for a resource or for its children.
    WaitBegan(WaitBegan<C>),
    /// A task stopped waiting for its children, or stopped waiting for a resource without getting
    /// it.
    WaitEnded(WaitEnded<C>),
    /// A task acquired a resource.
    Acquired(Acquired<C>),
    /// A task released a resource.
    Released(Released<C>),
    /// A task sent a notification.
    Notification(Notification<C>),
    /// A branch that acquired or released a resource had been late.
    HolderLate(HolderLate<C>),
    /// A task received an item that every receiver gets.
    Received(Received<C>),
    /// A task missed items that every receiver gets.
    Missed(Missed<C>),
    /// The presenter or the scenario performed an action.
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
    suspended_on,
    branch
});
impl_map_instants!(Step {
    start,
    task,
    len,
    label,
    blocking,
    blocked_on,
    timer_rounding
});
impl_map_instants!(Spawned {
    at,
    task,
    parent,
    index,
    group,
    branch
});
impl_map_instants!(Ended {
    at,
    task,
    outcome,
    queued,
    unnoticed,
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
            Record::WaitBegan(began) => Record::WaitBegan(began.map_instants(map)),
            Record::WaitEnded(ended) => Record::WaitEnded(ended.map_instants(map)),
            Record::Acquired(acquired) => Record::Acquired(acquired.map_instants(map)),
            Record::Released(released) => Record::Released(released.map_instants(map)),
            Record::Notification(notification) => Record::Notification(notification.map_instants(map)),
            Record::HolderLate(late) => Record::HolderLate(late.map_instants(map)),
            Record::Received(received) => Record::Received(received.map_instants(map)),
            Record::Missed(missed) => Record::Missed(missed.map_instants(map)),
            Record::Marked(marked) => Record::Marked(marked.map_instants(map)),
        }
    }

    /// The task that the record describes. A mark describes no task.
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Record::Slice(slice) => Some(slice.task),
            Record::Step(step) => Some(step.task),
            Record::Spawned(spawned) => Some(spawned.task),
            Record::Ended(ended) => Some(ended.task),
            Record::Orphaned(orphaned) => Some(orphaned.task),
            Record::Repetition(repetition) => Some(repetition.task),
            Record::WaitBegan(began) => Some(began.task),
            Record::WaitEnded(ended) => Some(ended.task),
            Record::Acquired(acquired) => Some(acquired.task),
            Record::Released(released) => Some(released.task),
            Record::Notification(notification) => Some(notification.task),
            Record::HolderLate(late) => Some(late.task),
            Record::Received(received) => Some(received.task),
            Record::Missed(missed) => Some(missed.task),
            Record::Marked(_) => None,
        }
    }

    /// The end of the recorded slice, step or event. The record was written at this instant or a
    /// little later.
    #[inline]
    pub fn written_at(&self) -> Instant<C> {
        match self {
            Record::Slice(slice) => slice.start + slice.len.get(),
            Record::Step(step) => step.start + step.len.get(),
            Record::Spawned(spawned) => spawned.at,
            Record::Ended(ended) => ended.at,
            Record::Orphaned(orphaned) => orphaned.at,
            Record::Repetition(repetition) => repetition.start + repetition.len.get(),
            Record::WaitBegan(began) => began.at,
            Record::WaitEnded(ended) => ended.at,
            Record::Acquired(acquired) => acquired.at,
            Record::Released(released) => released.at,
            Record::Notification(notification) => notification.at,
            Record::HolderLate(late) => late.at,
            Record::Received(received) => received.at,
            Record::Missed(missed) => missed.at,
            Record::Marked(marked) => marked.at,
        }
    }
}

const _: () = assert!(size_of::<Record>() == 32, "a record is half a cache line");
