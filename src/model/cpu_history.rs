//! How long a lane's thread was on a core between two instants, from the kernel's counts.
//!
//! The kernel's counts are sampled. Thus the answer is a bound: the thread was on a core for at
//! least this time, if it was not asleep outside of system calls. The bound decides whether a task
//! computed for long, or whether its thread had no core.

use super::lane::LaneOs;
use crate::record::{Nanos, RunInstant};

/// The maximum number of samples kept. Old samples are thinned out.
const MAX_SAMPLES: usize = 256;

/// The samples of one lane, in order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct CpuHistory(Vec<LaneOs>);

impl CpuHistory {
    /// Adds a sample.
    pub(super) fn sample(&mut self, sample: LaneOs) {
        if self.0.len() == MAX_SAMPLES {
            let mut index = 0;
            self.0.retain(|_| {
                index += 1;
                index > MAX_SAMPLES / 2 || index % 2 == 1
            });
        }
        self.0.push(sample);
    }

    /// Whether no later sample can change what is known about the time before `at`.
    pub(super) fn covers(&self, at: RunInstant) -> bool {
        self.0.last().is_some_and(|last| last.at >= at)
    }

    /// For how long the thread was on a core between two instants, at least. Without samples, the
    /// thread counts as on a core. `others` returns for how long the thread was held in a span
    /// before `from`, and in a span after `to`: then it may have been on a core too.
    pub(super) fn on_core(
        &self,
        from: RunInstant,
        to: RunInstant,
        others: impl Fn(RunInstant, RunInstant) -> Nanos,
    ) -> Nanos {
        let Some(last) = self
            .0
            .get(self.0.partition_point(|sample| sample.at < to))
            .or(self.0.last())
        else {
            return to - from;
        };
        let before = self.0.partition_point(|sample| sample.at <= from).checked_sub(1);
        // The counts begin with the thread.
        let (at, on_cpu, waiting) = before.map_or_else(Default::default, |index| {
            let sample = &self.0[index];
            (sample.at, sample.on_cpu, sample.waiting)
        });
        let sampled = to.min(last.at) - from;
        let on_cpu = last.on_cpu - on_cpu - others(at, from) - others(to, last.at);
        (sampled - (last.waiting - waiting)).min(on_cpu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(samples: &[(u64, u64, u64)]) -> CpuHistory {
        let mut history = CpuHistory::default();
        for &(at, on_cpu, waiting) in samples {
            history.sample(LaneOs {
                at: RunInstant::new(at),
                on_cpu: Nanos(on_cpu),
                waiting: Nanos(waiting),
                asleep: false,
                asleep_in: None,
            });
        }
        history
    }

    fn on_core(history: &CpuHistory, from: u64, to: u64) -> u64 {
        let none = |_, _| Nanos::ZERO;
        history.on_core(RunInstant::new(from), RunInstant::new(to), none).0
    }

    #[test]
    fn the_time_without_a_core_does_not_count() {
        let history = history(&[(100, 50, 10), (200, 150, 10), (300, 170, 80), (400, 180, 80)]);
        assert_eq!(on_core(&history, 110, 190), 80);
        assert_eq!(on_core(&history, 210, 300), 20, "the thread waited for a core");
        assert_eq!(on_core(&history, 310, 390), 10, "the thread slept");
        assert_eq!(
            on_core(&history, 350, 450),
            10,
            "nothing is known after the last sample"
        );
        assert_eq!(on_core(&history, 10, 90), 50, "the counts begin with the thread");
        assert_eq!(on_core(&CpuHistory::default(), 10, 90), 80);
        let half = |from: RunInstant, to: RunInstant| Nanos((to - from).0 / 2);
        let on_core = history.on_core(RunInstant::new(120), RunInstant::new(190), half);
        assert_eq!(
            on_core,
            Nanos(70),
            "100 on a core, at most 10 + 5 of them at other times"
        );
        let on_core = history.on_core(RunInstant::new(320), RunInstant::new(390), half);
        assert_eq!(
            on_core,
            Nanos::ZERO,
            "the thread may have been on a core at other times"
        );
    }

    #[test]
    fn a_long_history_is_thinned_out_but_still_answers() {
        let samples: Vec<_> = (0..10_000).map(|n| (n * 10, n * 10, 0)).collect();
        let history = history(&samples);
        assert!(history.0.len() <= MAX_SAMPLES);
        assert_eq!(on_core(&history, 105, 99_985), 99_880);
        assert!(history.covers(RunInstant::new(99_990)));
        assert!(!history.covers(RunInstant::new(99_991)));
    }
}
