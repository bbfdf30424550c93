//! The state of the run at a past instant, for a view that looks back: which task held a lane and
//! since when, what a task waited for, how full a channel was.
//!
//! The slices that are kept anyway contain these answers. Nothing is guessed: if the records do not
//! tell, the answer is `None`.

use super::*;
use crate::record::Label;

/// The number of fill changes kept per channel: more than one hour, at ten samples a second.
const MAX_FILLS: usize = 40_000;

/// The slice that held a lane at a past instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneHold {
    /// The task that held the lane.
    pub task: TaskId,
    /// The start of the slice.
    pub since: RunInstant,
    /// Since when the thread slept in the OS; `None` if it did not sleep at the instant.
    pub blocking_since: Option<RunInstant>,
}

/// A channel of the scenario, and the history of how full it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channel {
    /// The last sample.
    pub latest: ChannelSample,
    /// The samples in which the length differs from the sample before: their instants and lengths.
    fills: VecDeque<(RunInstant, u32)>,
}

impl Channel {
    pub(super) fn new(first: ChannelSample) -> Channel {
        Channel {
            latest: first,
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
        self.latest = sample;
    }

    /// The number of messages in the channel at `at`, by the last sample until then; `None` before
    /// the first sample kept.
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

    /// Which task held a lane at the instant `at`, and since when; `None` if the lane was idle,
    /// before the [horizon](Model::horizon), and from [now](Model::now) on.
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
        let mut blocking_since = None;
        self.intervals(task, at, at + Nanos(1), |interval| {
            if interval.state == State::Blocking {
                blocking_since = Some(interval.from);
            }
        });
        Some(LaneHold {
            task,
            since,
            blocking_since,
        })
    }

    /// The name of the step that a task waited for at the instant `at`, including the time in which
    /// the task was already unnoticed or queued. `None` if the step is not known, while the task
    /// held a lane, after its end, before the [horizon](Model::horizon), and from [now](Model::now)
    /// on.
    pub fn awaited_step_at(&self, id: TaskId, at: RunInstant) -> Option<&str> {
        if at < self.horizon || at >= self.now {
            return None;
        }
        let label = self
            .task(id)?
            .wait_at(at, &self.arena)
            .map_or(Label::NONE, |wait| wait.label);
        Some(self.label(label)).filter(|text| !text.is_empty())
    }
}
