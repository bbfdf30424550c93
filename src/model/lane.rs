//! A lane: a thread that runs tasks, its slices, and what the kernel reports about the thread.

use super::cpu_history::CpuHistory;
use super::lane_track::LaneTrack;
use super::off_core::OffCore;
use super::spans::Spans;
use crate::record::{CurrentSlice, DEAD, LaneId, LaneKind, LaneSample, Nanos, RunInstant, Slice};

/// A lane of the run.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The lane's id.
    pub id: LaneId,
    /// The kind of the lane's thread.
    pub kind: LaneKind,
    /// The name on screen. The name of a dead process begins with [`DEAD`].
    pub name: String,
    /// The slice that has not ended; `None` while no task holds the lane.
    pub current: Option<CurrentSlice>,
    /// The number of slices that were recorded.
    recorded: u64,
    /// The number of slices lost because the ring of the lane was full.
    pub dropped: u64,
    /// The time in which tasks held the lane and computed. Only slices that have ended are counted,
    /// whether recorded or lost.
    pub running: Nanos,
    /// The time in which tasks held the lane and the thread slept in the OS. Only slices that have
    /// ended are counted, whether recorded or lost.
    pub blocking: Nanos,
    /// What the kernel last reported about the thread; `None` if the lane was not sampled.
    pub os: Option<LaneOs>,
    pub(super) track: LaneTrack,
    /// The spans in which the thread slept in the OS, according to the kernel's samples.
    pub(super) asleep: Spans,
    /// In which system calls the thread slept, in order of time. Unknown calls are left out.
    calls: Vec<SystemCall>,
    pub(super) off_core: OffCore,
    pub(super) cpu: CpuHistory,
}

/// A span in which a thread slept in one system call.
#[derive(Clone, Copy, Debug)]
struct SystemCall {
    from: RunInstant,
    to: RunInstant,
    number: u16,
}

/// What the kernel reported about a lane's thread in one sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneOs {
    /// The instant of the last sample.
    pub at: RunInstant,
    /// The CPU time since the thread's start.
    pub on_cpu: Nanos,
    /// The time in which the thread was runnable but had no core, since the thread's start.
    pub waiting: Nanos,
    /// Whether the thread sleeps in the kernel.
    pub asleep: bool,
    /// The number of the system call in which the thread sleeps; `None` if the kernel does not
    /// report the number.
    pub asleep_in: Option<u16>,
}

impl Lane {
    pub(super) fn new(id: LaneId, kind: LaneKind, name: String) -> Lane {
        Lane {
            id,
            kind,
            name,
            current: None,
            recorded: 0,
            dropped: 0,
            running: Nanos::ZERO,
            blocking: Nanos::ZERO,
            os: None,
            track: LaneTrack::default(),
            asleep: Spans::default(),
            calls: Vec::new(),
            off_core: OffCore::default(),
            cpu: CpuHistory::default(),
        }
    }

    /// Whether the executor runs tasks on this lane. A blocking thread only runs offloaded work.
    pub(super) fn is_worker(&self) -> bool {
        self.kind != LaneKind::Blocking
    }

    /// Whether this is a worker of an async runtime, on which a task should neither sleep nor
    /// compute for long.
    pub fn is_async(&self) -> bool {
        self.kind == LaneKind::Worker
    }

    /// Whether other tasks wait for the lane while a task holds it.
    pub fn is_shared(&self) -> bool {
        match self.kind {
            LaneKind::Worker | LaneKind::Pool | LaneKind::Process => true,
            LaneKind::Blocking | LaneKind::Thread => false,
        }
    }

    /// The order of the kinds on screen.
    pub(super) fn rank(&self) -> u8 {
        match self.kind {
            LaneKind::Worker => 0,
            LaneKind::Pool | LaneKind::Process => 1,
            LaneKind::Thread => 2,
            LaneKind::Blocking => 3,
        }
    }

    /// Whether the process of the lane has died. No task can run on a dead lane.
    pub fn is_dead(&self) -> bool {
        self.name.starts_with(DEAD)
    }

    /// Whether a task has held the lane at `from` or later.
    pub fn has_run_since(&self, from: RunInstant) -> bool {
        self.current.is_some() || self.recorded > 0 && self.track.end() > from
    }

    /// The number of slices so far, including evicted slices, lost slices and the open slice.
    pub fn slices(&self) -> u64 {
        let known = self.recorded + u64::from(self.current.is_some());
        known.saturating_add(self.dropped)
    }

    /// The recent share of the thread's runnable time in which it had no core, 0–1. The share is
    /// computed from the last samples of the kernel's counts. `None` if these samples do not show
    /// the share.
    pub fn off_core_share(&self) -> Option<f64> {
        self.off_core.recent_share()
    }

    /// Counts a slice. The model may keep the slice or drop it.
    pub(super) fn count_slice(&mut self) {
        self.recorded += 1;
    }

    /// Adds the next slice. `blocking` is the blocking time within the slice.
    pub(super) fn record(&mut self, slice: &Slice, blocking: Nanos) {
        let len = slice.len.get();
        self.running += len - blocking;
        self.blocking += blocking;
        self.track.push(slice);
        if blocking > Nanos::ZERO {
            self.track.block(slice, blocking);
        }
    }

    /// Moves `amount` of a slice's time from running to blocking.
    pub(super) fn block(&mut self, slice: &Slice, amount: Nanos) {
        self.running = self.running - amount;
        self.blocking += amount;
        self.track.block(slice, amount);
    }

    /// A sample for the instant `end`, estimated from the last sample and from the first sample
    /// after `end`. The times between these samples are divided in proportion. `None` if there has
    /// been a sample at `end`.
    pub(super) fn sample_until(&self, end: RunInstant, next: &LaneSample) -> Option<LaneSample> {
        let Some(last) = self.os else {
            return Some(LaneSample { at: end, ..*next });
        };
        let (part, whole) = (end - last.at, next.at - last.at);
        let share = |from: Nanos, to: Nanos| {
            let product = u128::from((to - from).0) * u128::from(part.0);
            from + Nanos((product / u128::from(whole.0.max(1))) as u64)
        };
        (part > Nanos::ZERO).then(|| LaneSample {
            at: end,
            on_cpu: share(last.on_cpu, next.on_cpu),
            waiting: share(last.waiting, next.waiting),
            ..*next
        })
    }

    /// Applies a sample of what the kernel reports. Returns the span since the previous sample if
    /// the thread slept during the whole span. The samples prove this if the thread was asleep in
    /// both samples and got no CPU time in between.
    pub(super) fn sample(&mut self, sample: &LaneSample) -> Option<(RunInstant, RunInstant)> {
        let os = LaneOs {
            at: sample.at,
            on_cpu: sample.on_cpu,
            waiting: sample.waiting,
            asleep: sample.asleep,
            asleep_in: sample.asleep_in,
        };
        self.off_core.sample(os);
        self.cpu.sample(os);
        let before = self.os.replace(os)?;
        let slept = before.asleep && sample.asleep && before.on_cpu == sample.on_cpu && before.at < sample.at;
        if let Some(number) = sample.asleep_in.filter(|_| slept) {
            match self.calls.last_mut() {
                Some(last) if last.number == number && last.to == before.at => last.to = sample.at,
                _ => self.calls.push(SystemCall {
                    from: before.at,
                    to: sample.at,
                    number,
                }),
            }
        }
        slept.then_some((before.at, sample.at))
    }

    /// The number of the last system call in which the thread slept between two instants. `None` if
    /// the kernel has reported no system call, for example because the thread waited for memory.
    pub(super) fn call_within(&self, (from, to): (RunInstant, RunInstant)) -> Option<u16> {
        let count = self.calls.partition_point(|call| call.from < to);
        let call = &self.calls[count.checked_sub(1)?];
        (call.to > from).then_some(call.number)
    }

    /// Forgets the sleeps that ended at `horizon` or earlier.
    pub(super) fn evict_asleep(&mut self, horizon: RunInstant) {
        self.asleep.evict(horizon);
        let count = self.calls.partition_point(|call| call.to <= horizon);
        self.calls.drain(..count);
    }
}
