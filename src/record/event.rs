//! What a measured thread writes: fixed-size, `Copy`, and no larger than half a cache line.

use super::{GroupId, Label, Nanos, Outcome, Reason, Short, TaskId};

/// One uninterrupted hold of a lane by a task: one poll of an async task, one job on a thread.
///
/// ```text
///   previous slice ▌··········░░░░░░░▒▒▒▒▐███████▌
///                   suspended  unnot. queued  len
///                             ▲      ▲     ▲
///                           ready  woken  start
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice {
    /// When it began.
    pub start: Nanos,
    /// Who held the lane.
    pub task: TaskId,
    /// How long.
    pub len: Short,
    /// From the wake-up to `start`. Zero where the wake-up was not seen.
    pub queued: Short,
    /// From being ready to the wake-up. Zero where readiness is not known.
    pub unnoticed: Short,
    /// The task that woke this one, or nobody: a driver, or a thread that is not a lane.
    pub woken_by: Option<TaskId>,
    /// The name of what it waits for afterwards.
    pub label: Label,
    /// What it waits for afterwards; means nothing in a task's last slice.
    pub suspended_on: Reason,
}

/// A step of a task's program that ran to its end, inside a slice or across several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// When it began.
    pub start: Nanos,
    /// Whose.
    pub task: TaskId,
    /// How long, from its first line to its last, suspensions included.
    pub len: Short,
    /// Its name.
    pub label: Label,
    /// The thread slept in the OS all that time, holding its lane.
    pub blocking: bool,
}

/// A task came to be. It is queued from `at` on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spawned {
    /// When.
    pub at: Nanos,
    /// Who.
    pub task: TaskId,
    /// The task that spawned it, if a task did.
    pub parent: Option<TaskId>,
    /// Its number within its group, from 0.
    pub index: u32,
    /// Its group.
    pub group: GroupId,
}

/// A task is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// When.
    pub at: Nanos,
    /// Who.
    pub task: TaskId,
    /// How.
    pub outcome: Outcome,
}

/// From now on nobody waits for this task any more: who did was cancelled or has gone on. It runs on to its own end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Orphaned {
    /// When.
    pub at: Nanos,
    /// Who.
    pub task: TaskId,
}

/// One repetition of a task's steps is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repetition {
    /// When it began.
    pub start: Nanos,
    /// Whose.
    pub task: TaskId,
    /// How long it took.
    pub len: Short,
    /// How it ended. `TimedOut` on a thread means overdue: it ran on past its timeout to its own end.
    pub outcome: Outcome,
}

/// Something happened that the presenter did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Marked {
    /// When.
    pub at: Nanos,
    /// What.
    pub mark: Mark,
}

/// What a [`Marked`] marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// The scenario's cue with this number (from 0) spoke and acted.
    Cue(u16),
    /// A block was injected by a key, to last this long.
    Injected(Short),
}

/// What a measured thread writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
