//! A task: its identity, its slices, and what is known of the present.

use super::apply::ChangeContext;
use super::byte_arena::ByteArena;
use super::paint::Painter;
use super::spans::Spans;
use super::state::{State, StateInterval, StateTimes};
use super::task_track::TaskTrack;
use super::wait_state::{WaitState, split_hold};
use crate::record::{GroupId, Label, LaneId, Nanos, Outcome, RunInstant, TaskId};
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
    pub spawned_at: RunInstant,
    /// When and how it ended.
    pub ended: Option<(RunInstant, Outcome)>,
    /// Slices so far, those forgotten included.
    pub polls: u64,
    pub(super) blocking: Spans,
    pub(super) track: TaskTrack,
    /// Up to the end of the last slice.
    pub(super) times: StateTimes,
    /// It has held a lane that other tasks run on too: there it holds others up when it arena.
    pub on_shared_lane: bool,
    /// It failed, and nobody was left to hear of it.
    pub(super) unobserved: bool,
    /// The lane on which it ended. The record of an end comes before that of the slice in which it lies.
    pub(super) ended_on: LaneId,
    /// Its number within its group, from 0.
    pub index: u32,
    /// The task that spawned it, if a task did.
    pub parent: Option<TaskId>,
    /// Since when nobody waits for it any more who did.
    pub orphaned: Option<RunInstant>,
    /// Repetitions so far by outcome, in the order of [`Outcome::ALL`].
    pub repetitions: [u32; Outcome::ALL.len()],
    pub(super) live: Option<Box<LiveTask>>,
}

/// The reason whose time lies on the line of the cache between those of [`StateTimes::running`] and [`Task::index`], see [`Task::prefetch`].
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
        start: RunInstant,
        queued: Nanos,
        unnoticed: Nanos,
        label: Label,
        blocking: Vec<(RunInstant, RunInstant)>,
    },
    /// It should run.
    Waiting {
        ready: Option<RunInstant>,
        woken: Option<RunInstant>,
    },
}

/// What a task does when its last slice is over: its place in the sums of the present.
#[derive(Clone, Copy, Debug)]
pub(super) struct PresentState {
    /// What it rests on, and since when.
    pub wait: WaitState,
    /// When it was over, and how.
    pub ended: Option<(RunInstant, Outcome)>,
}

impl Task {
    pub(super) fn new(id: TaskId, born: RunInstant) -> Task {
        Task {
            id,
            group: None,
            index: 0,
            parent: None,
            spawned_at: born,
            ended: None,
            orphaned: None,
            unobserved: false,
            on_shared_lane: false,
            ended_on: LaneId::NONE,
            polls: 0,
            repetitions: [0; Outcome::ALL.len()],
            times: StateTimes::default(),
            track: TaskTrack::new(born),
            blocking: Spans::default(),
            live: None,
        }
    }

    /// Reads what taking in a slice will change, and returns nothing of worth: see `apply`.
    #[inline]
    pub(super) fn prefetch(&self) -> u64 {
        // One word of each line of the cache that a slice changes.
        self.polls
            ^ self.last_wait().since.0
            ^ self.times.running.0
            ^ self.times.suspended_on[MIDDLE].0
            ^ u64::from(self.index)
    }

    /// Its place among the others.
    pub(super) fn sort_key(&self) -> (RunInstant, TaskId) {
        (self.spawned_at, self.id)
    }

    /// It turns out to be older: something tells of it at this instant.
    pub(super) fn move_spawn_back(&mut self, spawned_at: RunInstant, context: &mut ChangeContext) {
        let (mut sums, arena) = context.sums(&mut self.times);
        let was = std::mem::replace(&mut self.spawned_at, spawned_at);
        self.track
            .move_spawn_back(self.id, was, spawned_at, &self.blocking, &mut sums, arena);
    }

    /// Forgets what ended by `horizon`.
    pub(super) fn evict(&mut self, horizon: RunInstant, arena: &mut ByteArena) {
        let since = self.track.evict(horizon, arena);
        self.blocking.evict(since.min(horizon));
    }

    #[inline]
    pub(super) fn present_state(&self) -> PresentState {
        let wait = self.last_wait();
        PresentState {
            wait,
            ended: self.ended.map(|(at, outcome)| (at.max(wait.since), outcome)),
        }
    }

    /// What it does after its last slice.
    pub(super) fn last_wait(&self) -> WaitState {
        self.track.last_wait()
    }

    /// What it rested on at an instant at which it held no lane and was not over.
    pub(super) fn wait_at(&self, at: RunInstant, arena: &ByteArena) -> Option<WaitState> {
        let wait = self.last_wait();
        if at < self.spawned_at || self.ended_at().is_some_and(|over| over <= at) {
            return None;
        }
        match self.live.as_deref() {
            _ if at < wait.since => self.track.wait_at(self.id, at, arena),
            Some(LiveTask::Current { start, .. }) if *start <= at => None,
            _ => Some(wait),
        }
    }

    /// The instant from which on it is over.
    pub fn ended_at(&self) -> Option<RunInstant> {
        self.present_state().ended.map(|(at, _)| at)
    }

    /// The intervals after the last slice, at least one though it be empty, up to `now`, or up to `RunInstant::MAX` for a task that is over.
    pub(super) fn open(&self, now: RunInstant, mut each: impl FnMut(StateInterval)) {
        let wait = self.last_wait();
        let state = State::between_slices(wait.reason);
        if let (Some(over), Some((_, outcome))) = (self.ended_at(), self.ended) {
            each(StateInterval {
                from: wait.since,
                to: over,
                state,
            });
            each(StateInterval {
                from: over,
                to: RunInstant::MAX,
                state: State::Ended(outcome),
            });
            return;
        }
        let until = |to| StateInterval {
            from: wait.since,
            to,
            state,
        };
        each(until(if self.live.is_none() { now } else { wait.since }));
        match self.live.as_deref() {
            None => {}
            Some(LiveTask::Waiting { ready, woken }) => {
                let woken = woken.unwrap_or(now).min(now);
                let ready = ready.unwrap_or(woken).min(woken);
                wait.gap(now, now - woken, woken - ready, &mut each);
            }
            Some(LiveTask::Current {
                start,
                queued,
                unnoticed,
                blocking,
                ..
            }) => {
                wait.gap(*start, *queued, *unnoticed, &mut each);
                split_hold(*start, now, blocking.iter().copied(), &mut each);
            }
        }
    }

    /// Every interval that touches `from..to`, in order, as a whole.
    pub(super) fn intervals(
        &self,
        from: RunInstant,
        to: RunInstant,
        now: RunInstant,
        arena: &ByteArena,
        mut each: impl FnMut(StateInterval),
    ) {
        let mut touching = |interval: StateInterval| {
            if !interval.is_empty() && interval.from < to && interval.to > from {
                each(interval);
            }
        };
        self.track
            .intervals(self.id, from, to, &self.blocking, arena, &mut touching);
        if self.last_wait().since < to {
            self.open(now, touching);
        }
    }

    /// Every interval of blocking, and every one of waiting for a lane or for somebody to notice for as long as `worth`, that
    /// touches `from..to`, in order, as a whole.
    pub(super) fn problems(
        &self,
        (from, to, min_wait): (RunInstant, RunInstant, Nanos),
        now: RunInstant,
        arena: &ByteArena,
        mut each: impl FnMut(StateInterval),
    ) {
        let mut touching = |interval: StateInterval| {
            let problems = match interval.state {
                State::Blocking => !interval.is_empty(),
                State::Queued | State::Unnoticed => interval.len() >= min_wait.max(Nanos(1)),
                _ => false,
            };
            if problems && interval.from < to && interval.to > from {
                each(interval);
            }
        };
        let window = (from, to, min_wait);
        self.track
            .problems(self.id, window, &self.blocking, arena, &mut touching);
        if self.last_wait().since < to {
            self.open(now, touching);
        }
    }

    /// Paints its row.
    pub(super) fn paint(&self, now: RunInstant, arena: &ByteArena, painter: &mut Painter) {
        self.track.paint(self.id, &self.blocking, arena, painter);
        self.open(now, |interval| painter.add(&interval));
    }

    /// Bytes on the heap, but for the arena.
    pub(super) fn heap_bytes(&self) -> usize {
        self.track.heap_bytes() + self.blocking.heap_bytes()
    }
}
