//! What was so at an instant that has gone by, for a view that looks back: who held a lane and for how long by then, what a
//! task waited for, how full a channel was.
//!
//! All of it lies in what is held anyway. Nothing is guessed: where the records do not tell, the answer is `None`.

use super::*;
use crate::record::{Label, RunInstant};

/// Changes kept of a channel's fill: more than an hour of them, at ten looks a second.
const FILLS_KEPT: usize = 40_000;

/// A lane's slice as it was at an instant within it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneHold {
    /// Who held the lane.
    pub task: TaskId,
    /// Since when.
    pub since: RunInstant,
    /// Since when its thread slept in the OS, if it did at that instant.
    pub blocking_since: Option<RunInstant>,
}

/// A channel of the scenario, and how full it was when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channel {
    /// How full it was when it was looked at last.
    pub latest: ChannelSample,
    /// Looks that found another fill than the one before.
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
            if self.fills.len() == FILLS_KEPT {
                self.fills.pop_front();
            }
            self.fills.push_back((sample.at, sample.len));
        }
        self.latest = sample;
    }

    /// What was in it when it was last looked at by `at`; `None` before the first look that is kept.
    pub fn len_at(&self, at: RunInstant) -> Option<u32> {
        let looks = self.fills.partition_point(|&(looked, _)| looked <= at);
        Some(self.fills[looks.checked_sub(1)?].1)
    }
}

impl Model {
    /// The scenario's channels, in the order of their first samples.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Who held a lane at an instant; `None` where nobody did, before the horizon, and after now.
    pub fn lane_hold_at(&self, id: LaneId, at: RunInstant) -> Option<LaneHold> {
        if at < self.horizon || at >= self.now {
            return None;
        }
        let lane = self.lane(id)?;
        let (task, since) = match self.current(lane) {
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

    /// The name of the step that a task waited for at an instant, or that let it go on; `None` where that is not known,
    /// while it held a lane, and after its end.
    pub fn awaited_step_at(&self, id: TaskId, at: RunInstant) -> Option<&str> {
        if at < self.horizon || at >= self.now {
            return None;
        }
        let label = self
            .task(id)?
            .wait_at(at, &self.arena)
            .map_or(Label::NONE, |rest| rest.label);
        Some(self.label(label)).filter(|text| !text.is_empty())
    }
}
