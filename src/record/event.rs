//! What a measured thread writes: fixed-size, `Copy`, and no larger than half a cache line.

use super::{CompactDuration, GroupId, Label, Nanos, Outcome, Reason, TaskId};
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
pub struct Slice {
    /// When it began.
    pub start: Nanos,
    /// Who held the lane.
    pub task: TaskId,
    /// How long.
    pub len: CompactDuration,
    /// From the wake-up to `start`. Zero where the wake-up was not seen.
    #[serde(default)]
    pub queued: CompactDuration,
    /// From being ready to the wake-up. Zero where readiness is not known.
    #[serde(default)]
    pub unnoticed: CompactDuration,
    /// The task that woke this one, or nobody: a driver, or a thread that is not a lane.
    #[serde(default)]
    pub woken_by: Option<TaskId>,
    /// The name of what it waits for afterwards.
    #[serde(default)]
    pub label: Label,
    /// What it waits for afterwards; means nothing in a task's last slice.
    #[serde(default)]
    pub suspended_on: Reason,
}

/// A step of a task's program that ran to its end, inside a slice or across several.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// When it began.
    pub start: Nanos,
    /// Whose.
    pub task: TaskId,
    /// How long, from its first line to its last, suspensions included.
    pub len: CompactDuration,
    /// Its name.
    #[serde(default)]
    pub label: Label,
    /// The thread slept in the OS all that time, holding its lane.
    #[serde(default)]
    pub blocking: bool,
}

/// A task came to be. It is queued from `at` on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spawned {
    /// When.
    pub at: Nanos,
    /// Who.
    pub task: TaskId,
    /// The task that spawned it, if a task did.
    #[serde(default)]
    pub parent: Option<TaskId>,
    /// Its number within its group, from 0.
    pub index: u32,
    /// Its group.
    pub group: GroupId,
}

/// A task is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Nanos,
    /// Who.
    pub task: TaskId,
    /// How.
    pub outcome: Outcome,
    /// It failed, timed out or panicked, and nobody was left to hear of it.
    #[serde(default)]
    pub unheard: bool,
}

impl Ended {
    /// An end that somebody hears of, or that is no failure.
    pub fn heard(at: Nanos, task: TaskId, outcome: Outcome) -> Ended {
        Ended {
            at,
            task,
            outcome,
            unheard: false,
        }
    }
}

/// From now on nobody waits for this task any more: who did was cancelled or has gone on. It runs on to its own end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Orphaned {
    /// When.
    pub at: Nanos,
    /// Who.
    pub task: TaskId,
}

/// One repetition of a task's steps is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Repetition {
    /// When it began.
    pub start: Nanos,
    /// Whose.
    pub task: TaskId,
    /// How long it took.
    pub len: CompactDuration,
    /// How it ended. `TimedOut` on a thread means overdue: it ran on past its timeout to its own end.
    pub outcome: Outcome,
}

/// Something happened that the presenter did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Marked {
    /// When.
    pub at: Nanos,
    /// What.
    pub mark: Mark,
}

/// What a [`Marked`] marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The scenario's cue with this number (from 0) spoke and acted.
    Cue(u16),
    /// A block was injected by a key, to last this long.
    Injected(CompactDuration),
}

/// What a measured thread writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A slice ended.
    Slice(Slice),
    /// A step ended.
    Step(Step),
    /// A task was spawned.
    Spawned(Spawned),
    /// A task ended.
    Ended(Ended),
    /// Nobody waits for a task any more.
    Orphaned(Orphaned),
    /// A repetition ended.
    Repetition(Repetition),
    /// The presenter did something.
    Marked(Marked),
}

impl Record {
    /// Moves it in time.
    pub(crate) fn moved(mut self, moved: impl Fn(Nanos) -> Nanos) -> Record {
        let at = match &mut self {
            Record::Slice(r) => &mut r.start,
            Record::Step(r) => &mut r.start,
            Record::Spawned(r) => &mut r.at,
            Record::Ended(r) => &mut r.at,
            Record::Orphaned(r) => &mut r.at,
            Record::Repetition(r) => &mut r.start,
            Record::Marked(r) => &mut r.at,
        };
        *at = moved(*at);
        self
    }

    /// When it was written, or hardly later: the end of what it tells of.
    #[inline]
    pub fn written_at(&self) -> Nanos {
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
