//! What a task does between two slices, and how the time of a slice and of the gap before it is
//! divided among the states.

use super::spans::Spans;
use super::state::{SliceTimes, State, StateInterval, StateTimes};
use crate::record::{Label, LaneId, Nanos, Reason, RunInstant, Slice, WaitParts};

/// What a task does between two slices, until a record reports that the task is ready or woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct WaitState {
    /// The end of the previous slice, or the spawn if there is no previous slice.
    pub since: RunInstant,
    /// What the task waits for. A new task is queued, like a task that yielded.
    pub reason: Reason,
    /// The step that the task waits for.
    pub label: Label,
}

impl WaitState {
    /// The wait state of a task that was spawned at `at` and has not run yet.
    pub(super) fn spawned(at: RunInstant) -> WaitState {
        WaitState {
            since: at,
            reason: Reason::Yield,
            label: Label::NONE,
        }
    }

    /// The wait state after a slice.
    #[inline]
    pub(super) fn after(placed: &PlacedSlice) -> WaitState {
        WaitState {
            since: placed.end(),
            reason: placed.slice.suspended_on,
            label: placed.slice.label,
        }
    }

    /// The time in each state from `since` to `end`. `end` is the end of the task, and `last` are
    /// the last parts of the wait.
    pub(super) fn times(self, end: RunInstant, last: Lateness) -> StateTimes {
        let mut times = StateTimes::default();
        let (queued, unnoticed) = (last.queued, last.unnoticed);
        self.gap(end, queued, unnoticed, &mut |interval| {
            times.add(interval.state, interval.len());
        });
        times
    }

    /// The time in each state during a slice and during the gap before it. The parts of the gap
    /// never add up to more than the gap, even if the slice reports longer times.
    #[inline]
    pub(super) fn slice_times(self, slice: &Timing, division: Division<'_>) -> SliceTimes {
        let wait = WaitParts::divide(self.reason, slice.start - self.since, slice.queued, slice.unnoticed);
        let asleep = division.asleep.covered(slice.start, slice.end);
        SliceTimes {
            reason: self.reason,
            not_ready: wait.suspended,
            unnoticed: wait.unnoticed,
            queued: wait.queued,
            computing: slice.end - slice.start - asleep,
            asleep,
            is_long: division.is_long(slice.start, slice.end),
        }
    }

    /// Like [`slice_times`](WaitState::slice_times), but without the time before the beginning of
    /// the wait `from`. If `from` begins later than this wait, the reason of `from` is used.
    pub(super) fn slice_times_from(self, from: WaitState, slice: &Timing, division: Division<'_>) -> SliceTimes {
        let wait = if from.since > self.since { from } else { self };
        let part = Timing {
            start: slice.start.max(from.since),
            end: slice.end.max(from.since),
            ..*slice
        };
        SliceTimes {
            is_long: division.is_long(slice.start, slice.end),
            ..wait.slice_times(&part, division)
        }
    }

    /// Calls `each` with the intervals of the gap before a slice and of the slice, in order. Empty
    /// intervals are left out.
    #[inline]
    pub(super) fn intervals(self, slice: &Timing, division: Division<'_>, each: &mut impl FnMut(StateInterval)) {
        self.gap(slice.start, slice.queued, slice.unnoticed, each);
        let asleep = division.asleep.within(slice.start, slice.end);
        split_hold(slice.start, slice.end, division.hogging_poll, asleep, each);
    }

    /// Calls `each` with the intervals of the gap from `since` to `end`, in order. Empty intervals
    /// are left out. The durations `unnoticed` and `queued` are the last parts of the gap, in this
    /// order.
    #[inline]
    pub(super) fn gap(self, end: RunInstant, queued: Nanos, unnoticed: Nanos, each: &mut impl FnMut(StateInterval)) {
        let slice = Timing {
            start: end,
            end,
            queued,
            unnoticed,
        };
        let times = self.slice_times(&slice, Division::NO_HOLD);
        let mut at = self.since;
        for (state, len) in [
            (State::not_ready(self.reason), times.not_ready),
            (State::Unnoticed, times.unnoticed),
            (State::Queued, times.queued),
        ] {
            if len > Nanos::ZERO {
                let from = at;
                at += len;
                each(StateInterval { from, to: at, state });
            }
        }
    }
}

/// The last parts of a wait: the time for which the task was ready but not woken, and then the time
/// for which the task was woken but did not run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Lateness {
    pub unnoticed: Nanos,
    pub queued: Nanos,
}

impl Lateness {
    /// The delay and the lateness; `None` if the task was neither ready nor woken.
    pub(super) fn delay_and_lateness(self) -> Option<(Nanos, Nanos)> {
        let lateness = self.queued + self.unnoticed;
        (lateness > Nanos::ZERO).then_some((self.queued, lateness))
    }
}

/// The start and the end of a slice, and the times for which the task was queued and unnoticed
/// before the slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Timing {
    pub start: RunInstant,
    pub end: RunInstant,
    pub queued: Nanos,
    pub unnoticed: Nanos,
}

/// A slice and the lane that it held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PlacedSlice {
    pub slice: Slice,
    pub lane: LaneId,
}

impl PlacedSlice {
    #[inline]
    pub(super) fn end(&self) -> RunInstant {
        self.slice.start + self.slice.len.get()
    }

    #[inline]
    pub(super) fn timing(&self) -> Timing {
        Timing {
            start: self.slice.start,
            end: self.end(),
            queued: self.slice.queued.get(),
            unnoticed: self.slice.unnoticed.get(),
        }
    }

    /// A key for a total order. With a total order, the result does not depend on which of two
    /// slices arrives first.
    pub(super) fn sort_key(&self) -> impl Ord {
        (self.slice.start, self.slice.len, self.lane)
    }

    /// Ends the slice at `next`, the start of the task's next slice, if the slice ends later.
    /// Slices of one task can overlap in the records because the clocks of two cores may differ.
    pub(super) fn truncate_at(&mut self, next: RunInstant) {
        if self.end() > next {
            self.slice.len = (next - self.slice.start).into();
        }
    }
}

/// What divides the slices of a task into states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Division<'a> {
    /// The spans in which the task's thread slept.
    pub asleep: &'a Spans,
    /// The length from which a slice is hogging.
    pub hogging_poll: Nanos,
}

impl Division<'_> {
    /// For a time in which the task holds no lane.
    const NO_HOLD: Division<'static> = Division {
        asleep: Spans::NONE,
        hogging_poll: Nanos(u64::MAX),
    };

    #[inline]
    fn is_long(&self, start: RunInstant, end: RunInstant) -> bool {
        end - start >= self.hogging_poll
    }
}

/// Splits the time in which a task holds a lane into running or hogging, and blocking intervals.
#[inline]
pub(super) fn split_hold(
    from: RunInstant,
    to: RunInstant,
    hogging_poll: Nanos,
    blocking: impl Iterator<Item = (RunInstant, RunInstant)>,
    each: &mut impl FnMut(StateInterval),
) {
    let computing = if to - from >= hogging_poll {
        State::Hogging
    } else {
        State::Running
    };
    let mut at = from;
    for (a, b) in blocking {
        if at < a {
            each(StateInterval {
                from: at,
                to: a,
                state: computing,
            });
        }
        each(StateInterval {
            from: a,
            to: b,
            state: State::Blocking,
        });
        at = b;
    }
    if at < to {
        each(StateInterval {
            from: at,
            to,
            state: computing,
        });
    }
}
