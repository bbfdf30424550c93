//! Instants and durations, as different types.
//!
//! A duration is a [`Nanos`]. A point in time is an [`Instant`] on one of three clocks, each with
//! its own zero: [`RunInstant`], [`ProcessInstant`] and [`MonotonicInstant`]. Instants of different
//! clocks cannot be compared or subtracted. Only the probe converts instants from one clock to
//! another (`RunStart` and `ClockOffset` in `probe::clock`).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A duration in nanoseconds. Arithmetic saturates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The duration zero.
    pub const ZERO: Nanos = Nanos(0);
    /// The maximum duration.
    pub const MAX: Nanos = Nanos(u64::MAX);

    /// Durations and instants below this limit are stored exactly. The limit is 2⁵⁶ ns, more than
    /// two years. The model stores durations and instants in at most seven bytes.
    pub const BOUND: Nanos = Nanos(1 << 56);

    /// The duration of `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Nanos {
        Nanos(ms * 1_000_000)
    }

    /// The duration of `us` microseconds.
    pub const fn from_micros(us: u64) -> Nanos {
        Nanos(us * 1_000)
    }

    /// The duration in seconds, for ratios and axes.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl From<Duration> for Nanos {
    fn from(d: Duration) -> Nanos {
        Nanos(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(n: Nanos) -> Duration {
        Duration::from_nanos(n.0)
    }
}

impl Add for Nanos {
    type Output = Nanos;
    fn add(self, rhs: Nanos) -> Nanos {
        Nanos(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, rhs: Nanos) {
        *self = *self + rhs;
    }
}

impl Sub for Nanos {
    type Output = Nanos;
    /// Saturates at zero.
    fn sub(self, rhs: Nanos) -> Nanos {
        Nanos(self.0.saturating_sub(rhs.0))
    }
}

impl std::iter::Sum for Nanos {
    fn sum<I: Iterator<Item = Nanos>>(iter: I) -> Nanos {
        iter.fold(Nanos::ZERO, |a, b| a + b)
    }
}

/// The clock of an [`Instant`], which determines the instant's zero. The types that implement this
/// trait have no values at run time.
pub trait Clock: Copy + Ord + Hash + Default + fmt::Debug + Send + Sync + 'static {}

/// The clock whose zero is the run's start. The model, the screen and the reports use this clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct RunClock;

/// The clock whose zero is this process's first clock read. Measured threads use this clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct ProcessClock;

/// `CLOCK_MONOTONIC`, which all processes of a machine share. Messages between processes use this
/// clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct MonotonicClock;

impl Clock for RunClock {}
impl Clock for ProcessClock {}
impl Clock for MonotonicClock {}

/// A point in time, in nanoseconds since the zero of the clock `C`. Arithmetic saturates.
///
/// In JSON, an instant is a number of nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant<C>(pub u64, PhantomData<C>);

/// An instant since the run's start.
pub type RunInstant = Instant<RunClock>;
/// An instant by the clock of this process.
pub type ProcessInstant = Instant<ProcessClock>;
/// An instant by `CLOCK_MONOTONIC`.
pub type MonotonicInstant = Instant<MonotonicClock>;

impl<C> Instant<C> {
    /// The clock's zero.
    pub const ZERO: Instant<C> = Instant::new(0);
    /// The latest possible instant.
    pub const MAX: Instant<C> = Instant::new(u64::MAX);

    /// The instant that is `nanos` nanoseconds after the clock's zero.
    #[inline]
    pub const fn new(nanos: u64) -> Instant<C> {
        Instant(nanos, PhantomData)
    }

    /// The instant that is `ms` milliseconds after the clock's zero.
    pub const fn from_millis(ms: u64) -> Instant<C> {
        Instant::new(ms * 1_000_000)
    }

    /// The instant that is `us` microseconds after the clock's zero.
    pub const fn from_micros(us: u64) -> Instant<C> {
        Instant::new(us * 1_000)
    }

    /// The time since the clock's zero.
    #[inline]
    pub const fn since_zero(self) -> Nanos {
        Nanos(self.0)
    }
}

impl<C> fmt::Debug for Instant<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.0)
    }
}

impl<C> Add<Nanos> for Instant<C> {
    type Output = Instant<C>;
    #[inline]
    fn add(self, rhs: Nanos) -> Instant<C> {
        Instant::new(self.0.saturating_add(rhs.0))
    }
}

impl<C: Copy> AddAssign<Nanos> for Instant<C> {
    #[inline]
    fn add_assign(&mut self, rhs: Nanos) {
        *self = *self + rhs;
    }
}

impl<C> Sub<Nanos> for Instant<C> {
    type Output = Instant<C>;
    /// Saturates at the clock's zero.
    #[inline]
    fn sub(self, rhs: Nanos) -> Instant<C> {
        Instant::new(self.0.saturating_sub(rhs.0))
    }
}

impl<C> Sub for Instant<C> {
    type Output = Nanos;
    /// Saturates at zero, because the clock reads of two threads may differ by a few nanoseconds.
    #[inline]
    fn sub(self, rhs: Instant<C>) -> Nanos {
        Nanos(self.0.saturating_sub(rhs.0))
    }
}

/// Implements the method `map_instants` for a type with one instant. The method converts that
/// instant to another clock.
///
/// The macro names every field, because struct update syntax cannot change a type parameter.
macro_rules! impl_map_instants {
    ($type:ident { $instant:ident, $($rest:ident),+ $(,)? }) => {
        impl<C> $type<C> {
            #[inline]
            pub(super) fn map_instants<D>(self, map: impl Fn($crate::record::Instant<C>) -> $crate::record::Instant<D>) -> $type<D> {
                let $type { $instant, $($rest),+ } = self;
                $type { $instant: map($instant), $($rest),+ }
            }
        }
    };
}
pub(super) use impl_map_instants;

/// A duration in four bytes: a mantissa of 27 bits and an exponent of 5 bits.
///
/// Durations below 2²⁷ ns (134 ms) are exact. Longer durations are rounded **down** by less than
/// 1.5 parts in 10⁸, so that consecutive slices cannot overlap. The type saturates at 2⁵⁸ ns (9
/// years).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Nanos", into = "Nanos")]
pub struct CompactDuration(u32);

impl CompactDuration {
    const MANTISSA: u32 = 27;
    /// The duration zero.
    pub const ZERO: CompactDuration = CompactDuration(0);

    /// The longest representable duration that is not longer than `n`.
    #[inline]
    pub fn new(n: Nanos) -> CompactDuration {
        let bits = 64 - n.0.leading_zeros();
        if bits <= Self::MANTISSA {
            return CompactDuration(n.0 as u32);
        }
        let exponent = bits - Self::MANTISSA;
        if exponent > 31 {
            return CompactDuration(u32::MAX);
        }
        CompactDuration(exponent << Self::MANTISSA | (n.0 >> exponent) as u32)
    }

    /// The stored representation.
    #[inline]
    pub fn to_bits(self) -> u32 {
        self.0
    }

    /// Restores a duration from the result of [`CompactDuration::to_bits`].
    #[inline]
    pub fn from_bits(bits: u32) -> CompactDuration {
        CompactDuration(bits)
    }

    /// The duration in nanoseconds.
    #[inline]
    pub fn get(self) -> Nanos {
        Nanos(u64::from(self.0 & ((1 << Self::MANTISSA) - 1)) << (self.0 >> Self::MANTISSA))
    }
}

impl From<Nanos> for CompactDuration {
    #[inline]
    fn from(n: Nanos) -> CompactDuration {
        CompactDuration::new(n)
    }
}

impl From<CompactDuration> for Nanos {
    #[inline]
    fn from(n: CompactDuration) -> Nanos {
        n.get()
    }
}

impl fmt::Debug for CompactDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.get().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_compact_duration_is_exact_below_134_ms(n in 0u64..1 << 27) {
            prop_assert_eq!(CompactDuration::new(Nanos(n)).get(), Nanos(n));
        }

        #[test]
        fn a_compact_duration_rounds_down_by_less_than_its_precision(n in 0u64..1 << 58) {
            let back = CompactDuration::new(Nanos(n)).get().0;
            prop_assert!(back <= n);
            prop_assert!((n - back) as f64 <= n as f64 * 1.5e-8);
        }

        #[test]
        fn compact_durations_sort_like_the_exact_durations(a: u64, b: u64) {
            if CompactDuration::new(Nanos(a)) < CompactDuration::new(Nanos(b)) {
                prop_assert!(a < b);
            }
        }
    }
}
