//! What a task is doing: the state at an instant, and the time it has spent in each.

use crate::record::{Nanos, Outcome, Reason, RunInstant};
use std::ops::{AddAssign, SubAssign};

/// What a task does at an instant: exactly one of these.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// It holds a lane and computes.
    Running,
    /// It holds a lane, and the thread sleeps in the OS.
    Blocking,
    /// It was woken and waits for a lane.
    Queued,
    /// What it waits for is ready, but nobody has woken it.
    Unnoticed,
    /// It waits, rightly.
    Suspended(Reason),
    /// It is over.
    Ended(Outcome),
}

impl State {
    /// The word on screen and in reports; for an ended task, how it ended.
    pub fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Blocking => "blocking",
            State::Queued => "queued",
            State::Unnoticed => "unnoticed",
            State::Suspended(_) => "suspended",
            State::Ended(outcome) => outcome.word(),
        }
    }

    /// What a task off its lane does if nobody has said that it is ready or woken.
    ///
    /// A task that gave way is queued again at once, and so is one that has never run.
    pub(super) fn between_slices(reason: Reason) -> State {
        match reason {
            Reason::Yield => State::Queued,
            other => State::Suspended(other),
        }
    }
}

/// A time during which a task's state does not change: `from` inclusive, `to` exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateInterval {
    /// Its first instant.
    pub from: RunInstant,
    /// The first instant after it.
    pub to: RunInstant,
    /// The state throughout.
    pub state: State,
}

impl StateInterval {
    /// How long it lasts.
    pub fn len(&self) -> Nanos {
        self.to - self.from
    }

    /// Whether it lasts no time at all.
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }
}

/// How a slice and the gap before it divide the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SliceTimes {
    /// What the task rested on in the gap.
    pub reason: Reason,
    /// At rest, unless resting is being queued.
    pub suspended: Nanos,
    pub unnoticed: Nanos,
    pub queued: Nanos,
    pub running: Nanos,
    pub blocking: Nanos,
}

/// Time spent in each state but the last. `suspended` is the sum of `suspended_on`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StateTimes {
    /// Holding a lane and computing.
    pub running: Nanos,
    /// Holding a lane while the thread sleeps in the OS.
    pub blocking: Nanos,
    /// Woken, without a lane.
    pub queued: Nanos,
    /// Ready, but not woken.
    pub unnoticed: Nanos,
    /// Waiting, rightly.
    pub suspended: Nanos,
    /// The same by reason, in the order of [`Reason::ALL`].
    pub suspended_on: [Nanos; Reason::ALL.len()],
}

impl StateTimes {
    /// Time in all, from being spawned to being over.
    pub fn total(&self) -> Nanos {
        self.running + self.blocking + self.queued + self.unnoticed + self.suspended
    }

    /// Counts `len` more in `state`. Time after the end is nobody's.
    #[inline]
    pub(super) fn add(&mut self, state: State, len: Nanos) {
        match state {
            State::Running => self.running += len,
            State::Blocking => self.blocking += len,
            State::Queued => self.queued += len,
            State::Unnoticed => self.unnoticed += len,
            State::Suspended(reason) => {
                self.suspended += len;
                self.suspended_on[reason as usize] += len;
            }
            State::Ended(_) => {}
        }
    }

    /// Counts that, too.
    #[inline]
    pub(super) fn add_slice(&mut self, slice: &SliceTimes) {
        self.running += slice.running;
        self.blocking += slice.blocking;
        self.queued += slice.queued;
        self.unnoticed += slice.unnoticed;
        self.suspended += slice.suspended;
        self.suspended_on[slice.reason as usize] += slice.suspended;
    }
}

impl AddAssign for StateTimes {
    #[inline]
    fn add_assign(&mut self, rhs: StateTimes) {
        self.running += rhs.running;
        self.blocking += rhs.blocking;
        self.queued += rhs.queued;
        self.unnoticed += rhs.unnoticed;
        self.suspended += rhs.suspended;
        for (mine, theirs) in self.suspended_on.iter_mut().zip(rhs.suspended_on) {
            *mine += theirs;
        }
    }
}

impl SubAssign for StateTimes {
    #[inline]
    fn sub_assign(&mut self, rhs: StateTimes) {
        self.running = self.running - rhs.running;
        self.blocking = self.blocking - rhs.blocking;
        self.queued = self.queued - rhs.queued;
        self.unnoticed = self.unnoticed - rhs.unnoticed;
        self.suspended = self.suspended - rhs.suspended;
        for (mine, theirs) in self.suspended_on.iter_mut().zip(rhs.suspended_on) {
            *mine = *mine - theirs;
        }
    }
}

/// How many tasks are in each state now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TaskCounts {
    /// Holding a lane and computing.
    pub running: usize,
    /// Holding a lane while the thread sleeps in the OS.
    pub blocking: usize,
    /// Woken, without a lane.
    pub queued: usize,
    /// Ready, but not woken.
    pub unnoticed: usize,
    /// Waiting, rightly.
    pub suspended: usize,
    /// Over: did all its steps.
    pub completed: usize,
    /// Over: a step failed.
    pub failed: usize,
    /// Over: stopped from outside.
    pub cancelled: usize,
    /// Over: its timeout passed.
    pub timed_out: usize,
    /// Over: it panicked.
    pub panicked: usize,
    /// Over: a step failed, and nobody was left who would have heard of it.
    pub failed_unseen: usize,
    /// Over: made and dropped, nothing of it ran.
    pub never_started: usize,
    /// Over: its process died.
    pub lost: usize,
    /// Over: nobody knows how.
    pub unknown: usize,
}

impl TaskCounts {
    /// Tasks that are not over.
    pub fn alive(&self) -> usize {
        self.running + self.blocking + self.queued + self.unnoticed + self.suspended
    }

    /// Tasks that are over.
    pub fn ended(&self) -> usize {
        self.completed
            + self.failed
            + self.cancelled
            + self.timed_out
            + self.panicked
            + self.failed_unseen
            + self.never_started
            + self.lost
            + self.unknown
    }

    /// The count of a state.
    pub fn get_mut(&mut self, state: State) -> &mut usize {
        match state {
            State::Running => &mut self.running,
            State::Blocking => &mut self.blocking,
            State::Queued => &mut self.queued,
            State::Unnoticed => &mut self.unnoticed,
            State::Suspended(_) => &mut self.suspended,
            State::Ended(Outcome::Completed) => &mut self.completed,
            State::Ended(Outcome::Failed) => &mut self.failed,
            State::Ended(Outcome::Cancelled) => &mut self.cancelled,
            State::Ended(Outcome::TimedOut) => &mut self.timed_out,
            State::Ended(Outcome::Panicked) => &mut self.panicked,
            State::Ended(Outcome::UnobservedFailure) => &mut self.failed_unseen,
            State::Ended(Outcome::NeverStarted) => &mut self.never_started,
            State::Ended(Outcome::Lost) => &mut self.lost,
            State::Ended(Outcome::Unknown) => &mut self.unknown,
        }
    }
}
