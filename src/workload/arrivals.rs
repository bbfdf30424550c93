//! When the tasks of a group come.

use super::draw::{Seed, sample};
use crate::scenario::{Arrivals, Draw, Start, TaskSpec};
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// The instants, after the run's start, at which the tasks of one group come, in order: as many as the group has tasks,
/// or without end; none from the group's end on. They depend on the scenario's seed and the group's name alone.
#[derive(Clone, Debug)]
pub struct ArrivalTimes {
    left: Option<u32>,
    /// When the next comes; `None`: there is none.
    next: Option<Duration>,
    until: Option<Duration>,
    rhythm: Rhythm,
    rng: Pcg64Mcg,
}

/// What lies between one arrival and the next.
#[derive(Clone, Debug)]
enum Rhythm {
    /// Nothing.
    Together,
    /// A pause, after so many at once.
    Bursts {
        pause: Draw,
        size: u32,
        /// How many of the present burst have come.
        come: u32,
    },
    /// Less and less, or more and more.
    Ramp {
        ramp: Ramp,
        start: Duration,
        /// How many were to be expected up to the last one; it came by chance sooner or later.
        expected: f64,
    },
}

impl ArrivalTimes {
    /// The arrivals of `spec` in a scenario with this seed.
    pub fn new(spec: &TaskSpec, seed: u64) -> ArrivalTimes {
        let start = match spec.start {
            Start::At(at) => Some(at),
            Start::Called => None,
        };
        let rhythm = match spec.arrivals {
            Arrivals::Together => Rhythm::Together,
            Arrivals::Every { pause, burst } => Rhythm::Bursts {
                pause,
                size: burst,
                come: 0,
            },
            // In a Poisson process the pauses are exponential.
            Arrivals::Rate(per_second) => Rhythm::Bursts {
                pause: Draw::Exponential {
                    mean: Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX),
                },
                size: 1,
                come: 0,
            },
            Arrivals::Ramp { from, to, over } => Rhythm::Ramp {
                ramp: Ramp { from, to, over },
                start: start.unwrap_or_default(),
                expected: 0.0,
            },
        };
        ArrivalTimes {
            left: spec.count,
            next: start,
            until: spec.until,
            rhythm,
            rng: Seed::of_arrivals(seed, &spec.name).turn(0),
        }
    }

    /// When the one after `last` comes.
    fn after(&mut self, last: Duration) -> Option<Duration> {
        match &mut self.rhythm {
            Rhythm::Together => Some(last),
            Rhythm::Bursts { pause, size, come } => {
                *come += 1;
                if come < size {
                    return Some(last);
                }
                *come = 0;
                Some(last.saturating_add(sample(pause, &mut self.rng)))
            }
            Rhythm::Ramp { ramp, start, expected } => {
                *expected += sample(&ONE, &mut self.rng).as_secs_f64();
                Some(start.saturating_add(ramp.until(*expected)?))
            }
        }
    }
}

impl Iterator for ArrivalTimes {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let now = self.next?;
        if self.until.is_some_and(|until| now >= until) || self.left == Some(0) {
            return None;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        self.next = self.after(now);
        Some(now)
    }
}

/// How many more arrivals would have to be expected for the next one to come: exponential, with the mean 1.
const ONE: Draw = Draw::Exponential {
    mean: Duration::from_secs(1),
};

/// A rate that changes evenly over a while, and then stays.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    from: f64,
    to: f64,
    over: Duration,
}

impl Ramp {
    /// How long it takes until so many arrivals were to be expected; `None`: for ever.
    ///
    /// A Poisson process whose rate λ changes is one of rate 1, seen on a clock that shows Λ(t) = ∫λ (Çınlar's inversion). On
    /// the ramp Λ(t) = from·t + (to − from)/over·t²/2, which is solved for t here.
    fn until(&self, expected: f64) -> Option<Duration> {
        let over = self.over.as_secs_f64();
        let on_ramp = (self.from + self.to) / 2.0 * over;
        let seconds = if expected <= on_ramp {
            let steepness = (self.to - self.from) / over;
            let rate = (self.from * self.from + 2.0 * steepness * expected).max(0.0).sqrt();
            // This form of the root has no difference of large numbers, and holds for a flat ramp too.
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

    #[test]
    fn a_burst_comes_at_once_and_the_last_one_may_be_cut() {
        let bursts = Arrivals::Every {
            pause: Draw::Fixed(5 * MS),
            burst: 3,
        };
        let times: Vec<_> = ArrivalTimes::new(&group(Some(5), bursts), 7).collect();
        assert_eq!(times, [20 * MS, 20 * MS, 20 * MS, 25 * MS, 25 * MS]);
    }

    #[test]
    fn nothing_comes_from_the_end_of_the_group_on() {
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
    fn who_is_called_does_not_come() {
        let spec = TaskSpec {
            start: Start::Called,
            ..group(None, Arrivals::Together)
        };
        assert_eq!(ArrivalTimes::new(&spec, 7).next(), None);
    }

    #[test]
    fn a_ramp_brings_more_and_more_and_then_stays() {
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
        // The areas under the rate: 1250, 3750, 5000, 5000. Their square roots, the standard deviations, are below 71.
        for (came, expected) in by_quarter.into_iter().zip([1250, 3750, 5000, 5000]) {
            assert!((came - expected).abs() < 300, "{by_quarter:?}");
        }
    }

    #[test]
    fn a_ramp_down_to_nothing_ends() {
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
    fn a_flat_ramp_is_a_rate() {
        let ramp = Ramp {
            from: 50.0,
            to: 50.0,
            over: Duration::from_secs(1),
        };
        assert_eq!(ramp.until(25.0), Some(500 * MS));
        assert_eq!(ramp.until(100.0), Some(2000 * MS));
    }
}
