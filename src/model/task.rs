//! A task: its identity, its slices, and what is known of the present.

use super::apply::Around;
use super::byte_arena::ByteArena;
use super::paint::Painter;
use super::spans::Spans;
use super::state::{State, Stretch, Times};
use super::track::Track;
use super::wait_state::{WaitState, hold};
use crate::record::{GroupId, Label, LaneId, Nanos, Outcome, TaskId};
use std::mem::offset_of;

/// A task of the run.
///
/// In this order in memory: what each slice changes comes first, and lies together.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Task {
    /// Its identity.
    pub id: TaskId,
    /// Its group; `None` until the record of its spawn has arrived.
    pub group: Option<GroupId>,
    /// When it was spawned; until that record has arrived, the earliest instant that anything tells of it.
    pub spawned_at: Nanos,
    /// When and how it ended.
    pub ended: Option<(Nanos, Outcome)>,
    /// Slices so far, those forgotten included.
    pub polls: u64,
    pub(super) blocking: Spans,
    pub(super) track: Track,
    /// Up to the end of the last slice.
    pub(super) times: Times,
    /// It has held a lane that other tasks run on too: there it holds others up when it blocks.
    pub on_shared_lane: bool,
    /// It failed, and nobody was left to hear of it.
    pub(super) unheard: bool,
    /// The lane on which it ended. The record of an end comes before that of the slice in which it lies.
    pub(super) ended_on: LaneId,
    /// Its number within its group, from 0.
    pub index: u32,
    /// The task that spawned it, if a task did.
    pub parent: Option<TaskId>,
    /// Since when nobody waits for it any more who did.
    pub orphaned: Option<Nanos>,
    /// Repetitions so far by outcome, in the order of [`Outcome::ALL`].
    pub repetitions: [u32; Outcome::ALL.len()],
    pub(super) live: Option<Box<LiveTask>>,
}

/// The reason whose time lies on the line of the cache between those of [`Times::running`] and [`Task::index`], see [`Task::warm`].
const MIDDLE: usize = 5;
const _: () = {
    let middle = (offset_of!(Task, times.suspended_on) + MIDDLE * size_of::<Nanos>()) / 64;
    assert!(offset_of!(Task, times.running) / 64 + 1 == middle, "on the line after");
    assert!(offset_of!(Task, index) / 64 == middle + 1, "on the line before");
};

/// What a task does at the model's now, where it is more than waiting rightly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LiveTask {
    /// It holds a lane.
    Current {
        lane: LaneId,
        start: Nanos,
        queued: Nanos,
        unnoticed: Nanos,
        label: Label,
        blocking: Vec<(Nanos, Nanos)>,
    },
    /// It should run.
    Waiting { ready: Option<Nanos>, woken: Option<Nanos> },
}

/// What a task does when its last slice is over: its place in the sums of the present.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// What it rests on, and since when.
    pub rest: WaitState,
    /// When it was over, and how.
    pub over: Option<(Nanos, Outcome)>,
}

impl Task {
    pub(super) fn new(id: TaskId, born: Nanos) -> Task {
        Task {
            id,
            group: None,
            index: 0,
            parent: None,
            spawned_at: born,
            ended: None,
            orphaned: None,
            unheard: false,
            on_shared_lane: false,
            ended_on: LaneId::NONE,
            polls: 0,
            repetitions: [0; Outcome::ALL.len()],
            times: Times::default(),
            track: Track::new(born),
            blocking: Spans::default(),
            live: None,
        }
    }

    /// Reads what taking in a slice will change, and returns nothing of worth: see `apply`.
    #[inline]
    pub(super) fn warm(&self) -> u64 {
        // One word of each line of the cache that a slice changes.
        self.polls
            ^ self.rest().since.0
            ^ self.times.running.0
            ^ self.times.suspended_on[MIDDLE].0
            ^ u64::from(self.index)
    }

    /// Its place among the others.
    pub(super) fn order(&self) -> (Nanos, TaskId) {
        (self.spawned_at, self.id)
    }

    /// It turns out to be older: something tells of it at this instant.
    pub(super) fn is_older(&mut self, spawned_at: Nanos, around: &mut Around) {
        let (mut sums, blocks) = around.sums(&mut self.times);
        let was = std::mem::replace(&mut self.spawned_at, spawned_at);
        self.track
            .rebase(self.id, was, spawned_at, &self.blocking, &mut sums, blocks);
    }

    /// Forgets what ended by `horizon`.
    pub(super) fn evict(&mut self, horizon: Nanos, blocks: &mut ByteArena) {
        let since = self.track.evict(horizon, blocks);
        self.blocking.evict(since.min(horizon));
    }

    #[inline]
    pub(super) fn standing(&self) -> Standing {
        let rest = self.rest();
        Standing {
            rest,
            over: self.ended.map(|(at, outcome)| (at.max(rest.since), outcome)),
        }
    }

    /// What it does after its last slice.
    pub(super) fn rest(&self) -> WaitState {
        self.track.rest()
    }

    /// What it rested on at an instant at which it held no lane and was not over.
    pub(super) fn rest_at(&self, at: Nanos, blocks: &ByteArena) -> Option<WaitState> {
        let rest = self.rest();
        if at < self.spawned_at || self.over_at().is_some_and(|over| over <= at) {
            return None;
        }
        match self.live.as_deref() {
            _ if at < rest.since => self.track.rest_at(self.id, at, blocks),
            Some(LiveTask::Current { start, .. }) if *start <= at => None,
            _ => Some(rest),
        }
    }

    /// The instant from which on it is over.
    pub fn over_at(&self) -> Option<Nanos> {
        self.standing().over.map(|(at, _)| at)
    }

    /// The stretches after the last slice, at least one though it be empty, up to `now`, or up to `Nanos::MAX` for a task that is over.
    pub(super) fn open(&self, now: Nanos, mut each: impl FnMut(Stretch)) {
        let rest = self.rest();
        let state = State::at_rest(rest.reason);
        if let (Some(over), Some((_, outcome))) = (self.over_at(), self.ended) {
            each(Stretch {
                from: rest.since,
                to: over,
                state,
            });
            each(Stretch {
                from: over,
                to: Nanos::MAX,
                state: State::Ended(outcome),
            });
            return;
        }
        let until = |to| Stretch {
            from: rest.since,
            to,
            state,
        };
        each(until(if self.live.is_none() { now } else { rest.since }));
        match self.live.as_deref() {
            None => {}
            Some(LiveTask::Waiting { ready, woken }) => {
                let woken = woken.unwrap_or(now).min(now);
                let ready = ready.unwrap_or(woken).min(woken);
                rest.gap(now, now - woken, woken - ready, &mut each);
            }
            Some(LiveTask::Current {
                start,
                queued,
                unnoticed,
                blocking,
                ..
            }) => {
                rest.gap(*start, *queued, *unnoticed, &mut each);
                hold(*start, now, blocking.iter().copied(), &mut each);
            }
        }
    }

    /// Every stretch that touches `from..to`, in order, as a whole.
    pub(super) fn stretches(
        &self,
        from: Nanos,
        to: Nanos,
        now: Nanos,
        blocks: &ByteArena,
        mut each: impl FnMut(Stretch),
    ) {
        let mut touching = |stretch: Stretch| {
            if !stretch.is_empty() && stretch.from < to && stretch.to > from {
                each(stretch);
            }
        };
        self.track
            .stretches(self.id, from, to, &self.blocking, blocks, &mut touching);
        if self.rest().since < to {
            self.open(now, touching);
        }
    }

    /// Every stretch of blocking, and every one of waiting for a lane or for somebody to notice for as long as `worth`, that
    /// touches `from..to`, in order, as a whole.
    pub(super) fn troubles(
        &self,
        (from, to, worth): (Nanos, Nanos, Nanos),
        now: Nanos,
        blocks: &ByteArena,
        mut each: impl FnMut(Stretch),
    ) {
        let mut touching = |stretch: Stretch| {
            let troubles = match stretch.state {
                State::Blocking => !stretch.is_empty(),
                State::Queued | State::Unnoticed => stretch.len() >= worth.max(Nanos(1)),
                _ => false,
            };
            if troubles && stretch.from < to && stretch.to > from {
                each(stretch);
            }
        };
        let window = (from, to, worth);
        self.track
            .troubles(self.id, window, &self.blocking, blocks, &mut touching);
        if self.rest().since < to {
            self.open(now, touching);
        }
    }

    /// Paints its row.
    pub(super) fn paint(&self, now: Nanos, blocks: &ByteArena, painter: &mut Painter) {
        self.track.paint(self.id, &self.blocking, blocks, painter);
        self.open(now, |stretch| painter.stretch(&stretch));
    }

    /// Bytes on the heap, but for the blocks.
    pub(super) fn bytes(&self) -> usize {
        self.track.bytes() + self.blocking.bytes()
    }
}
