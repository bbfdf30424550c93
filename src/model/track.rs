//! A task's slices in order of time, and the states that follow from them.

use super::spans::Spans;
use super::state::{State, Stretch, Times};
use crate::record::{Label, LaneId, Nanos, Reason, Slice};
use std::collections::VecDeque;

/// What a task does between two slices while nobody has said that it is ready or woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rest {
    /// The end of the slice before, or the spawn.
    pub since: Nanos,
    /// What it waits for. A fresh task is queued, as one that gave way is.
    pub reason: Reason,
    /// The name of that.
    pub label: Label,
}

impl Rest {
    /// Spawned, and not run yet.
    pub fn fresh(born: Nanos) -> Rest {
        Rest {
            since: born,
            reason: Reason::Yield,
            label: Label::NONE,
        }
    }

    fn after(slice: &Slice) -> Rest {
        Rest {
            since: end(slice),
            reason: slice.suspended_on,
            label: slice.label,
        }
    }

    /// The stretches from here to a slice at `start` that says how long it was queued and unnoticed before.
    /// They fill the gap, whatever the slice says.
    pub fn until(self, start: Nanos, queued: Nanos, unnoticed: Nanos) -> [Stretch; 3] {
        let state = State::at_rest(self.reason);
        let (ready, woken) = if state == State::Queued {
            (start, start)
        } else {
            let woken = (start - queued).max(self.since);
            ((woken - unnoticed).max(self.since), woken)
        };
        [
            Stretch {
                from: self.since,
                to: ready,
                state,
            },
            Stretch {
                from: ready,
                to: woken,
                state: State::Unnoticed,
            },
            Stretch {
                from: woken,
                to: start.max(woken),
                state: State::Queued,
            },
        ]
    }
}

fn end(slice: &Slice) -> Nanos {
    slice.start + slice.len.get()
}

/// A slice, and the lane that it held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// The slice.
    pub slice: Slice,
    /// Where.
    pub lane: LaneId,
}

/// The slices of a task that are still held, and what it does after the last.
#[derive(Clone, Debug)]
pub(super) struct Track {
    slices: VecDeque<Held>,
    /// What precedes the first slice held.
    first: Rest,
    last: Rest,
}

impl Track {
    pub fn new(born: Nanos) -> Track {
        Track {
            slices: VecDeque::new(),
            first: Rest::fresh(born),
            last: Rest::fresh(born),
        }
    }

    /// What it does after its last slice.
    pub fn rest(&self) -> Rest {
        self.last
    }

    /// The start of the last slice held.
    pub fn last_start(&self) -> Option<Nanos> {
        self.slices.back().map(|held| held.slice.start)
    }

    /// The task turns out to be older: it was spawned at `born`.
    pub fn rebase(&mut self, born: Nanos, times: &mut Times, forgotten: bool) {
        if self.slices.is_empty() && !forgotten {
            self.last.since = born;
        } else {
            times.add(State::Queued, self.first.since - born);
        }
        self.first.since = born;
    }

    /// Takes in a slice, wherever its time is, and counts what it adds to `times`. How much of it is blocking.
    pub fn insert(&mut self, held: Held, spans: &Spans, times: &mut Times) -> Nanos {
        let at = self
            .slices
            .partition_point(|other| (other.slice.start, other.slice.len) <= (held.slice.start, held.slice.len));
        let mut held = held;
        if let Some(next) = self.slices.get(at) {
            clip(&mut held.slice, next.slice.start);
        }
        let lo = at.saturating_sub(1);
        *times -= self.times_of(lo, at + 1, spans);
        if at > 0 {
            clip(&mut self.slices[at - 1].slice, held.slice.start);
        }
        self.slices.insert(at, held);
        *times += self.times_of(lo, at + 2, spans);
        if at + 1 == self.slices.len() {
            self.last = Rest::after(&held.slice);
        }
        spans.covered(held.slice.start, end(&held.slice))
    }

    fn before(&self, at: usize) -> Rest {
        if at == 0 {
            self.first
        } else {
            Rest::after(&self.slices[at - 1].slice)
        }
    }

    fn times_of(&self, from: usize, to: usize, spans: &Spans) -> Times {
        let mut times = Times::default();
        for at in from..to.min(self.slices.len()) {
            let slice = &self.slices[at].slice;
            for stretch in self
                .before(at)
                .until(slice.start, slice.queued.get(), slice.unnoticed.get())
            {
                times.add(stretch.state, stretch.len());
            }
            let blocking = spans.covered(slice.start, end(slice));
            times.running += slice.len.get() - blocking;
            times.blocking += blocking;
        }
        times
    }

    /// A span in which the thread slept: the slices that it lies in, each with how much of it.
    pub fn block(&mut self, from: Nanos, to: Nanos, mut in_slice: impl FnMut(&Held, Nanos)) {
        let first = self.slices.partition_point(|held| end(&held.slice) <= from);
        for held in self.slices.iter().skip(first).take_while(|held| held.slice.start < to) {
            in_slice(held, end(&held.slice).min(to) - held.slice.start.max(from));
        }
    }

    /// Every stretch that touches `from..to`, in order, as a whole; up to the last slice's end.
    pub fn stretches(&self, from: Nanos, to: Nanos, spans: &Spans, mut each: impl FnMut(Stretch)) {
        let first = self.slices.partition_point(|held| end(&held.slice) <= from);
        for at in first..self.slices.len() {
            let before = self.before(at);
            if before.since >= to {
                return;
            }
            let slice = &self.slices[at].slice;
            for stretch in before.until(slice.start, slice.queued.get(), slice.unnoticed.get()) {
                each(stretch);
            }
            hold(
                slice.start,
                end(slice),
                spans.within(slice.start, end(slice)),
                &mut each,
            );
        }
    }

    /// Forgets the slices that ended by `horizon`. How many.
    pub fn forget(&mut self, horizon: Nanos) -> usize {
        let gone = self.slices.partition_point(|held| end(&held.slice) <= horizon);
        if gone > 0 {
            self.first = Rest::after(&self.slices[gone - 1].slice);
            self.slices.drain(..gone);
        }
        gone
    }
}

/// Splits a hold of a lane into running and blocking.
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

fn clip(slice: &mut Slice, next: Nanos) {
    if end(slice) > next {
        slice.len = (next - slice.start).into();
    }
}
