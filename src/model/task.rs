//! A task: its identity, its slices, and its present state.

use super::apply::ChangeContext;
use super::byte_arena::ByteArena;
use super::paint::Painter;
use super::present::PresentState;
use super::spans::Spans;
use super::state::{State, StateInterval, StateTimes};
use super::task_track::TaskTrack;
use super::wait_state::{WaitState, split_hold};
use crate::record::{GroupId, Label, LaneId, Nanos, Outcome, RunInstant, TaskId};
use std::mem::offset_of;
use strum::VariantArray;

/// A task of the run.
///
/// The order of the fields is their order in memory: what each slice changes comes first, on
/// adjacent cache lines.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// The task's group; `None` until the record of its spawn has arrived.
    pub group: Option<GroupId>,
    /// When the task was spawned; until the record of its spawn has arrived, the earliest instant
    /// of any record of the task.
    pub spawned_at: RunInstant,
    /// When and how the task ended, by the record of its end. See also
    /// [`ended_at`](Task::ended_at).
    pub ended: Option<(RunInstant, Outcome)>,
    /// The number of slices so far, including evicted ones.
    pub polls: u64,
    /// When its thread slept in the OS.
    pub(super) blocking: Spans,
    pub(super) track: TaskTrack,
    /// The time in each state, up to the end of the last slice.
    pub(super) times: StateTimes,
    /// Whether the task has held a lane that other tasks run on too. If it blocks there, it delays
    /// others.
    pub on_shared_lane: bool,
    /// Whether the task failed without an observer.
    pub(super) unobserved: bool,
    /// The lane on which the task ended. The record of an end arrives before the record of the
    /// slice that contains it.
    pub(super) ended_on: LaneId,
    /// The task's number within its group, from 0.
    pub index: u32,
    /// The task that spawned this task, if a task did.
    pub parent: Option<TaskId>,
    /// When the task was orphaned: nobody waits for it any more, though somebody did.
    pub orphaned: Option<RunInstant>,
    /// The number of repetitions so far by outcome, in the order of [`Outcome::VARIANTS`].
    pub repetitions: [u32; Outcome::VARIANTS.len()],
    /// What the task does now, if it does something else than wait.
    pub(super) live: Option<Box<LiveTask>>,
}

/// The index of a reason whose time lies on the cache line between those of [`StateTimes::running`]
/// and [`Task::index`], see [`Task::prefetch`].
const MIDDLE: usize = 5;
const _: () = {
    let middle = (offset_of!(Task, times.suspended_on) + MIDDLE * size_of::<Nanos>()) / 64;
    assert!(
        offset_of!(Task, times.running) / 64 + 1 == middle,
        "the middle line follows that of `running`"
    );
    assert!(
        offset_of!(Task, index) / 64 == middle + 1,
        "the middle line precedes that of `index`"
    );
};

/// What a task does now, if it does something else than wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LiveTask {
    /// The task holds a lane.
    Current {
        lane: LaneId,
        start: RunInstant,
        queued: Nanos,
        unnoticed: Nanos,
        label: Label,
        blocking: Vec<(RunInstant, RunInstant)>,
    },
    /// The task is ready or woken, but does not hold a lane.
    Waiting {
        ready: Option<RunInstant>,
        woken: Option<RunInstant>,
    },
}

impl Task {
    pub(super) fn new(id: TaskId, spawned_at: RunInstant) -> Task {
        Task {
            id,
            group: None,
            index: 0,
            parent: None,
            spawned_at,
            ended: None,
            orphaned: None,
            unobserved: false,
            on_shared_lane: false,
            ended_on: LaneId::NONE,
            polls: 0,
            repetitions: [0; Outcome::VARIANTS.len()],
            times: StateTimes::default(),
            track: TaskTrack::new(spawned_at),
            blocking: Spans::default(),
            live: None,
        }
    }

    /// Loads what a slice will change into the cache, see `Model::prefetch`. The result has no
    /// meaning.
    #[inline]
    pub(super) fn prefetch(&self) -> u64 {
        // One word of each cache line that a slice changes.
        self.polls
            ^ self.last_wait().since.0
            ^ self.times.running.0
            ^ self.times.suspended_on[MIDDLE].0
            ^ u64::from(self.index)
    }

    /// The order of tasks in [`Model::tasks`](super::Model::tasks).
    pub(super) fn sort_key(&self) -> (RunInstant, TaskId) {
        (self.spawned_at, self.id)
    }

    /// Moves the spawn back, because a record of the task is earlier than the spawn known so far.
    pub(super) fn move_spawn_back(&mut self, spawned_at: RunInstant, context: &mut ChangeContext<'_>) {
        let (mut sums, arena) = context.sums(&mut self.times);
        let old = std::mem::replace(&mut self.spawned_at, spawned_at);
        self.track
            .move_spawn_back(self.id, old, spawned_at, &self.blocking, &mut sums, arena);
    }

    /// Evicts what ended by `horizon`.
    pub(super) fn evict(&mut self, horizon: RunInstant, arena: &mut ByteArena) {
        let since = self.track.evict(horizon, arena);
        self.blocking.evict(since.min(horizon));
    }

    /// What the task does after its last slice.
    #[inline]
    pub(super) fn present_state(&self) -> PresentState {
        let wait = self.last_wait();
        PresentState {
            wait,
            ended: self.ended.map(|(at, outcome)| (at.max(wait.since), outcome)),
        }
    }

    /// The wait state after the last slice.
    pub(super) fn last_wait(&self) -> WaitState {
        self.track.last_wait()
    }

    /// The wait state at an instant; `None` while the task held a lane, before its spawn and after
    /// its end.
    pub(super) fn wait_at(&self, at: RunInstant, arena: &ByteArena) -> Option<WaitState> {
        let wait = self.last_wait();
        if at < self.spawned_at || self.ended_at().is_some_and(|end| end <= at) {
            return None;
        }
        match self.live.as_deref() {
            _ if at < wait.since => self.track.wait_at(self.id, at, arena),
            Some(LiveTask::Current { start, .. }) if *start <= at => None,
            _ => Some(wait),
        }
    }

    /// The instant from which on the task has ended: its recorded end, or the end of its last slice
    /// if that is later.
    pub fn ended_at(&self) -> Option<RunInstant> {
        self.present_state().ended.map(|(at, _)| at)
    }

    /// The intervals after the last slice, up to `now`; for an ended task, up to `RunInstant::MAX`.
    /// There is at least one interval, which may be empty.
    pub(super) fn intervals_after_last_slice(&self, now: RunInstant, mut each: impl FnMut(StateInterval)) {
        let wait = self.last_wait();
        let state = State::between_slices(wait.reason);
        if let (Some(end), Some((_, outcome))) = (self.ended_at(), self.ended) {
            each(StateInterval {
                from: wait.since,
                to: end,
                state,
            });
            each(StateInterval {
                from: end,
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

    /// Every interval that touches `from..to`, in order and in its full length.
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
            self.intervals_after_last_slice(now, touching);
        }
    }

    /// Every blocking interval, and every queued or unnoticed interval of at least `min_wait`, that
    /// touches `from..to`, in order and in its full length.
    pub(super) fn problems(
        &self,
        (from, to, min_wait): (RunInstant, RunInstant, Nanos),
        now: RunInstant,
        arena: &ByteArena,
        mut each: impl FnMut(StateInterval),
    ) {
        let mut touching = |interval: StateInterval| {
            let is_problem = match interval.state {
                State::Blocking => !interval.is_empty(),
                State::Queued | State::Unnoticed => interval.len() >= min_wait.max(Nanos(1)),
                _ => false,
            };
            if is_problem && interval.from < to && interval.to > from {
                each(interval);
            }
        };
        let window = (from, to, min_wait);
        self.track
            .problems(self.id, window, &self.blocking, arena, &mut touching);
        if self.last_wait().since < to {
            self.intervals_after_last_slice(now, touching);
        }
    }

    /// Paints the row of the task.
    pub(super) fn paint(&self, now: RunInstant, arena: &ByteArena, painter: &mut Painter) {
        self.track.paint(self.id, &self.blocking, arena, painter);
        self.intervals_after_last_slice(now, |interval| painter.add(&interval));
    }

    /// Bytes on the heap, without those in the arena.
    pub(super) fn heap_bytes(&self) -> usize {
        self.track.heap_bytes() + self.blocking.heap_bytes()
    }
}
