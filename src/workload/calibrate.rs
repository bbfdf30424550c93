//! Measures how much work an idle core does in a millisecond.
//!
//! `cpu = "2ms"` is an *amount* of work: it takes 2 ms on a core that does nothing else. A loop
//! that runs until 2 ms have passed would hide the contention that tasklab shows. So tasklab
//! measures once, before any load, how much work a core does in a given time.
//!
//! ```text
//!   warm-up (the core's clock rises)      samples of 1 ms each
//!   ├──────────── 8 ms ───────────┤├─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┤
//!                                        ▲ the fastest sample shows the idle core; disturbances only add time
//! ```

use crate::record::Calibration;
use std::time::{Duration, Instant};
use tasklab_kernels::{StopFlag, work};

/// The duration of the work before the first sample, so that the core leaves its power-saving
/// states.
const WARM_UP: Duration = Duration::from_millis(8);
/// The number of samples.
const SAMPLES: usize = 20;
/// The intended duration of a sample. A sample is shorter than the kernel's time slices, so that
/// most samples are not preempted.
const SAMPLE: Duration = Duration::from_millis(1);
/// The maximum time for all samples. On a busy machine, sampling ends after this time, even if
/// samples are missing. This limit is needed because the screen must appear within 100 ms.
const MAX_TIME: Duration = Duration::from_millis(50);

/// Calibrates on the calling thread. A calibration takes about 30 ms, or slightly more than 50 ms
/// on a busy machine.
pub(super) fn calibrate() -> Calibration {
    let start = Instant::now();
    let mut units = 1_000;
    let mut took = time(units);
    while start.elapsed() < WARM_UP || took < SAMPLE / 4 {
        if took < SAMPLE / 2 {
            units *= 2;
        }
        took = time(units);
    }
    let units = (units as f64 * SAMPLE.as_secs_f64() / took.as_secs_f64()).max(1.0) as u64;
    let mut samples = Vec::with_capacity(SAMPLES);
    while samples.len() < SAMPLES && (samples.len() < 3 || start.elapsed() < MAX_TIME) {
        samples.push(time(units));
    }
    from_samples(units, &mut samples, start.elapsed())
}

/// Computes the calibration from the durations of samples with `units` units each. There must be at
/// least one sample.
fn from_samples(units: u64, samples: &mut [Duration], took: Duration) -> Calibration {
    samples.sort_unstable();
    let fastest = samples[0].as_secs_f64().max(1e-9);
    let median = samples[samples.len() / 2].as_secs_f64();
    Calibration {
        units_per_ms: units as f64 / (fastest * 1e3),
        spread: (median / fastest - 1.0).max(0.0),
        samples: samples.len(),
        took,
    }
}

fn time(units: u64) -> Duration {
    let stop = StopFlag::new();
    let start = Instant::now();
    let done = work::run(units, u64::MAX, &stop);
    let took = start.elapsed();
    debug_assert!(done.is_ok(), "a calibration has its own stop flag");
    took
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Duration = Duration::from_micros(1);

    #[test]
    fn preempted_samples_change_only_the_spread() {
        let quiet = from_samples(20_000, &mut [1_000 * US, 1_010 * US, 1_005 * US], 30_000 * US);
        let disturbed = from_samples(20_000, &mut [9_000 * US, 1_000 * US, 5_000 * US], 30_000 * US);
        assert_eq!(quiet.units_per_ms, 20_000.0);
        assert_eq!(disturbed.units_per_ms, 20_000.0);
        assert!((quiet.spread - 0.005).abs() < 1e-9);
        assert!((disturbed.spread - 4.0).abs() < 1e-9);
    }

    #[test]
    fn calibration_measures_a_plausible_rate() {
        let calibration = calibrate();
        assert!(calibration.units_per_ms > 0.0 && calibration.units_per_ms.is_finite());
        assert!((3..=SAMPLES).contains(&calibration.samples));
        assert!(calibration.spread >= 0.0);
    }
}
