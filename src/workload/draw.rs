//! Random numbers that depend only on the scenario's seed.
//!
//! Each source of random numbers, such as the task `api#7` or the arrivals of `api`, has its own
//! [`Seed`]. The seed is derived from the scenario's seed and the name of the source. Each
//! repetition of a task has its own generator:
//!
//! ```text
//!   scenario's seed ─┬─ api#0 ─┬─ repetition 0 ── 3.1 ms, 17 ms, …
//!                    │         └─ repetition 1 ── 8.8 ms,  2 ms, …
//!                    ├─ api#1 ─── …
//!                    └─ arrivals of api ── …
//! ```
//!
//! So three things do not affect the random numbers: the executor, the order in which tasks run,
//! and the cancellation of an earlier repetition.

use crate::scenario::Draw;
use rand::{Rng, SeedableRng};
use rand_distr::{Exp1, StandardNormal};
use rand_pcg::Pcg64Mcg;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The maximum of a drawn duration: one year. A longer drawn duration becomes one year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_841;

/// The source of the random numbers of one task, of the arrivals of one group, or of the loopback
/// service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seed(u64);

impl Seed {
    /// The seed of the task with this index in its group.
    pub(super) fn of_task(scenario: u64, group: &str, index: u32) -> Seed {
        Seed::derive(scenario, "task", group, index)
    }

    /// The seed of the arrivals of a group.
    pub(super) fn of_arrivals(scenario: u64, group: &str) -> Seed {
        Seed::derive(scenario, "arrivals", group, 0)
    }

    /// The seed of the loopback service. The service uses this seed for requests that contain no
    /// number from a task.
    pub(super) fn of_service(scenario: u64) -> Seed {
        Seed::derive(scenario, "service", "", 0)
    }

    /// A seed that is itself a random number. A parent draws such a number for a child, and a
    /// client draws such a number for a request.
    pub(super) fn from_draw(number: u64) -> Seed {
        Seed(number)
    }

    /// The generator with this number, for example the number of a repetition. A new generator is
    /// cheap, so each repetition can have its own generator.
    pub(super) fn generator(self, number: u64) -> Pcg64Mcg {
        Pcg64Mcg::seed_from_u64(scatter(self.0 ^ scatter(number)))
    }

    /// Hashes everything that identifies a seed. The length of each name is hashed before the name,
    /// so that two different seeds never hash the same bytes.
    fn derive(scenario: u64, role: &str, name: &str, index: u32) -> Seed {
        let mut hash = Sha256::new();
        hash.update(scenario.to_le_bytes());
        for part in [role, name] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update(index.to_le_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Seed(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// The finaliser of SplitMix64: a bijection that maps neighbouring numbers to very different
/// numbers.
fn scatter(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Draws a duration. The duration is never negative. If the distribution has no upper bound, the
/// duration is at most one year.
pub(super) fn sample(draw: &Draw, rng: &mut Pcg64Mcg) -> Duration {
    match *draw {
        Draw::Fixed(d) => d,
        Draw::Uniform { min, max } => min + max.saturating_sub(min).mul_f64(rng.random::<f64>()),
        Draw::Normal { mean, sd } => {
            let z: f64 = rng.sample(StandardNormal);
            seconds(mean.as_secs_f64() + z * sd.as_secs_f64())
        }
        Draw::Exponential { mean } => {
            let e: f64 = rng.sample(Exp1);
            seconds(mean.as_secs_f64() * e)
        }
        Draw::LogNormal { median, p99 } => {
            let z: f64 = rng.sample(StandardNormal);
            let ratio = p99.as_secs_f64() / median.as_secs_f64();
            seconds(median.as_secs_f64() * ratio.powf(z / Z99))
        }
    }
}

/// Returns true with the probability `chance`, 0–1. If the result is certain, no number is drawn.
pub(super) fn happens(chance: f64, rng: &mut Pcg64Mcg) -> bool {
    chance >= 1.0 || (chance > 0.0 && rng.random::<f64>() < chance)
}

fn seconds(s: f64) -> Duration {
    Duration::try_from_secs_f64(s.max(0.0)).map_or(LONGEST, |d| d.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    fn any_duration() -> impl Strategy<Value = Duration> {
        (0u64..10_000_000_000).prop_map(Duration::from_nanos)
    }

    fn any_draw() -> impl Strategy<Value = Draw> {
        prop_oneof![
            any_duration().prop_map(Draw::Fixed),
            (any_duration(), any_duration()).prop_map(|(min, more)| Draw::Uniform { min, max: min + more }),
            (any_duration(), any_duration()).prop_map(|(mean, sd)| Draw::Normal { mean, sd }),
            any_duration().prop_map(|mean| Draw::Exponential { mean }),
            (any_duration(), any_duration()).prop_map(|(median, more)| Draw::LogNormal {
                median: median + MS,
                p99: median + more + 2 * MS
            }),
        ]
    }

    fn take(draw: &Draw, mut rng: Pcg64Mcg, n: usize) -> Vec<Duration> {
        (0..n).map(|_| sample(draw, &mut rng)).collect()
    }

    proptest! {
        #[test]
        fn a_task_draws_the_same_values_each_time(draw in any_draw(), seed: u64, group in "[a-z-]{1,8}", index: u32, number: u64) {
            let one = take(&draw, Seed::of_task(seed, &group, index).generator(number), 8);
            let two = take(&draw, Seed::of_task(seed, &group, index).generator(number), 8);
            prop_assert_eq!(one, two);
        }

        #[test]
        fn different_seeds_and_generators_draw_different_values(seed: u64, index in 0u32..u32::MAX, number in 0u64..u64::MAX) {
            let draw = Draw::Uniform { min: Duration::ZERO, max: 1000 * MS };
            let mine = take(&draw, Seed::of_task(seed, "api", index).generator(number), 8);
            let others = [
                Seed::of_task(seed, "api", index).generator(number + 1),
                Seed::of_task(seed, "api", index + 1).generator(number),
                Seed::of_task(seed, "apis", index).generator(number),
                Seed::of_task(seed.wrapping_add(1), "api", index).generator(number),
                Seed::of_arrivals(seed, "api").generator(number),
                Seed::of_service(seed).generator(number),
            ];
            for other in others {
                prop_assert_ne!(&mine, &take(&draw, other, 8));
            }
        }

        #[test]
        fn every_draw_is_within_its_bounds(draw in any_draw(), seed: u64) {
            for d in take(&draw, Seed::from_draw(seed).generator(0), 32) {
                match draw {
                    Draw::Fixed(fixed) => prop_assert_eq!(d, fixed),
                    Draw::Uniform { min, max } => prop_assert!(min <= d && d <= max),
                    _ => prop_assert!(d <= LONGEST),
                }
            }
        }
    }

    /// The random numbers of an old scenario must stay the same with new versions of the crates.
    #[test]
    fn known_seeds_give_known_draws() {
        let draw = Draw::Uniform {
            min: Duration::ZERO,
            max: Duration::from_nanos(1_000_000),
        };
        let nanos: Vec<_> = take(&draw, Seed::of_task(7, "api", 3).generator(1), 3)
            .iter()
            .map(Duration::as_nanos)
            .collect();
        assert_eq!(nanos, [594_138, 714_844, 799_804]);
    }

    #[test]
    fn distributions_have_their_documented_shape() {
        let n = 20_000;
        let sorted = |draw| {
            let mut all = take(&draw, Seed::from_draw(1).generator(0), n);
            all.sort();
            all
        };
        let near = |a: Duration, b: Duration| (a.as_secs_f64() / b.as_secs_f64() - 1.0).abs() < 0.08;
        let mean = |all: &[Duration]| all.iter().sum::<Duration>() / n as u32;

        let log_normal = sorted(Draw::LogNormal {
            median: 20 * MS,
            p99: 120 * MS,
        });
        assert!(near(log_normal[n / 2], 20 * MS), "median {:?}", log_normal[n / 2]);
        assert!(
            near(log_normal[n * 99 / 100], 120 * MS),
            "p99 {:?}",
            log_normal[n * 99 / 100]
        );
        let normal = sorted(Draw::Normal {
            mean: 50 * MS,
            sd: 5 * MS,
        });
        assert!(near(mean(&normal), 50 * MS));
        assert!(near(normal[n * 99 / 100], 50 * MS + (5 * MS).mul_f64(Z99)));
        assert!(near(mean(&sorted(Draw::Exponential { mean: 10 * MS })), 10 * MS));
        assert!(near(
            mean(&sorted(Draw::Uniform {
                min: 5 * MS,
                max: 15 * MS
            })),
            10 * MS
        ));
    }

    #[test]
    fn an_event_happens_with_its_probability() {
        let mut rng = Seed::from_draw(1).generator(0);
        let hits = (0..10_000).filter(|_| happens(0.25, &mut rng)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!(happens(1.0, &mut rng) && !happens(0.0, &mut rng));
    }
}
