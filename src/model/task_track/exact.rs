//! The exact sums of a task whose records are partly lost.
//!
//! The thread that records a slice also adds it to the sums of its task. Up to the end of these
//! sums, the times of the task are these sums, and not the sum of the slices that have arrived:
//!
//! ```text
//!   slices that arrived  ▐██▌···▐█▌·················▐██▌····▐██▌·····
//!   slices               ▐██▌···▐█▌···▐███▌··▐██▌···▐██▌····▐██▌·····
//!                        ├─── exact sums ────────┤
//!                                                ├─ slices, now ────┤
//! ```
//!
//! The slices before the end of the sums stay in the track, for timelines. The thread does not know
//! when the kernel has seen it asleep outside of a blocking step. So the model moves that time from
//! running to blocking, for the slices that have arrived.

use super::*;
use crate::model::state::StateTimes;
use crate::record::{ByReason, Label, LostSlices, Reason, TaskSums};

/// The exact sums of a task.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    /// What the task waits for after the sums.
    pub wait: WaitState,
    /// The number of slices whose records were lost.
    lost: u64,
    /// The spans in which the thread slept within a slice but outside a blocking step, according to
    /// the kernel's samples.
    asleep: Spans,
    /// The total length of the spans that were evicted.
    asleep_before: Nanos,
}

impl Default for Exact {
    /// The sums of a task before its spawn.
    fn default() -> Exact {
        Exact {
            wait: WaitState::spawned(RunInstant::ZERO),
            lost: 0,
            asleep: Spans::default(),
            asleep_before: Nanos::ZERO,
        }
    }
}

impl Exact {
    /// The times of a task from its spawn to the end of the sums.
    fn times(&self, sums: &TaskSums, spawned_at: RunInstant) -> StateTimes {
        let until = self.wait.since;
        let asleep = self.asleep_before + self.asleep.covered(RunInstant::ZERO, until);
        let asleep = asleep.min(sums.running);
        // Two samples of the kernel are so far apart that the slice around them is long.
        let hogging = sums.hogging.min(sums.running);
        let running = sums.running - hogging;
        let mut times = StateTimes {
            running: running - (asleep - hogging),
            hogging: hogging - asleep,
            blocking: sums.blocking + asleep,
            sleeping: Nanos::ZERO,
            queued: sums.queued,
            unnoticed: sums.unnoticed,
            not_ready: sums.suspended_on,
        };
        // The sums add up to the time from the spawn to `until`, except for differences between
        // clocks. A worker process of another program may report any sums.
        let (life, total) = (until - spawned_at, times.total());
        times.queued += life - total;
        let mut excess = total - life;
        let held = [&mut times.running, &mut times.hogging, &mut times.blocking];
        let waited = [&mut times.queued, &mut times.unnoticed];
        for part in held.into_iter().chain(waited).chain(&mut times.not_ready) {
            let cut = excess.min(*part);
            *part = *part - cut;
            excess = excess - cut;
        }
        times
    }

    /// Evicts the spans that end at `horizon` or earlier. Later sums contain the slices of these
    /// spans, because the records of the slices have arrived.
    pub(super) fn evict(&mut self, horizon: RunInstant) {
        let total = |asleep: &Spans| asleep.covered(RunInstant::ZERO, RunInstant::MAX);
        let before = total(&self.asleep);
        self.asleep.evict(horizon);
        self.asleep_before += before - total(&self.asleep);
    }

    /// The number of bytes on the heap, including this value itself.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Exact>() + self.asleep.heap_bytes()
    }
}

impl TaskTrack {
    /// The wait state after the exact sums. Only slices of the track that follow this state are
    /// counted, because the exact sums contain the earlier times. Without exact sums, all slices
    /// are counted.
    pub(crate) fn counted_from(&self) -> WaitState {
        match &self.exact {
            Some(exact) => exact.wait,
            None => WaitState::spawned(RunInstant::ZERO),
        }
    }

    /// The wait state after the last slice that is known: a slice of the track, or the last slice
    /// of the exact sums.
    #[inline]
    pub(crate) fn last_counted(&self) -> WaitState {
        match &self.exact {
            Some(exact) if exact.wait.since > self.last_wait().since => exact.wait,
            _ => self.last_wait(),
        }
    }

    /// The times of a slice after the last slice of the track, without the part in the exact sums.
    #[cold]
    pub(super) fn counted_times(&self, placed: &PlacedSlice, division: Division<'_>) -> SliceTimes {
        let from = self.counted_from();
        self.last_wait().slice_times_from(from, &placed.timing(), division)
    }

    /// Replaces the times up to the end of `exact` with `exact`, unless later sums are known.
    /// Returns the number of lost slices that were not known before.
    pub(crate) fn set_exact(
        &mut self,
        exact: &TaskSums,
        spawned_at: RunInstant,
        division: Division<'_>,
        sums: &mut TimeSums<'_>,
        arena: &ByteArena,
    ) -> u64 {
        let known = self.exact.get_or_insert_default();
        if exact.until < known.wait.since {
            return 0;
        }
        known.wait = WaitState {
            since: exact.until.max(spawned_at),
            reason: exact.reason,
            label: exact.label,
        };
        let lost = exact.lost.saturating_sub(known.lost);
        known.lost = known.lost.max(exact.lost);
        let mut times = known.times(exact, spawned_at);
        let from = known.wait;
        for chunk in &self.chunks[self.within(from.since, RunInstant::MAX)] {
            times += chunk.slices().times(exact.task, chunk.division(division), from);
        }
        if self.open_within(from.since, RunInstant::MAX) {
            let open = arena.read(&self.open);
            times += self.open_slices(&open).times(exact.task, division, from);
        }
        sums.set_all(times);
        lost
    }

    /// Adds lost slices of a task without sums. Such a task is queued until its first slice, and
    /// suspended between its slices.
    pub(crate) fn add_lost(&mut self, lost: &LostSlices, spawned_at: RunInstant, sums: &mut TimeSums<'_>) {
        let known = self.last_counted();
        let until = known.since.max(lost.until);
        let mut times = *sums.task;
        times.running += lost.running - lost.hogging;
        times.hogging += lost.hogging;
        times.blocking += lost.blocking;
        let until_start = lost.start - spawned_at;
        let has_run = known.since > spawned_at;
        times.queued = if has_run {
            times.queued.min(until_start)
        } else {
            until_start
        };
        let counted = times.held() + times.queued + times.unnoticed;
        times.not_ready = ByReason::default();
        times.not_ready[Reason::Unknown as usize] = (until - spawned_at) - counted;
        sums.set_all(times);
        self.exact.get_or_insert_default().wait = WaitState {
            since: until,
            reason: Reason::Unknown,
            label: Label::NONE,
        };
    }

    /// Notes that the kernel has seen the thread asleep, outside of a blocking step.
    pub(crate) fn note_asleep(&mut self, from: RunInstant, to: RunInstant) {
        let exact = self.exact.get_or_insert_default();
        exact.asleep.add(from, to, |_, _| ());
    }

    /// Notes that the thread was in a blocking step. Returns the end of the exact sums, which
    /// contain the step up to this instant.
    pub(crate) fn note_step(&mut self, from: RunInstant, to: RunInstant) -> RunInstant {
        self.exact.as_mut().map_or(RunInstant::ZERO, |exact| {
            exact.asleep.remove(from, to);
            exact.wait.since
        })
    }
}
