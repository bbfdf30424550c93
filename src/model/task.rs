//! A task: its identity, its slices, and its present state.

use super::apply::ChangeContext;
use super::byte_arena::ByteArena;
use super::paint::Painter;
use super::present::{Ending, PresentState};
use super::spans::Spans;
use super::state::{State, StateInterval, StateTimes};
use super::task_track::TaskTrack;
use super::wait_state::{Division, Lateness, WaitState, split_hold};
use super::work::{TaskWork, WorkSums};
use crate::record::{GroupId, Label, LaneId, Nanos, Outcome, RunInstant, TaskId};
use std::mem::offset_of;
use strum::VariantArray;

/// A task of the run.
///
/// The order of the fields is their order in memory. The fields that every slice changes come
/// first, on adjacent cache lines.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// The task's group; `None` until the record of its spawn has arrived.
    pub group: Option<GroupId>,
    /// The instant at which the task was spawned. Until the record of its spawn arrives, this is
    /// the earliest instant of any record of the task.
    pub spawned_at: RunInstant,
    /// When and how the task ended, according to the record of its end. See also
    /// [`ended_at`](Task::ended_at).
    pub ended: Option<(RunInstant, Outcome)>,
    /// The number of slices so far, including evicted and lost ones.
    pub polls: u64,
    /// The spans in which the task's thread slept in the OS.
    pub(super) blocking: Spans,
    pub(super) track: TaskTrack,
    /// The time in each state, up to the end of the last slice.
    pub(super) times: StateTimes,
    /// Whether the task has held a worker of an async runtime. A task that sleeps or computes for
    /// long on a worker delays the other tasks.
    pub on_worker: bool,
    /// Whether this is a branch and not a task. Its [`parent`](Task::parent) polls it.
    pub is_branch: bool,
    /// Whether the task failed while no other task waited for its result.
    pub(super) unobserved: bool,
    /// The lane on which the task ended. The record of an end arrives before the record of the
    /// slice in which the task ended.
    pub(super) ended_on: LaneId,
    pub(super) work: TaskWork,
    /// The sums of the work until the group is known.
    pub(super) ungrouped_work: Option<Box<WorkSums>>,
    /// The task's number within its group, from 0.
    pub index: u32,
    /// The task that spawned this task; `None` if no task spawned it.
    pub parent: Option<TaskId>,
    /// The instant at which the task was orphaned: another task had waited for this task and
    /// stopped waiting.
    pub orphaned: Option<RunInstant>,
    /// The number of repetitions so far by outcome, in the order of [`Outcome::VARIANTS`].
    pub repetitions: [u32; Outcome::VARIANTS.len()],
    /// The last parts of the wait in which the task ended. Zero if the task ended within a slice.
    pub(super) last_lateness: Lateness,
    /// The overlay of what the task does now. `None` if the task has ended, or if its wait state
    /// has not changed since its last slice.
    pub(super) live: Option<Box<LiveTask>>,
}

/// The index of a reason in [`StateTimes::not_ready`]. The time of this reason lies on the cache
/// line between the lines of [`StateTimes::running`] and [`Task::work`], see [`Task::prefetch`].
const MIDDLE: usize = 5;
const _: () = {
    let middle = (offset_of!(Task, times.not_ready) + MIDDLE * size_of::<Nanos>()) / 64;
    assert!(
        offset_of!(Task, times.running) / 64 + 1 == middle,
        "the middle line follows the line of `running`"
    );
    assert!(
        offset_of!(Task, work) / 64 == middle + 1,
        "the middle line precedes the line of `work`"
    );
    assert!(
        offset_of!(Task, on_worker) / 64 == offset_of!(Task, work) / 64,
        "the line of `work` contains everything else that a slice changes"
    );
};

/// An overlay: what a task does now, if no record reports it yet.
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

/// What a task needs to know in order to answer.
#[derive(Clone, Copy)]
pub(super) struct ReadContext<'a> {
    pub now: RunInstant,
    /// The length from which a slice is hogging.
    pub hogging_poll: Nanos,
    pub arena: &'a ByteArena,
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
            work: TaskWork::default(),
            ungrouped_work: None,
            orphaned: None,
            unobserved: false,
            last_lateness: Lateness::default(),
            on_worker: false,
            is_branch: false,
            ended_on: LaneId::NONE,
            polls: 0,
            repetitions: [0; Outcome::VARIANTS.len()],
            times: StateTimes::default(),
            track: TaskTrack::new(spawned_at),
            blocking: Spans::default(),
            live: None,
        }
    }

    /// Loads the fields that a slice changes into the cache, see `Model::prefetch`. Ignore the
    /// result.
    #[inline]
    pub(super) fn prefetch(&self) -> u64 {
        // One word of each cache line that a slice changes.
        self.polls
            ^ self.track.last_wait().since.0
            ^ self.times.running.0
            ^ self.times.not_ready[MIDDLE].0
            ^ self.work.prefetch()
    }

    /// The order of tasks in [`Model::tasks`](super::Model::tasks).
    pub(super) fn sort_key(&self) -> (RunInstant, TaskId) {
        (self.spawned_at, self.id)
    }

    /// Moves the spawn to an earlier instant, because a record of the task is earlier than the
    /// known spawn.
    pub(super) fn move_spawn_back(&mut self, spawned_at: RunInstant, context: &mut ChangeContext<'_>) {
        let division = Division {
            asleep: &self.blocking,
            hogging_poll: context.hogging_poll,
        };
        let (mut sums, arena) = context.sums(&mut self.times, self.on_worker);
        let old = std::mem::replace(&mut self.spawned_at, spawned_at);
        self.track
            .move_spawn_back(self.id, old, spawned_at, division, &mut sums, arena);
    }

    /// Evicts the slices and spans that ended at `horizon` or earlier.
    pub(super) fn evict(&mut self, horizon: RunInstant, arena: &mut ByteArena) {
        let since = self.track.evict(horizon, arena);
        self.blocking.evict(since.min(horizon));
    }

    /// The state of the task after its last slice.
    #[inline]
    pub(super) fn present_state(&self) -> PresentState {
        let wait = self.last_wait();
        PresentState {
            wait,
            ended: self.ended.map(|(at, outcome)| Ending {
                at: at.max(wait.since),
                outcome,
                last: self.last_lateness,
            }),
        }
    }

    /// Whether the task failed while no other task waited for its result.
    pub fn is_failure_unobserved(&self) -> bool {
        self.unobserved
    }

    /// The wait state after the last slice that is known. The record of that slice may be lost.
    pub(super) fn last_wait(&self) -> WaitState {
        self.track.last_counted()
    }

    /// The wait state at the instant `at`; `None` if the task held a lane, had not been spawned
    /// yet, or had ended.
    pub(super) fn wait_at(&self, at: RunInstant, arena: &ByteArena) -> Option<WaitState> {
        let wait = self.last_wait();
        if at < self.spawned_at || self.ended_at().is_some_and(|end| end <= at) {
            return None;
        }
        match self.live.as_deref() {
            _ if at < self.track.last_wait().since => self.track.wait_at(self.id, at, arena),
            _ if at < wait.since => Some(self.track.last_wait()),
            Some(LiveTask::Current { start, .. }) if *start <= at => None,
            _ => Some(wait),
        }
    }

    /// The lane that the task holds now, and the start of its slice.
    pub(super) fn held_lane(&self) -> Option<(LaneId, RunInstant)> {
        match self.live.as_deref() {
            Some(LiveTask::Current { lane, start, .. }) => Some((*lane, *start)),
            _ => None,
        }
    }

    /// The end of the task: the recorded end, or the end of the last slice if that is later.
    pub fn ended_at(&self) -> Option<RunInstant> {
        self.present_state().ended.map(|ending| ending.at)
    }

    /// The time from the end of the last recorded slice to the end of the last slice. The records
    /// of this time were lost, so nobody knows what the task did. The time is shown in the state
    /// after the recorded slice, like the time of any other lost slice.
    fn lost_interval(&self) -> StateInterval {
        let wait = self.track.last_wait();
        StateInterval {
            from: wait.since,
            to: self.last_wait().since,
            state: State::between_slices(wait.reason),
        }
    }

    /// What divides the slices into states.
    fn division(&self, context: ReadContext<'_>) -> Division<'_> {
        Division {
            asleep: &self.blocking,
            hogging_poll: context.hogging_poll,
        }
    }

    /// Calls `each` with the intervals after the last slice, up to now, or up to
    /// `RunInstant::MAX` if the task has ended. There is at least one interval, but it may be
    /// empty.
    pub(super) fn intervals_after_last_slice(&self, context: ReadContext<'_>, mut each: impl FnMut(StateInterval)) {
        let now = context.now;
        let wait = self.last_wait();
        let state = State::between_slices(wait.reason);
        if let (Some(end), Some((_, outcome))) = (self.ended_at(), self.ended) {
            let Lateness { unnoticed, queued } = self.last_lateness;
            wait.gap(end, queued, unnoticed, &mut each);
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
                let blocking = blocking.iter().copied();
                split_hold(*start, now, context.hogging_poll, blocking, &mut |interval| {
                    each(interval.on_lane(self.on_worker));
                });
            }
        }
    }

    /// Calls `each` with every interval that overlaps `from..to`, in order. The intervals are not
    /// cut.
    pub(super) fn intervals(
        &self,
        from: RunInstant,
        to: RunInstant,
        context: ReadContext<'_>,
        mut each: impl FnMut(StateInterval),
    ) {
        let mut touching = |interval: StateInterval| {
            if !interval.is_empty() && interval.from < to && interval.to > from {
                each(interval.on_lane(self.on_worker));
            }
        };
        self.track.intervals(
            self.id,
            (from, to),
            self.division(context),
            context.arena,
            &mut touching,
        );
        if self.track.last_wait().since < to {
            touching(self.lost_interval());
            self.intervals_after_last_slice(context, touching);
        }
    }

    /// Calls `each` with every problem that overlaps `from..to`, in order, see
    /// [`Model::problems`](super::Model::problems). The intervals are not cut.
    pub(super) fn problems(
        &self,
        (from, to, min_wait): (RunInstant, RunInstant, Nanos),
        context: ReadContext<'_>,
        mut each: impl FnMut(StateInterval),
    ) {
        let mut touching = |interval: StateInterval| {
            let interval = interval.on_lane(self.on_worker);
            let is_problem = match interval.state {
                State::Blocking | State::Hogging => !interval.is_empty(),
                State::Queued | State::Unnoticed => interval.len() >= min_wait.max(Nanos(1)),
                _ => false,
            };
            if is_problem && interval.from < to && interval.to > from {
                each(interval);
            }
        };
        let window = (from, to, min_wait);
        self.track
            .problems(self.id, window, self.division(context), context.arena, &mut touching);
        if self.track.last_wait().since < to {
            touching(self.lost_interval());
            self.intervals_after_last_slice(context, touching);
        }
    }

    /// Paints the row of the task.
    pub(super) fn paint(&self, context: ReadContext<'_>, painter: &mut Painter) {
        self.track
            .paint(self.id, self.division(context), context.arena, painter);
        painter.add(&self.lost_interval());
        self.intervals_after_last_slice(context, |interval| painter.add(&interval));
    }

    /// The number of bytes on the heap. Bytes in the arena are not included.
    pub(super) fn heap_bytes(&self) -> usize {
        self.track.heap_bytes() + self.blocking.heap_bytes()
    }
}
