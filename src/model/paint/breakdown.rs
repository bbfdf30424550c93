//! The time spent in each state within a cell or another span of time, and the state that a cell
//! shows.

use super::super::state::{SliceTimes, State, StateInterval};
use super::NOTABLE_WAIT;
use crate::record::{Nanos, Outcome, Reason, TaskId};

/// The time that a task spent in each state within a span, and the longest intervals that overlap
/// the span.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::model) struct TimeBreakdown {
    running: Nanos,
    hogging: Nanos,
    /// The time in which the thread slept. For threads that may be held, this is sleeping.
    pub blocking: Nanos,
    queued: Nanos,
    unnoticed: Nanos,
    /// The time in which something was not ready: waiting or suspended.
    not_ready: Nanos,
    longest_queued: Nanos,
    longest_unnoticed: Nanos,
    longest_not_ready: Nanos,
    /// The reason of the longest waiting or suspended interval.
    reason: Reason,
    ended: Option<Outcome>,
}

impl TimeBreakdown {
    /// Adds an interval. `part` is the time of the interval that lies within the span.
    #[inline]
    pub(crate) fn add(&mut self, interval: &StateInterval, part: Nanos) {
        match interval.state {
            State::Running => self.running += part,
            State::Hogging => self.hogging += part,
            State::Blocking | State::Sleeping => self.blocking += part,
            State::Queued => {
                self.queued += part;
                self.longest_queued = self.longest_queued.max(interval.len());
            }
            State::Unnoticed => {
                self.unnoticed += part;
                self.longest_unnoticed = self.longest_unnoticed.max(interval.len());
            }
            State::Waiting(reason) | State::Suspended(reason) => {
                self.not_ready += part;
                self.note_not_ready(interval.len(), reason);
            }
            State::Ended(outcome) => self.ended = Some(outcome),
        }
    }

    /// Adds a slice and the gap before it. The slice and the gap must lie completely within the
    /// span.
    #[inline]
    pub(crate) fn add_slice(&mut self, slice: &SliceTimes) {
        *self.computing_mut(slice.is_long) += slice.computing;
        self.blocking += slice.asleep;
        self.queued += slice.queued;
        self.longest_queued = self.longest_queued.max(slice.queued);
        self.unnoticed += slice.unnoticed;
        self.longest_unnoticed = self.longest_unnoticed.max(slice.unnoticed);
        self.not_ready += slice.not_ready;
        self.note_not_ready(slice.not_ready, slice.reason);
    }

    /// The time in which the task was in `state`. For waiting and suspended, the time of both.
    /// `on_worker`: the task has held a worker of an async runtime.
    pub(super) fn time(&self, state: State, on_worker: bool) -> Nanos {
        match state {
            State::Running if on_worker => self.running,
            State::Running => self.running + self.hogging,
            State::Hogging => self.hogging,
            State::Blocking | State::Sleeping => self.blocking,
            State::Queued => self.queued,
            State::Unnoticed => self.unnoticed,
            State::Waiting(_) | State::Suspended(_) => self.not_ready,
            State::Ended(_) => Nanos::ZERO,
        }
    }

    /// The state in which the task was for more than half of the time `width`.
    pub(super) fn most(&self, width: Nanos, on_worker: bool) -> Option<State> {
        let states = [
            State::Running,
            State::Hogging,
            State::Blocking,
            State::Queued,
            State::Unnoticed,
            State::not_ready(self.reason),
        ];
        let mut states = states.into_iter().map(|state| state.on_lane(on_worker));
        states.find(|&state| self.time(state, on_worker) > Nanos(width.0 / 2))
    }

    /// The duration of the longest queued or unnoticed interval.
    pub(crate) fn longest_wait(&self) -> Nanos {
        self.longest_queued.max(self.longest_unnoticed)
    }

    #[inline]
    fn note_not_ready(&mut self, len: Nanos, reason: Reason) {
        if len >= self.longest_not_ready {
            (self.longest_not_ready, self.reason) = (len, reason);
        }
    }

    /// The time in which the task held a lane.
    pub(super) fn held(&self) -> Nanos {
        self.running + self.hogging + self.blocking
    }

    /// Whether the span contains a problem: blocking or hogging time, or a queued or unnoticed
    /// interval of at least `min_wait`.
    pub(crate) fn has_problem(&self, min_wait: Nanos) -> bool {
        self.blocking + self.hogging > Nanos::ZERO || self.longest_wait() >= min_wait
    }

    #[inline]
    fn computing_mut(&mut self, in_long_slice: bool) -> &mut Nanos {
        if in_long_slice {
            &mut self.hogging
        } else {
            &mut self.running
        }
    }

    /// Moves `amount` from computing to blocking. `is_long`: the slice is long enough to be
    /// hogging.
    pub(crate) fn block(&mut self, amount: Nanos, is_long: bool) {
        let computing = self.computing_mut(is_long);
        *computing = *computing - amount;
        self.blocking += amount;
    }

    /// Adds a later part of the same span.
    #[inline]
    pub(crate) fn merge(&mut self, later: &TimeBreakdown) {
        self.running += later.running;
        self.hogging += later.hogging;
        self.blocking += later.blocking;
        self.queued += later.queued;
        self.unnoticed += later.unnoticed;
        self.not_ready += later.not_ready;
        self.longest_queued = self.longest_queued.max(later.longest_queued);
        self.longest_unnoticed = self.longest_unnoticed.max(later.longest_unnoticed);
        if later.not_ready > Nanos::ZERO {
            self.note_not_ready(later.longest_not_ready, later.reason);
        }
        self.ended = later.ended.or(self.ended);
    }

    /// The state that a cell shows, by the rule in the [module](super)'s documentation. `width` is
    /// the time that the cell covers. `on_worker`: the task has held a worker of an async runtime.
    pub(super) fn state(&self, width: Nanos, on_worker: bool) -> Option<State> {
        if self.blocking > Nanos::ZERO && on_worker {
            return Some(State::Blocking);
        }
        let notable = NOTABLE_WAIT.min(Nanos(width.0 / 2)).max(Nanos(1));
        if self.longest_wait() >= notable {
            return Some(longer_wait(self.longest_queued, self.longest_unnoticed));
        }
        let waiting = self.queued + self.unnoticed;
        let held = self.held();
        let covered = held + waiting + self.not_ready;
        if covered == Nanos::ZERO {
            return self.ended.map(State::Ended);
        }
        if waiting > covered - waiting {
            return Some(longer_wait(self.queued, self.unnoticed));
        }
        if self.hogging > Nanos::ZERO && on_worker {
            return Some(State::Hogging);
        }
        if held > Nanos::ZERO && (held.0 >= covered.0 / 8 || held >= self.not_ready) {
            let is_asleep = self.blocking > held - self.blocking;
            return Some(if is_asleep { State::Sleeping } else { State::Running });
        }
        let candidates = [
            (self.queued, State::Queued),
            (self.unnoticed, State::Unnoticed),
            (self.not_ready, State::not_ready(self.reason)),
        ];
        candidates
            .into_iter()
            .max_by_key(|&(time, _)| time)
            .map(|(_, state)| state)
    }
}

fn longer_wait(queued: Nanos, unnoticed: Nanos) -> State {
    if queued > unnoticed {
        State::Queued
    } else {
        State::Unnoticed
    }
}

/// The time in which a lane was held within a span, and the tasks with the longest slices.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::model) struct LaneBreakdown {
    pub busy: Nanos,
    /// The part of `busy` in which the thread slept.
    blocked: Nanos,
    /// The longest slice: its duration and its task.
    longest: Option<(Nanos, TaskId)>,
    /// The longest of the slices that block within the span.
    longest_blocking: Option<(Nanos, TaskId)>,
}

impl LaneBreakdown {
    /// Adds a slice. `len` is its whole duration, and `part` is its time within the span.
    #[inline]
    pub(crate) fn add(&mut self, task: TaskId, len: Nanos, part: Nanos) {
        if part > Nanos::ZERO {
            self.busy += part;
            self.longest = self.longest.max(Some((len, task)));
        }
    }

    /// Marks a slice as blocking within the span. `len` is the whole duration of the slice, and
    /// `part` is its blocking time within the span.
    #[inline]
    pub(crate) fn block(&mut self, task: TaskId, len: Nanos, part: Nanos) {
        self.blocked += part;
        self.longest_blocking = self.longest_blocking.max(Some((len, task)));
    }

    /// The whole duration of the longest slice.
    pub(crate) fn longest(&self) -> Nanos {
        self.longest.map_or(Nanos::ZERO, |(len, _)| len)
    }

    /// Whether any slice blocks within the span.
    pub(crate) fn is_blocked(&self) -> bool {
        self.longest_blocking.is_some()
    }

    /// The time in which the lane was in `state`.
    pub(super) fn time(&self, state: State) -> Nanos {
        match state {
            State::Running | State::Hogging => self.busy - self.blocked,
            State::Blocking | State::Sleeping => self.blocked,
            State::Queued | State::Unnoticed | State::Waiting(_) | State::Suspended(_) | State::Ended(_) => Nanos::ZERO,
        }
    }

    /// The task that a cell shows, see [`LaneCell::task`](super::LaneCell::task).
    pub(super) fn task(&self) -> Option<TaskId> {
        self.longest_blocking.or(self.longest).map(|(_, task)| task)
    }

    /// Adds another part of the same span.
    #[inline]
    pub(super) fn merge(&mut self, other: &LaneBreakdown) {
        self.busy += other.busy;
        self.blocked += other.blocked;
        self.longest = self.longest.max(other.longest);
        self.longest_blocking = self.longest_blocking.max(other.longest_blocking);
    }
}
