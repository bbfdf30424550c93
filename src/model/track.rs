//! A task's slices in order of time, and the states that follow from them.
//!
//! Slices mostly come in order and go to the end of the last [`Chunk`]. A late one, whose thread was preempted between
//! reading the clock and writing, takes its place among the others: its chunk is unpacked and packed again.

use super::chunk::{Chunk, FULL};
use super::paint::Painter;
use super::spans::Spans;
use super::state::{State, Stretch, Times};
use crate::record::{Label, LaneId, Nanos, Reason, Slice, TaskId};
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

    /// What follows a slice.
    #[inline]
    pub fn after(held: &Held) -> Rest {
        Rest {
            since: held.end(),
            reason: held.slice.suspended_on,
            label: held.slice.label,
        }
    }

    /// The stretches from here to a slice at `start` that says how long it was queued and unnoticed before.
    /// They fill the gap, whatever the slice says.
    #[inline]
    pub fn until(self, start: Nanos, queued: Nanos, unnoticed: Nanos) -> [Stretch; 3] {
        let state = State::at_rest(self.reason);
        let start = start.max(self.since);
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
                to: start,
                state: State::Queued,
            },
        ]
    }
}

/// A slice, and the lane that it held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub slice: Slice,
    pub lane: LaneId,
}

impl Held {
    #[inline]
    pub fn end(&self) -> Nanos {
        self.slice.start + self.slice.len.get()
    }

    /// A total order, so that it does not matter which of two comes first.
    fn order(&self) -> impl Ord {
        (self.slice.start, self.slice.len, self.lane)
    }

    /// A slice ends where the task's next begins, should two clocks say otherwise.
    fn end_by(&mut self, next: Nanos) {
        if self.end() > next {
            self.slice.len = (next - self.slice.start).into();
        }
    }
}

/// The slices of a task that are still held, and what it does after the last.
#[derive(Clone, Debug)]
pub(super) struct Track {
    chunks: VecDeque<Chunk>,
    last: Rest,
    /// Slices before those held are forgotten.
    forgotten: bool,
}

impl Track {
    pub fn new(born: Nanos) -> Track {
        Track {
            chunks: VecDeque::new(),
            last: Rest::fresh(born),
            forgotten: false,
        }
    }

    /// What it does after its last slice.
    #[inline]
    pub fn rest(&self) -> Rest {
        self.last
    }

    /// Reads what `insert` will change.
    #[inline]
    pub fn warm(&self) -> u64 {
        self.chunks.back().map_or(0, Chunk::warm)
    }

    /// The start of the last slice held.
    #[inline]
    pub fn last_start(&self) -> Option<Nanos> {
        self.chunks.back().map(|chunk| chunk.starts.1)
    }

    /// The task turns out to be older than `was`: it was spawned at `born`.
    pub fn rebase(&mut self, task: TaskId, was: Nanos, born: Nanos, spans: &Spans, times: &mut Times) {
        match self.chunks.front() {
            _ if self.forgotten => times.add(State::Queued, was - born),
            None => self.last.since = born,
            Some(chunk) => {
                let slices: Vec<Held> = chunk.slices(task).map(|(_, held)| held).collect();
                self.repack(task, 0, Rest::fresh(born), &slices, spans, times);
            }
        }
    }

    /// Takes in a slice, wherever its time is, and counts what it adds to `times`. How much of it is blocking; `None`:
    /// it is older than what is forgotten, and its time has been counted as waiting.
    #[inline]
    pub fn insert(&mut self, held: Held, spans: &Spans, times: &mut Times) -> Option<Nanos> {
        let start = held.slice.start;
        if start < self.last.since || self.last_start().is_some_and(|last| start <= last) {
            return self.insert_late(held, spans, times);
        }
        if self.chunks.back().is_none_or(|chunk| chunk.count >= FULL) {
            if self.chunks.len() == self.chunks.capacity() {
                // Not the four at least of `VecDeque`: most tasks are short.
                self.chunks.reserve_exact((self.chunks.len() / 2).max(1));
            }
            self.chunks.push_back(Chunk::new(self.last));
        }
        let chunk = self.chunks.back_mut().expect("one was just pushed if there was none");
        let blocking = chunk.push(&held, spans, times);
        self.last = chunk.after;
        Some(blocking)
    }

    #[cold]
    fn insert_late(&mut self, mut held: Held, spans: &Spans, times: &mut Times) -> Option<Nanos> {
        let at = self
            .chunks
            .partition_point(|chunk| chunk.starts.0 <= held.slice.start)
            .saturating_sub(1);
        let first = self.chunks.front().map_or(self.last, |chunk| chunk.before);
        if self.forgotten && held.slice.start < first.since {
            return None;
        }
        if self.chunks.is_empty() {
            self.chunks.push_back(Chunk::new(self.last));
        }
        if let Some(next) = self.chunks.get(at + 1) {
            held.end_by(next.starts.0);
        }
        let chunk = &self.chunks[at];
        let (before, slices) = (chunk.before, chunk.slices(held.slice.task).map(|(_, held)| held));
        let (mut earlier, later): (Vec<Held>, Vec<Held>) = slices.partition(|other| other.order() <= held.order());
        if let Some(next) = later.first() {
            held.end_by(next.slice.start);
        }
        if let Some(before) = earlier.last_mut() {
            before.end_by(held.slice.start);
        }
        earlier.push(held);
        earlier.extend(later);
        self.repack(held.slice.task, at, before, &earlier, spans, times);
        Some(spans.covered(held.slice.start, held.end()))
    }

    /// Puts these slices, which follow `before`, in the place of a chunk. The chunk after it is told.
    fn repack(&mut self, task: TaskId, at: usize, before: Rest, slices: &[Held], spans: &Spans, times: &mut Times) {
        *times -= self.chunks[at].times(task, spans);
        let half = if slices.len() > FULL {
            slices.len() / 2
        } else {
            slices.len()
        };
        self.chunks[at] = Chunk::of(before, &slices[..half], spans, times);
        let mut next = at + 1;
        if half < slices.len() {
            let rest = Chunk::of(self.chunks[at].after, &slices[half..], spans, times);
            self.chunks.insert(next, rest);
            next += 1;
        }
        let after = self.chunks[next - 1].after;
        match self.chunks.get(next) {
            Some(chunk) if chunk.before != after => {
                let slices: Vec<Held> = chunk.slices(task).map(|(_, held)| held).collect();
                self.repack(task, next, after, &slices, spans, times);
            }
            Some(_) => {}
            None => self.last = after,
        }
    }

    /// A span in which the thread slept: the slices that it lies in, each with how much of it.
    pub fn block(&mut self, task: TaskId, from: Nanos, to: Nanos, mut in_slice: impl FnMut(&Held, Nanos)) {
        let first = self.chunks.partition_point(|chunk| chunk.after.since <= from);
        for chunk in self.chunks.range_mut(first..).take_while(|chunk| chunk.starts.0 < to) {
            let mut all = Nanos::ZERO;
            for (_, held) in chunk.slices(task) {
                let amount = held.end().min(to) - held.slice.start.max(from);
                if amount > Nanos::ZERO {
                    in_slice(&held, amount);
                    all += amount;
                }
            }
            chunk.mix.block(all);
        }
    }

    /// Every stretch of the chunks that touch `from..to`, in order; up to the last slice's end.
    pub fn stretches(&self, task: TaskId, from: Nanos, to: Nanos, spans: &Spans, mut each: impl FnMut(Stretch)) {
        for chunk in self.within(from, to) {
            chunk.stretches(task, spans, &mut each);
        }
    }

    /// What it rested on at an instant between two of the slices held.
    pub fn rest_at(&self, task: TaskId, at: Nanos) -> Option<Rest> {
        let chunk = self.within(at, at + Nanos(1)).next()?;
        let (before, held) = chunk.slices(task).find(|(_, held)| at < held.end())?;
        (at < held.slice.start).then_some(before)
    }

    /// Paints the time up to the last slice's end.
    pub fn paint(&self, task: TaskId, spans: &Spans, painter: &mut Painter) {
        let (from, to) = painter.bounds();
        for chunk in self.within(from, to) {
            if !painter.mix(chunk.before.since, chunk.after.since, &chunk.mix) {
                chunk.paint(task, spans, painter);
            }
        }
    }

    fn within(&self, from: Nanos, to: Nanos) -> impl Iterator<Item = &Chunk> {
        let first = self.chunks.partition_point(|chunk| chunk.after.since <= from);
        self.chunks
            .range(first..)
            .take_while(move |chunk| chunk.before.since < to)
    }

    /// Forgets the chunks that end by `horizon`. Since when those cover that are left.
    pub fn forget(&mut self, horizon: Nanos) -> Nanos {
        let gone = self.chunks.partition_point(|chunk| chunk.after.since <= horizon);
        self.forgotten |= gone > 0;
        self.chunks.drain(..gone);
        self.chunks.front().map_or(self.last, |chunk| chunk.before).since
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk>() + self.chunks.iter().map(Chunk::bytes).sum::<usize>()
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
