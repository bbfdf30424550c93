//! A slice and what precedes it: how the two divide the time among the states.

use super::spans::Spans;
use super::state::{SliceTimes, State, Stretch, Times};
use crate::record::{Label, LaneId, Nanos, Reason, Slice};

/// What a task does between two slices while nobody has said that it is ready or woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct WaitState {
    /// The end of the slice before, or the spawn.
    pub since: Nanos,
    /// What it waits for. A fresh task is queued, as one that gave way is.
    pub reason: Reason,
    /// The name of that.
    pub label: Label,
}

impl WaitState {
    /// Spawned, and not run yet.
    pub fn fresh(born: Nanos) -> WaitState {
        WaitState {
            since: born,
            reason: Reason::Yield,
            label: Label::NONE,
        }
    }

    /// What follows a slice.
    #[inline]
    pub fn after(held: &PlacedSlice) -> WaitState {
        WaitState {
            since: held.end(),
            reason: held.slice.suspended_on,
            label: held.slice.label,
        }
    }

    /// The time from here to `over`.
    pub fn times(self, over: Nanos) -> Times {
        let mut times = Times::default();
        times.add(State::at_rest(self.reason), over - self.since);
        times
    }

    /// What a slice and the gap before it add to the time in each state. A gap is filled, whatever the slice says of how
    /// long it was queued and unnoticed.
    #[inline]
    pub fn spent(self, slice: &Timing, spans: &Spans) -> SliceTimes {
        let gap = slice.start - self.since;
        let yields = State::at_rest(self.reason) == State::Queued;
        let queued = if yields { gap } else { slice.queued.min(gap) };
        let unnoticed = slice.unnoticed.min(gap - queued);
        let blocking = spans.covered(slice.start, slice.end);
        SliceTimes {
            reason: self.reason,
            suspended: gap - queued - unnoticed,
            unnoticed,
            queued,
            running: slice.end - slice.start - blocking,
            blocking,
        }
    }

    /// The stretches of a slice and of the gap before it; those that are not empty.
    #[inline]
    pub fn stretches(self, slice: &Timing, spans: &Spans, each: &mut impl FnMut(Stretch)) {
        self.gap(slice.start, slice.queued, slice.unnoticed, each);
        hold(slice.start, slice.end, spans.within(slice.start, slice.end), each);
    }

    /// The stretches from here to an instant before which the task was queued and unnoticed for so long; those that are not empty.
    #[inline]
    pub fn gap(self, end: Nanos, queued: Nanos, unnoticed: Nanos, each: &mut impl FnMut(Stretch)) {
        let slice = Timing {
            start: end,
            end,
            queued,
            unnoticed,
        };
        let spent = self.spent(&slice, Spans::NONE);
        let mut at = self.since;
        for (state, len) in [
            (State::Suspended(self.reason), spent.suspended),
            (State::Unnoticed, spent.unnoticed),
            (State::Queued, spent.queued),
        ] {
            if len > Nanos::ZERO {
                let from = at;
                at += len;
                each(Stretch { from, to: at, state });
            }
        }
    }
}

/// When a slice was, and how long its task had waited for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Timing {
    pub start: Nanos,
    pub end: Nanos,
    pub queued: Nanos,
    pub unnoticed: Nanos,
}

/// A slice, and the lane that it held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PlacedSlice {
    pub slice: Slice,
    pub lane: LaneId,
}

impl PlacedSlice {
    #[inline]
    pub fn end(&self) -> Nanos {
        self.slice.start + self.slice.len.get()
    }

    #[inline]
    pub fn timing(&self) -> Timing {
        Timing {
            start: self.slice.start,
            end: self.end(),
            queued: self.slice.queued.get(),
            unnoticed: self.slice.unnoticed.get(),
        }
    }

    /// A total order, so that it does not matter which of two comes first.
    pub fn order(&self) -> impl Ord {
        (self.slice.start, self.slice.len, self.lane)
    }

    /// A slice ends where the task's next begins, should two clocks say otherwise.
    pub fn end_by(&mut self, next: Nanos) {
        if self.end() > next {
            self.slice.len = (next - self.slice.start).into();
        }
    }
}

/// Splits a hold of a lane into running and blocking.
#[inline]
pub(super) fn hold(
    from: Nanos,
    to: Nanos,
    blocking: impl Iterator<Item = (Nanos, Nanos)>,
    each: &mut impl FnMut(Stretch),
) {
    let mut at = from;
    for (a, b) in blocking {
        if at < a {
            each(Stretch {
                from: at,
                to: a,
                state: State::Running,
            });
        }
        each(Stretch {
            from: a,
            to: b,
            state: State::Blocking,
        });
        at = b;
    }
    if at < to {
        each(Stretch {
            from: at,
            to,
            state: State::Running,
        });
    }
}
