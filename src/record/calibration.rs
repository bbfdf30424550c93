//! The rate between work and time.

use std::time::Duration;

/// The rate between units of work and time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Calibration {
    /// Units of work that an idle core does in 1 ms.
    pub units_per_ms: f64,
    /// How much longer the median sample took than the fastest, as a share of the fastest: 0.02 on
    /// a quiet machine. Above [`Calibration::ROUGH`] the machine was busy or the clock of its cores
    /// changed, and amounts of work are only roughly right.
    pub spread: f64,
    /// The number of samples behind `spread`.
    pub samples: usize,
    /// How long the calibration took.
    pub took: Duration,
}

impl Calibration {
    /// A [`spread`](Calibration::spread) above this comes from a busy machine.
    pub const ROUGH: f64 = 0.2;

    /// The work that an idle core does in `time`.
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
