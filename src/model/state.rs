//! The states of a task, the time that a task has spent in each state, and the number of tasks in
//! each state.

use crate::record::{ByReason, Nanos, Outcome, Reason, RunInstant};
use std::ops::{AddAssign, SubAssign};
use strum::VariantArray;

/// The state of a task at an instant. A task is in exactly one state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// The task holds a lane and computes.
    Running,
    /// The task holds a worker of an async runtime and computes, in a poll that is at least
    /// [`HOGGING_POLL`](crate::record::HOGGING_POLL) long. Such a poll is hogging from its start.
    Hogging,
    /// The task holds a worker of an async runtime, and the thread sleeps in the OS.
    Blocking,
    /// The task holds another thread, which may be held, and the thread sleeps in the OS.
    Sleeping,
    /// The task was woken and waits for a lane.
    Queued,
    /// The task is ready, but has not been woken.
    Unnoticed,
    /// The task waits for another task, for example for a lock or a permit.
    Waiting(Reason),
    /// The task waits for time or for something outside of the tasks, such as a reply.
    Suspended(Reason),
    /// The task has ended.
    Ended(Outcome),
}

impl State {
    /// The name of the state on screen and in reports. For an ended task, the name of the outcome.
    pub fn into_str(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Hogging => "hogging",
            State::Blocking => "blocking",
            State::Sleeping => "sleeping",
            State::Queued => "queued",
            State::Unnoticed => "unnoticed",
            State::Waiting(_) => "waiting",
            State::Suspended(_) => "suspended",
            State::Ended(outcome) => outcome.into_str(),
        }
    }

    /// Whether the task holds a lane.
    pub(super) fn holds_lane(self) -> bool {
        matches!(
            self,
            State::Running | State::Hogging | State::Blocking | State::Sleeping
        )
    }

    /// The state of a task that has or has not held a worker of an async runtime. `self` is the
    /// state of a task that has.
    pub(super) fn on_lane(self, on_worker: bool) -> State {
        match self {
            State::Hogging if !on_worker => State::Running,
            State::Blocking if !on_worker => State::Sleeping,
            other => other,
        }
    }

    /// The state between two slices, until a record reports that the task is ready or woken.
    ///
    /// A task that yielded is queued again immediately. A task that has not run yet also has the
    /// reason `Yield`, and is therefore also queued.
    pub(super) fn between_slices(reason: Reason) -> State {
        match reason {
            Reason::Yield => State::Queued,
            other => State::not_ready(other),
        }
    }

    /// The state of a task that waits for `reason`, which is not ready.
    pub(super) fn not_ready(reason: Reason) -> State {
        if reason.is_other_task() {
            State::Waiting(reason)
        } else {
            State::Suspended(reason)
        }
    }
}

/// A span of time in which the state of a task does not change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateInterval {
    /// The start of the interval.
    pub from: RunInstant,
    /// The end of the interval, which is the first instant after it.
    pub to: RunInstant,
    /// The state of the task during the interval.
    pub state: State,
}

impl StateInterval {
    /// The duration of the interval.
    pub fn len(&self) -> Nanos {
        self.to - self.from
    }

    /// The interval of a task that has or has not held a worker of an async runtime, see
    /// [`State::on_lane`].
    pub(super) fn on_lane(self, on_worker: bool) -> StateInterval {
        StateInterval {
            state: self.state.on_lane(on_worker),
            ..self
        }
    }

    /// Whether the duration is zero.
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }
}

/// The time that a slice and the gap before it take, by state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SliceTimes {
    /// What the task waited for in the gap.
    pub reason: Reason,
    /// The part of the gap in which this was not ready.
    pub not_ready: Nanos,
    pub unnoticed: Nanos,
    pub queued: Nanos,
    /// The part of the slice in which the task computed.
    pub computing: Nanos,
    /// The part of the slice in which the thread slept.
    pub asleep: Nanos,
    /// Whether the slice is long enough to be hogging.
    pub is_long: bool,
}

/// The time spent in each state except `Ended`.
///
/// Within the model, all times are added up as if the tasks held workers of an async runtime:
/// `sleeping` is zero. `on_lane` gives the times for other threads.
///
/// The order of the fields is their order in memory, see [`Task`](super::Task).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct StateTimes {
    /// The time in which the task held a lane and computed, without the time in `hogging`.
    pub running: Nanos,
    /// The time in which the task computed in long polls on workers of an async runtime.
    pub hogging: Nanos,
    /// The time in which the task held a worker of an async runtime and the thread slept in the OS.
    pub blocking: Nanos,
    /// The time in which the task held another thread and the thread slept in the OS.
    pub sleeping: Nanos,
    /// The time in which the task was woken and waited for a lane.
    pub queued: Nanos,
    /// The time in which the task was ready, but not woken.
    pub unnoticed: Nanos,
    /// The time in which the task waited for something that was not ready, by reason. These are the
    /// times of [`waiting`](StateTimes::waiting) and of [`suspended`](StateTimes::suspended).
    pub not_ready: ByReason,
}

impl StateTimes {
    /// The sum of all states: the time from the spawn to the end.
    pub fn total(&self) -> Nanos {
        self.held() + self.queued + self.unnoticed + self.all_not_ready()
    }

    /// The time in which the task waited for another task.
    pub fn waiting(&self) -> Nanos {
        self.sum_not_ready(Reason::is_other_task)
    }

    /// The time in which the task waited for time or for something outside of the tasks.
    pub fn suspended(&self) -> Nanos {
        self.sum_not_ready(|reason| !reason.is_other_task())
    }

    /// The time in which the task waited for something that was not ready.
    pub(super) fn all_not_ready(&self) -> Nanos {
        self.not_ready.into_iter().sum()
    }

    fn sum_not_ready(&self, is_included: impl Fn(Reason) -> bool) -> Nanos {
        let times = Reason::VARIANTS.iter().zip(self.not_ready);
        times
            .filter(|(reason, _)| is_included(**reason))
            .map(|(_, time)| time)
            .sum()
    }

    /// The time in which the task held a lane.
    #[inline]
    pub fn held(&self) -> Nanos {
        self.computing() + self.asleep()
    }

    /// The time in which the task held a lane and computed.
    #[inline]
    pub fn computing(&self) -> Nanos {
        self.running + self.hogging
    }

    /// The time in which the task held a lane and the thread slept in the OS.
    #[inline]
    pub fn asleep(&self) -> Nanos {
        self.blocking + self.sleeping
    }

    /// The times of tasks that have or have not held a worker of an async runtime.
    pub(super) fn on_lane(self, on_worker: bool) -> StateTimes {
        if on_worker {
            return self;
        }
        StateTimes {
            running: self.computing(),
            hogging: Nanos::ZERO,
            blocking: Nanos::ZERO,
            sleeping: self.asleep(),
            ..self
        }
    }

    /// Adds `len` to the time in `state`. If the state is `Ended`, nothing is added.
    #[inline]
    pub(super) fn add(&mut self, state: State, len: Nanos) {
        match state {
            State::Running => self.running += len,
            State::Hogging => self.hogging += len,
            State::Blocking => self.blocking += len,
            State::Sleeping => self.sleeping += len,
            State::Queued => self.queued += len,
            State::Unnoticed => self.unnoticed += len,
            State::Waiting(reason) | State::Suspended(reason) => self.not_ready[reason as usize] += len,
            State::Ended(_) => {}
        }
    }

    /// The time in which the task computed in long slices, or in the other slices.
    #[inline]
    fn computing_mut(&mut self, in_long_slices: bool) -> &mut Nanos {
        if in_long_slices {
            &mut self.hogging
        } else {
            &mut self.running
        }
    }

    /// Moves `amount` from computing to blocking. `is_long`: the slice is long enough to be
    /// hogging.
    pub(super) fn block(&mut self, amount: Nanos, is_long: bool) {
        let computing = self.computing_mut(is_long);
        *computing = *computing - amount;
        self.blocking += amount;
    }

    /// Adds the times of a slice and of the gap before it.
    #[inline]
    pub(super) fn add_slice(&mut self, slice: &SliceTimes) {
        *self.computing_mut(slice.is_long) += slice.computing;
        self.blocking += slice.asleep;
        self.queued += slice.queued;
        self.unnoticed += slice.unnoticed;
        // A task that yielded is queued at once, so it has no such time.
        if let Some(time) = self.not_ready.get_mut(slice.reason as usize) {
            *time += slice.not_ready;
        }
    }
}

impl AddAssign for StateTimes {
    #[inline]
    fn add_assign(&mut self, rhs: StateTimes) {
        self.running += rhs.running;
        self.hogging += rhs.hogging;
        self.blocking += rhs.blocking;
        self.sleeping += rhs.sleeping;
        self.queued += rhs.queued;
        self.unnoticed += rhs.unnoticed;
        for (mine, theirs) in self.not_ready.iter_mut().zip(rhs.not_ready) {
            *mine += theirs;
        }
    }
}

impl SubAssign for StateTimes {
    #[inline]
    fn sub_assign(&mut self, rhs: StateTimes) {
        self.running = self.running - rhs.running;
        self.hogging = self.hogging - rhs.hogging;
        self.blocking = self.blocking - rhs.blocking;
        self.sleeping = self.sleeping - rhs.sleeping;
        self.queued = self.queued - rhs.queued;
        self.unnoticed = self.unnoticed - rhs.unnoticed;
        for (mine, theirs) in self.not_ready.iter_mut().zip(rhs.not_ready) {
            *mine = *mine - theirs;
        }
    }
}

/// The number of tasks in each state. Each field is a number of tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TaskCounts {
    /// Tasks that hold a lane and compute.
    pub running: usize,
    /// Tasks that hold a worker of an async runtime and compute in a long poll.
    pub hogging: usize,
    /// Tasks that hold a worker of an async runtime whose thread sleeps in the OS.
    pub blocking: usize,
    /// Tasks that hold another thread, which sleeps in the OS.
    pub sleeping: usize,
    /// Tasks that were woken and wait for a lane.
    pub queued: usize,
    /// Tasks that are ready, but were not woken.
    pub unnoticed: usize,
    /// Tasks that wait for another task.
    pub waiting: usize,
    /// Tasks that wait for time or for something outside of the tasks.
    pub suspended: usize,
    /// Tasks that ended after all their steps.
    pub completed: usize,
    /// Tasks that ended because a step failed.
    pub failed: usize,
    /// Tasks that were stopped from outside.
    pub cancelled: usize,
    /// Tasks that ended because their timeout passed.
    pub timed_out: usize,
    /// Tasks that panicked.
    pub panicked: usize,
    /// Tasks that ended because a step failed, while no other task waited for their result.
    pub unobserved_failure: usize,
    /// Tasks that were dropped before they ran at all.
    pub never_started: usize,
    /// Tasks whose process died.
    pub lost: usize,
    /// Tasks that ended in an unknown way.
    pub unknown: usize,
}

impl TaskCounts {
    /// Tasks that have not ended.
    pub fn alive(&self) -> usize {
        let held = self.running + self.hogging + self.blocking + self.sleeping;
        held + self.queued + self.unnoticed + self.waiting + self.suspended
    }

    /// Tasks that have ended.
    pub fn ended(&self) -> usize {
        let ended = |&outcome| self.get(State::Ended(outcome));
        Outcome::VARIANTS.iter().map(ended).sum()
    }

    /// The number of tasks in a state. `Waiting` and `Suspended` have one number each for all
    /// reasons.
    pub fn get(&self, state: State) -> usize {
        let mut counts = *self;
        *counts.get_mut(state)
    }

    /// The number of tasks in a state, to be changed, as in [`get`](TaskCounts::get).
    pub fn get_mut(&mut self, state: State) -> &mut usize {
        match state {
            State::Running => &mut self.running,
            State::Hogging => &mut self.hogging,
            State::Blocking => &mut self.blocking,
            State::Sleeping => &mut self.sleeping,
            State::Queued => &mut self.queued,
            State::Unnoticed => &mut self.unnoticed,
            State::Waiting(_) => &mut self.waiting,
            State::Suspended(_) => &mut self.suspended,
            State::Ended(Outcome::Completed) => &mut self.completed,
            State::Ended(Outcome::Failed) => &mut self.failed,
            State::Ended(Outcome::Cancelled) => &mut self.cancelled,
            State::Ended(Outcome::TimedOut) => &mut self.timed_out,
            State::Ended(Outcome::Panicked) => &mut self.panicked,
            State::Ended(Outcome::UnobservedFailure) => &mut self.unobserved_failure,
            State::Ended(Outcome::NeverStarted) => &mut self.never_started,
            State::Ended(Outcome::Lost) => &mut self.lost,
            State::Ended(Outcome::Unknown) => &mut self.unknown,
        }
    }
}
