//! The state of the run at a past instant, for views that show the past. The queries say which task
//! held a lane, what a task waited for, and how full a channel was.
//!
//! The answers come from the slices that the model keeps. The model never guesses: if the records
//! do not contain the answer, it returns `None`.

use super::wait_state::WaitState;
use super::*;
use crate::record::{Label, Reason};

/// The maximum number of changes of the length kept per channel. At ten samples per second, this
/// covers more than one hour.
const MAX_FILLS: usize = 40_000;

/// The slice that held a lane at a past instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneHold {
    /// The task that held the lane.
    pub task: TaskId,
    /// The start of the slice.
    pub since: RunInstant,
    /// The state of the task.
    pub state: State,
    /// The instant at which the thread began to sleep in the OS; `None` if the thread was not
    /// asleep.
    pub asleep_since: Option<RunInstant>,
}

/// A channel of the scenario, and the history of its length.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channel {
    /// The last sample.
    pub latest: ChannelSample,
    /// The largest length of the channel in any sample.
    pub max_len: u32,
    /// The instant and the length of each sample whose length differs from the length in the
    /// previous sample.
    fills: VecDeque<(RunInstant, u32)>,
}

impl Channel {
    pub(super) fn new(first: ChannelSample) -> Channel {
        Channel {
            latest: first,
            max_len: first.len,
            fills: VecDeque::from([(first.at, first.len)]),
        }
    }

    pub(super) fn add(&mut self, sample: ChannelSample) {
        if sample.len != self.latest.len {
            if self.fills.len() == MAX_FILLS {
                self.fills.pop_front();
            }
            self.fills.push_back((sample.at, sample.len));
        }
        self.max_len = self.max_len.max(sample.len);
        self.latest = sample;
    }

    /// The number of messages in the channel at the instant `at`, taken from the last sample until
    /// then. `None` if the first sample kept is later than `at`.
    pub fn len_at(&self, at: RunInstant) -> Option<u32> {
        let count = self.fills.partition_point(|&(sampled_at, _)| sampled_at <= at);
        Some(self.fills[count.checked_sub(1)?].1)
    }
}

impl Model {
    /// The channels of the scenario, in the order of their first samples.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The task that held a lane at the instant `at`, and the start of the task's slice. `None` if
    /// the lane was idle, or if `at` is before the [horizon](Model::horizon) or not before
    /// [now](Model::now).
    pub fn lane_hold_at(&self, id: LaneId, at: RunInstant) -> Option<LaneHold> {
        if at < self.horizon || at >= self.now {
            return None;
        }
        let lane = self.lane(id)?;
        let (task, since) = match self.open_slice(lane) {
            Some((current, _)) if current.start <= at => (current.task, current.start),
            _ => {
                let slice = lane.track.within(at, at + Nanos(1)).next()?;
                (slice.task, slice.start)
            }
        };
        let mut held = None;
        self.intervals(task, at, at + Nanos(1), |interval| held = Some(interval));
        let StateInterval { state, from, .. } = held?;
        let is_asleep = matches!(state, State::Blocking | State::Sleeping);
        Some(LaneHold {
            task,
            since,
            state,
            asleep_since: is_asleep.then_some(from),
        })
    }

    /// The name of the step that a task waited for at the instant `at`. The task still counts as
    /// waiting for the step while it is unnoticed or queued. `None` if the step is not known, if
    /// the task held a lane or had ended, or if `at` is before the [horizon](Model::horizon) or not
    /// before [now](Model::now).
    pub fn awaited_step_at(&self, id: TaskId, at: RunInstant) -> Option<&str> {
        let label = self.wait_at(id, at).map_or(Label::NONE, |wait| wait.label);
        Some(self.label(label)).filter(|text| !text.is_empty())
    }

    /// What a task waited for at the instant `at`. `None` as for
    /// [`awaited_step_at`](Model::awaited_step_at).
    pub fn awaited_reason_at(&self, id: TaskId, at: RunInstant) -> Option<Reason> {
        self.wait_at(id, at).map(|wait| wait.reason)
    }

    fn wait_at(&self, id: TaskId, at: RunInstant) -> Option<WaitState> {
        if at < self.horizon || at >= self.now {
            return None;
        }
        self.task(id)?.wait_at(at, &self.arena)
    }
}
