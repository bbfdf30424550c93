//! Why threads waited for a core: because the run has more computing threads than cores, or because
//! of other programs.
//!
//! The kernel counts for how long each thread was on a core, and for how long it waited for one.
//! These counts are added up for all lanes, per second of the run. A second counts only if the
//! cause is certain:
//!
//! ```text
//!   computing lanes > cores, and the lanes used nearly all cores   the run's own threads
//!   computing lanes ≤ cores, and each could have had a core        other programs
//! ```

use super::lane::LaneOs;
use crate::record::{LaneId, Nanos, RunInstant};
use std::collections::HashMap;

/// The duration of a bucket.
const BUCKET: Nanos = Nanos::from_millis(1_000);

/// A lane computes if it was runnable for at least this share of a bucket.
const COMPUTES: f64 = 0.05;

/// The lanes used nearly all cores if they were on them for at least this share of a bucket.
const NEARLY_ALL: f64 = 0.8;

/// For how long the threads of the lanes waited for a core.
#[derive(Clone, Debug, Default)]
pub struct CoreUse {
    /// The waits because there were more computing threads than cores.
    pub because_of_own: Nanos,
    /// The waits because of other programs.
    pub because_of_others: Nanos,
    /// For how long the threads computed or waited for a core while other programs were the cause.
    pub wanted_beside_others: Nanos,
    /// The largest number of lanes that computed in one bucket with waits because of own threads.
    pub most_computing: usize,
    /// The end of the first bucket with waits, for each cause.
    pub first_own: Option<RunInstant>,
    /// See `first_own`.
    pub first_others: Option<RunInstant>,
    cores: usize,
    bucket: u64,
    /// For each lane: for how long it was on a core in this bucket, and waited for one.
    lanes: HashMap<LaneId, (Nanos, Nanos)>,
}

impl CoreUse {
    pub(super) fn new(cores: usize) -> CoreUse {
        CoreUse {
            cores,
            ..CoreUse::default()
        }
    }

    /// The number of cores that the run may use.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// Adds what the kernel counted for a lane between two samples.
    pub(super) fn add(&mut self, lane: LaneId, before: &LaneOs, sample: &LaneOs) {
        let bucket = sample.at.0 / BUCKET.0;
        if bucket > self.bucket {
            self.close();
            self.bucket = bucket;
        }
        let (on_cpu, waiting) = (sample.on_cpu - before.on_cpu, sample.waiting - before.waiting);
        let sums = self.lanes.entry(lane).or_default();
        sums.0 += on_cpu;
        sums.1 += waiting;
    }

    fn close(&mut self) {
        let computes =
            |&&(on_cpu, waiting): &&(Nanos, Nanos)| (on_cpu + waiting).0 as f64 >= COMPUTES * BUCKET.0 as f64;
        let computing = self.lanes.values().filter(computes).count();
        let on_cpu: Nanos = self.lanes.values().map(|(on_cpu, _)| *on_cpu).sum();
        let waiting: Nanos = self.lanes.values().map(|(_, waiting)| *waiting).sum();
        let all = (self.cores as u64 * BUCKET.0) as f64;
        let end = RunInstant::new((self.bucket + 1) * BUCKET.0);
        if computing > self.cores && on_cpu.0 as f64 >= NEARLY_ALL * all {
            self.because_of_own += waiting;
            self.most_computing = self.most_computing.max(computing);
            self.first_own.get_or_insert(end);
        } else if computing <= self.cores && waiting > Nanos::ZERO {
            self.because_of_others += waiting;
            self.wanted_beside_others += on_cpu + waiting;
            self.first_others.get_or_insert(end);
        }
        self.lanes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lanes that each compute and wait for these numbers of milliseconds in every second.
    fn run(cores: usize, lanes: &[(u64, u64)]) -> CoreUse {
        let mut cores = CoreUse::new(cores);
        let os = |second: u64, (on_cpu, waiting): (u64, u64)| LaneOs {
            at: RunInstant::from_millis(second * 1_000 + 500),
            on_cpu: Nanos::from_millis(second * on_cpu),
            waiting: Nanos::from_millis(second * waiting),
            asleep: false,
            asleep_in: None,
        };
        for second in 1..=4 {
            for (lane, times) in lanes.iter().enumerate() {
                cores.add(LaneId(lane as u16), &os(second - 1, *times), &os(second, *times));
            }
        }
        cores
    }

    #[test]
    fn the_cause_of_waits_for_a_core_is_named_only_if_it_is_certain() {
        let ms = Nanos::from_millis;
        let own = run(2, &[(500, 500), (500, 500), (500, 500), (500, 500)]);
        assert_eq!((own.because_of_own, own.because_of_others), (ms(6_000), Nanos::ZERO));
        assert_eq!((own.most_computing, own.cores()), (4, 2));
        let others = run(2, &[(400, 400), (300, 200)]);
        assert_eq!(
            (others.because_of_own, others.because_of_others),
            (Nanos::ZERO, ms(1_800))
        );
        assert_eq!(others.wanted_beside_others, ms(3_900));
        let unknown = run(2, &[(300, 300), (300, 300), (300, 300)]);
        assert_eq!(
            (unknown.because_of_own, unknown.because_of_others),
            (Nanos::ZERO, Nanos::ZERO)
        );
        let idle = run(2, &[(400, 0), (10, 1), (10, 1)]);
        assert!(idle.because_of_others <= ms(6));
    }
}
