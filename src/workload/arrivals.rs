//! The instants at which the tasks of a group arrive.

use super::draw::{Seed, sample};
use crate::scenario::{Arrivals, Draw, Start, TaskSpec};
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// The instants at which the tasks of one group arrive, measured from the start of the run, in
/// order.
///
/// There is one instant for each task. If the number of tasks has no limit, the sequence is
/// endless. All instants are before the end of the group. The random pauses depend only on the
/// scenario's seed and the name of the group.
#[derive(Clone, Debug)]
pub struct ArrivalTimes {
    /// The number of tasks that have not arrived yet. `None` if the number of tasks has no limit.
    remaining: Option<u32>,
    /// The instant of the next arrival. `None` if no further task arrives.
    next: Option<Duration>,
    until: Option<Duration>,
    spacing: Spacing,
    rng: Pcg64Mcg,
}

/// The time between one arrival and the next.
#[derive(Clone, Debug)]
enum Spacing {
    /// No pauses: all tasks arrive together.
    Together,
    /// A pause after each burst of `size` tasks.
    Bursts {
        pause: Draw,
        size: u32,
        /// How many tasks of the current burst have arrived.
        arrived: u32,
    },
    /// Random pauses whose mean changes with time.
    Ramp {
        ramp: Ramp,
        start: Duration,
        /// The expected number of arrivals up to the latest arrival. The actual number differs
        /// randomly.
        expected: f64,
    },
}

impl ArrivalTimes {
    /// The arrivals of the group `spec` in a scenario with this seed.
    pub fn new(spec: &TaskSpec, seed: u64) -> ArrivalTimes {
        let start = match spec.start {
            Start::At(at) => Some(at),
            Start::Called => None,
        };
        let spacing = match spec.arrivals {
            Arrivals::Together => Spacing::Together,
            Arrivals::Every { pause, burst } => Spacing::Bursts {
                pause,
                size: burst,
                arrived: 0,
            },
            // A Poisson process has exponential pauses.
            Arrivals::Rate(per_second) => Spacing::Bursts {
                pause: Draw::Exponential {
                    mean: Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX),
                },
                size: 1,
                arrived: 0,
            },
            Arrivals::Ramp { from, to, over } => Spacing::Ramp {
                ramp: Ramp { from, to, over },
                start: start.unwrap_or_default(),
                expected: 0.0,
            },
        };
        ArrivalTimes {
            remaining: spec.count,
            next: start,
            until: spec.until,
            spacing,
            rng: Seed::of_arrivals(seed, &spec.name).generator(0),
        }
    }

    /// The instant at which the next task arrives. If all tasks have arrived, the instant at which
    /// one more task would arrive.
    pub fn due(&self) -> Option<Duration> {
        self.next
    }

    /// The instant of the arrival that follows the arrival at `last`.
    fn next_after(&mut self, last: Duration) -> Option<Duration> {
        match &mut self.spacing {
            Spacing::Together => Some(last),
            Spacing::Bursts { pause, size, arrived } => {
                *arrived += 1;
                if arrived < size {
                    return Some(last);
                }
                *arrived = 0;
                Some(last.saturating_add(sample(pause, &mut self.rng)))
            }
            Spacing::Ramp { ramp, start, expected } => {
                *expected += sample(&UNIT_EXPONENTIAL, &mut self.rng).as_secs_f64();
                Some(start.saturating_add(ramp.time_until(*expected)?))
            }
        }
    }
}

impl Iterator for ArrivalTimes {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let time = self.next?;
        if self.until.is_some_and(|until| time >= until) || self.remaining == Some(0) {
            return None;
        }
        if let Some(remaining) = &mut self.remaining {
            *remaining -= 1;
        }
        self.next = self.next_after(time);
        Some(time)
    }
}

/// From one arrival to the next, the expected number of arrivals grows by a random number. The
/// distribution of this number is exponential with the mean 1. Here, one second stands for the
/// number 1.
const UNIT_EXPONENTIAL: Draw = Draw::Exponential {
    mean: Duration::from_secs(1),
};

/// A rate that changes linearly over a period, and then stays constant.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    /// Arrivals per second at the start.
    from: f64,
    /// Arrivals per second after the end of the period.
    to: f64,
    over: Duration,
}

impl Ramp {
    /// The time after which the expected number of arrivals is `expected`. `None` if the expected
    /// number never gets so high.
    ///
    /// A Poisson process with a changing rate λ is a Poisson process with the rate 1 on a clock
    /// that shows Λ(t) = ∫λ (Çınlar's inversion). On the ramp, Λ(t) = from·t + (to −
    /// from)/over·t²/2. This function solves Λ(t) = `expected` for t.
    fn time_until(&self, expected: f64) -> Option<Duration> {
        let over = self.over.as_secs_f64();
        let on_ramp = (self.from + self.to) / 2.0 * over;
        let seconds = if expected <= on_ramp {
            let steepness = (self.to - self.from) / over;
            let rate = (self.from * self.from + 2.0 * steepness * expected).max(0.0).sqrt();
            // This form of the solution avoids the difference of two large numbers, and it also
            // works for a flat ramp.
            2.0 * expected / (self.from + rate)
        } else {
            over + (expected - on_ramp) / self.to
        };
        Duration::try_from_secs_f64(seconds).ok()
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
    fn tasks_that_arrive_together_arrive_at_the_start() {
        let times: Vec<_> = ArrivalTimes::new(&group(Some(3), Arrivals::Together), 7).collect();
        assert_eq!(times, [20 * MS; 3]);
    }

    #[test]
    fn a_pause_separates_two_arrivals() {
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
    fn a_rate_holds_on_average_and_its_times_are_reproducible() {
        let times = ArrivalTimes::new(&group(Some(10_001), Arrivals::Rate(50.0)), 7);
        let last = times.clone().last().unwrap();
        let rate = 10_000.0 / (last - 20 * MS).as_secs_f64();
        assert!((48.0..52.0).contains(&rate), "{rate}");
        assert_eq!(times.clone().last(), times.last());
    }

    #[test]
    fn the_tasks_of_a_burst_arrive_together_and_the_last_burst_may_be_smaller() {
        let bursts = Arrivals::Every {
            pause: Draw::Fixed(5 * MS),
            burst: 3,
        };
        let times: Vec<_> = ArrivalTimes::new(&group(Some(5), bursts), 7).collect();
        assert_eq!(times, [20 * MS, 20 * MS, 20 * MS, 25 * MS, 25 * MS]);
    }

    #[test]
    fn after_the_last_arrival_one_more_task_would_be_due() {
        let every = Arrivals::Every {
            pause: Draw::Fixed(5 * MS),
            burst: 2,
        };
        let mut times = ArrivalTimes::new(&group(Some(4), every), 7);
        assert_eq!(times.due(), Some(20 * MS));
        assert_eq!(times.by_ref().count(), 4);
        assert_eq!(times.due(), Some(30 * MS));
    }

    #[test]
    fn no_task_arrives_at_or_after_the_end_of_its_group() {
        let every = Arrivals::Every {
            pause: Draw::Fixed(5 * MS),
            burst: 1,
        };
        let spec = TaskSpec {
            until: Some(30 * MS),
            ..group(None, every)
        };
        assert_eq!(ArrivalTimes::new(&spec, 7).collect::<Vec<_>>(), [20 * MS, 25 * MS]);
    }

    #[test]
    fn a_called_group_has_no_arrivals() {
        let spec = TaskSpec {
            start: Start::Called,
            ..group(None, Arrivals::Together)
        };
        assert_eq!(ArrivalTimes::new(&spec, 7).next(), None);
    }

    #[test]
    fn a_ramp_grows_and_then_stays_constant() {
        let ramp = Arrivals::Ramp {
            from: 0.0,
            to: 1000.0,
            over: Duration::from_secs(10),
        };
        let spec = TaskSpec {
            until: Some(20 * MS + Duration::from_secs(20)),
            ..group(None, ramp)
        };
        let mut by_quarter = [0_i32; 4];
        for time in ArrivalTimes::new(&spec, 7) {
            by_quarter[((time - 20 * MS).as_secs() / 5) as usize] += 1;
        }
        // The expected numbers are the areas under the rate: 1250, 3750, 5000, 5000. The standard
        // deviations are the square roots of these numbers, and are below 71.
        for (came, expected) in by_quarter.into_iter().zip([1250, 3750, 5000, 5000]) {
            assert!((came - expected).abs() < 300, "{by_quarter:?}");
        }
    }

    #[test]
    fn a_ramp_down_to_zero_ends() {
        let ramp = Arrivals::Ramp {
            from: 100.0,
            to: 0.0,
            over: Duration::from_secs(2),
        };
        let times: Vec<_> = ArrivalTimes::new(&group(None, ramp), 7).collect();
        assert!((60..140).contains(&times.len()), "{}", times.len());
        assert!(times.iter().all(|time| *time <= 20 * MS + Duration::from_secs(2)));
        assert!(times.is_sorted());
    }

    #[test]
    fn a_flat_ramp_is_a_constant_rate() {
        let ramp = Ramp {
            from: 50.0,
            to: 50.0,
            over: Duration::from_secs(1),
        };
        assert_eq!(ramp.time_until(25.0), Some(500 * MS));
        assert_eq!(ramp.time_until(100.0), Some(2000 * MS));
    }
}
