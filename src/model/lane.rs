//! A lane: a thread that runs tasks, what it has run, and what the kernel says of it.

use super::hist::{Hist, Percentiles};
use super::lane_track::LaneTrack;
use super::spans::Spans;
use crate::record::{CurrentSlice, DEAD, LaneId, LaneKind, LaneSample, Nanos, RunInstant, Slice};

/// A lane of the run.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its identity.
    pub id: LaneId,
    /// What kind of thread.
    pub kind: LaneKind,
    /// Its name on screen; that of a dead process says so, see [`DEAD`].
    pub name: String,
    /// What it does now; `None`: nothing.
    pub current: Option<CurrentSlice>,
    /// Slices so far, those forgotten included.
    pub slices: u64,
    /// Slices lost because its ring was full.
    pub dropped: u64,
    /// Time held by tasks that computed, in the slices that have ended.
    pub running: Nanos,
    /// Time held by tasks while the thread slept in the OS, in the slices that have ended.
    pub blocking: Nanos,
    /// What the kernel says; `None` where it was not asked.
    pub os: Option<LaneOs>,
    pub(super) track: LaneTrack,
    pub(super) asleep: Spans,
    pub(super) polls: Hist,
}

/// The kernel's view of a lane's thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneOs {
    /// When it was last asked.
    pub at: RunInstant,
    /// CPU time since the thread's start.
    pub on_cpu: Nanos,
    /// Time spent runnable without a core, since the thread's start.
    pub waiting: Nanos,
    /// Whether it sleeps in the kernel.
    pub asleep: bool,
    /// The number of the system call in which it sleeps, where the kernel tells.
    pub asleep_in: Option<u16>,
}

impl Lane {
    pub(super) fn new(id: LaneId, kind: LaneKind, name: String) -> Lane {
        Lane {
            id,
            kind,
            name,
            current: None,
            slices: 0,
            dropped: 0,
            running: Nanos::ZERO,
            blocking: Nanos::ZERO,
            os: None,
            track: LaneTrack::default(),
            asleep: Spans::default(),
            polls: Hist::fine(),
        }
    }

    /// Whether tasks are at home here, as they are not on a blocking thread.
    pub(super) fn is_worker(&self) -> bool {
        self.kind != LaneKind::Blocking
    }

    /// Whether other tasks wait for it while a task keeps it.
    pub fn is_shared(&self) -> bool {
        match self.kind {
            LaneKind::Worker | LaneKind::Pool | LaneKind::Process => true,
            LaneKind::Blocking | LaneKind::Thread => false,
        }
    }

    /// Its place on screen among the kinds.
    pub(super) fn rank(&self) -> u8 {
        match self.kind {
            LaneKind::Worker => 0,
            LaneKind::Pool | LaneKind::Process => 1,
            LaneKind::Thread => 2,
            LaneKind::Blocking => 3,
        }
    }

    /// Whether its process has died: nothing will run here any more.
    pub fn is_dead(&self) -> bool {
        self.name.starts_with(DEAD)
    }

    /// Whether a task has held it at `from` or later.
    pub fn has_run_since(&self, from: RunInstant) -> bool {
        self.current.is_some() || self.slices > 0 && self.track.end() > from
    }

    /// The lengths of its slices.
    pub fn poll_time(&self) -> Percentiles {
        self.polls.percentiles()
    }

    /// Counts a slice.
    pub(super) fn count(&mut self, slice: &Slice) {
        self.slices += 1;
        self.polls.record(slice.len.get());
    }

    /// Takes in the next slice, of which so much is blocking.
    pub(super) fn record(&mut self, slice: &Slice, blocking: Nanos) {
        let len = slice.len.get();
        self.running += len - blocking;
        self.blocking += blocking;
        self.track.push(slice);
        if blocking > Nanos::ZERO {
            self.track.block(slice);
        }
    }

    /// So much of a slice turns out to have been blocking.
    pub(super) fn block(&mut self, slice: &Slice, amount: Nanos) {
        self.running = self.running - amount;
        self.blocking += amount;
        self.track.block(slice);
    }

    /// Takes in the kernel's view. A new span in which the thread proves to have slept: asleep at both ends of it, and
    /// not on a core in between.
    pub(super) fn sample(&mut self, sample: &LaneSample) -> Option<(RunInstant, RunInstant)> {
        let before = self.os.replace(LaneOs {
            at: sample.at,
            on_cpu: sample.on_cpu,
            waiting: sample.waiting,
            asleep: sample.asleep,
            asleep_in: sample.asleep_in,
        })?;
        let slept = before.asleep && sample.asleep && before.on_cpu == sample.on_cpu && before.at < sample.at;
        slept.then_some((before.at, sample.at))
    }
}
