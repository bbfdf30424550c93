//! How much work a core does in a given time.

use std::time::Duration;

/// How many units of work a core does per millisecond, and how exact this number is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Calibration {
    /// The number of units of work that an idle core does in 1 ms.
    pub units_per_ms: f64,
    /// The difference between the times of the median sample and the fastest sample, as a share of
    /// the fastest: 0.02 on a quiet machine. A value above [`Calibration::ROUGH`] means that the
    /// machine was busy or that the clock rate of its cores changed. Amounts of work are then only
    /// roughly right.
    pub spread: f64,
    /// The number of samples behind `spread`.
    pub samples: usize,
    /// How long the calibration took.
    pub took: Duration,
}

impl Calibration {
    /// The [`spread`](Calibration::spread) above which the calibration is only rough.
    pub const ROUGH: f64 = 0.2;

    /// The number of units of work that an idle core does in `time`.
    pub fn units(&self, time: Duration) -> u64 {
        (time.as_secs_f64() * 1e3 * self.units_per_ms).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Duration = Duration::from_micros(1);

    #[test]
    fn work_is_proportional_to_time() {
        let calibration = Calibration {
            units_per_ms: 20_000.0,
            spread: 0.0,
            samples: 1,
            took: US,
        };
        assert_eq!(calibration.units(2_000 * US), 40_000);
        assert_eq!(calibration.units(US), 20);
        assert_eq!(calibration.units(Duration::ZERO), 0);
    }
}
