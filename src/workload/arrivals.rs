//! When the tasks of a group come.

use super::draw::{Seed, sample};
use crate::scenario::{Arrivals, Draw, Start, TaskSpec};
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// The instants, after the run's start, at which the tasks of one group come, in order: as many as the group has tasks,
/// or without end. They depend on the scenario's seed and the group's name alone.
#[derive(Clone, Debug)]
pub struct ArrivalTimes {
    left: Option<u32>,
    next: Duration,
    /// The pause between two.
    pause: Option<Draw>,
    rng: Pcg64Mcg,
}

impl ArrivalTimes {
    /// The arrivals of `spec` in a scenario with this seed.
    pub fn new(spec: &TaskSpec, seed: u64) -> ArrivalTimes {
        let pause = match spec.arrivals {
            Arrivals::Together => None,
            Arrivals::Every { pause, .. } => Some(pause),
            // In a Poisson process the pauses are exponential.
            Arrivals::Rate(per_second) | Arrivals::Ramp { to: per_second, .. } => Some(Draw::Exponential {
                mean: Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX),
            }),
        };
        ArrivalTimes {
            left: match spec.start {
                Start::At(_) => spec.count,
                Start::Called => Some(0),
            },
            next: match spec.start {
                Start::At(at) => at,
                Start::Called => Duration::ZERO,
            },
            pause,
            rng: Seed::of_arrivals(seed, &spec.name).turn(0),
        }
    }
}

impl Iterator for ArrivalTimes {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        let now = self.next;
        if let Some(pause) = &self.pause {
            self.next = now.saturating_add(sample(pause, &mut self.rng));
        }
        Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Repeat;

    const MS: Duration = Duration::from_millis(1);

    fn group(count: Option<u32>, arrivals: Arrivals) -> TaskSpec {
        TaskSpec {
            name: "api".into(),
            count,
            start: Start::At(20 * MS),
            arrivals,
            until: None,
            repeat: Repeat::Times(1),
            timeout: None,
            steps: vec![],
        }
    }

    #[test]
    fn together_means_all_at_the_start() {
        let times: Vec<_> = ArrivalTimes::new(&group(Some(3), Arrivals::Together), 7).collect();
        assert_eq!(times, [20 * MS; 3]);
    }

    #[test]
    fn every_pause_separates_two() {
        let times = ArrivalTimes::new(
            &group(
                None,
                Arrivals::Every {
                    pause: Draw::Fixed(5 * MS),
                    burst: 1,
                },
            ),
            7,
        );
        assert_eq!(times.take(3).collect::<Vec<_>>(), [20 * MS, 25 * MS, 30 * MS]);
    }

    #[test]
    fn a_rate_holds_on_average_and_is_the_same_each_time() {
        let times = ArrivalTimes::new(&group(Some(10_001), Arrivals::Rate(50.0)), 7);
        let last = times.clone().last().unwrap();
        let rate = 10_000.0 / (last - 20 * MS).as_secs_f64();
        assert!((48.0..52.0).contains(&rate), "{rate}");
        assert_eq!(times.clone().last(), times.last());
    }
}
