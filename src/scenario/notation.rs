//! The notation of durations and sizes: `"5ms"`, `"1.5s"`, `"64KiB"`. Each function parses a text
//! or formats a value. If a text is not valid, the function returns the reason.

use super::Draw;
use crate::text;
use std::time::Duration;

/// Units of time in nanoseconds, the shortest first. Unicode has two signs for the `µ` of `µs`, and
/// both are allowed. If a unit has several names, messages show the last name.
const TIME: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("μs", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Units of size in bytes.
const SIZE: [(&str, u64); 7] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// Why a text is not a quantity.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// The text does not begin with a number.
    #[error("it does not begin with a number")]
    NoNumber,
    /// The text is a number without a unit.
    #[error("it has no unit")]
    NoUnit,
    /// The text is a number with a unit that does not exist.
    #[error("there is no unit `{}`", text::clean(.0))]
    UnknownUnit(String),
    /// The text begins with a minus sign.
    #[error("it is negative")]
    Negative,
    /// The number of nanoseconds or bytes does not fit into 64 bits.
    #[error("it is too big for 64 bits")]
    TooBig,
}

/// Reads a duration: a decimal number and `ns`, `us`, `µs`, `ms`, `s`, `m` or `h`. The result is
/// rounded down to whole nanoseconds.
///
/// # Errors
/// Returns an error if the text is not a duration, or if it is above 2⁶⁴ nanoseconds (584 years).
pub fn duration(text: &str) -> Result<Duration, Unreadable> {
    quantity(text, &TIME).map(Duration::from_nanos)
}

/// Reads a size in bytes: a decimal number and `B`, `KiB`, `MiB`, `GiB`, `KB`, `MB` or `GB`.
pub(super) fn size(text: &str) -> Result<u64, Unreadable> {
    quantity(text, &SIZE)
}

/// A duration as a text that [`duration`] can read. The text is exact. The text uses the largest
/// unit in which the number is at least 1 and has at most three decimals. Minutes and hours are
/// always whole numbers.
pub fn show_duration(d: Duration) -> String {
    let nanos = u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
    if nanos == 0 {
        return "0s".to_owned();
    }
    let fits =
        |per: u64| nanos >= per && nanos.is_multiple_of(if per > 1_000_000_000 { per } else { per.div_ceil(1000) });
    let (unit, per) = TIME
        .into_iter()
        .rev()
        .find(|(_, per)| fits(*per))
        .expect("nanoseconds fit everything");
    let number = format!("{}.{:03}", nanos / per, nanos % per * 1000 / per);
    format!("{}{unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// Returns a drawn duration as a short text: the ends of its range, or the typical value of its
/// distribution.
pub fn show_draw(draw: &Draw) -> String {
    match *draw {
        Draw::Fixed(d) => show_duration(d),
        Draw::Uniform { min, max } => format!("{}..{}", show_duration(min), show_duration(max)),
        Draw::Normal { mean, .. } | Draw::Exponential { mean } => format!("~{}", show_duration(mean)),
        Draw::LogNormal { median, .. } => format!("~{}", show_duration(median)),
    }
}

/// A size in the notation of scenarios: exact, in the largest binary unit that needs no fraction.
pub fn show_size(bytes: u64) -> String {
    let (unit, per) = match bytes {
        0 => SIZE[0],
        n => *SIZE[..4]
            .iter()
            .rev()
            .find(|(_, per)| n % per == 0)
            .expect("1 B divides all"),
    };
    format!("{}{unit}", bytes / per)
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Result<u64, Unreadable> {
    let text = text.trim();
    if text.starts_with('-') {
        return Err(Unreadable::Negative);
    }
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || number.ends_with('.') {
        return Err(Unreadable::NoNumber);
    }
    let unit = unit.trim_start();
    if unit.is_empty() {
        return Err(Unreadable::NoUnit);
    }
    let Some(&(_, per)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(Unreadable::UnknownUnit(unit.to_owned()));
    };
    let whole: u64 = whole.parse().map_err(|_| Unreadable::TooBig)?;
    let whole = whole.checked_mul(per).ok_or(Unreadable::TooBig)?;
    whole.checked_add(scaled(fraction, per)).ok_or(Unreadable::TooBig)
}

/// `0.fraction × per`, rounded down. The computation uses whole numbers, because no binary
/// floating-point number equals `0.1`.
fn scaled(fraction: &str, per: u64) -> u64 {
    // Digits beyond the eighteenth are worth less than a nanosecond in any unit.
    let kept = &fraction[..fraction.len().min(18)];
    let digits: u128 = kept.bytes().fold(0, |n, digit| n * 10 + u128::from(digit - b'0'));
    let scaled = digits * u128::from(per) / 10u128.pow(kept.len() as u32);
    u64::try_from(scaled).expect("a fraction of a unit is below the unit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_duration_can_have_every_unit_of_time() {
        let read = |text| duration(text).map(|d| d.as_nanos());
        assert_eq!(read("100ns"), Ok(100));
        assert_eq!(read("200us"), Ok(200_000));
        assert_eq!(read("200µs"), Ok(200_000), "micro sign");
        assert_eq!(read("200μs"), Ok(200_000), "Greek mu");
        assert_eq!(read("5 ms"), Ok(5_000_000), "a space before the unit is allowed");
        assert_eq!(read("1.5s"), Ok(1_500_000_000));
        assert_eq!(read("0.1ms"), Ok(100_000), "exact");
        assert_eq!(read("2m"), Ok(120_000_000_000));
        assert_eq!(read("1h"), Ok(3_600_000_000_000));
    }

    #[test]
    fn a_duration_is_shown_in_its_largest_unit() {
        let write = |text| show_duration(duration(text).unwrap());
        assert_eq!(write("1500us"), "1.5ms");
        assert_eq!(write("1234.567ms"), "1234.567ms");
        assert_eq!(write("90000ms"), "90s");
        assert_eq!(write("120s"), "2m");
        assert_eq!(write("0h"), "0s");
    }

    #[test]
    fn the_error_says_why_a_text_is_not_a_duration() {
        assert_eq!(duration("5"), Err(Unreadable::NoUnit));
        assert_eq!(duration(""), Err(Unreadable::NoNumber));
        assert_eq!(duration("ms"), Err(Unreadable::NoNumber));
        assert_eq!(duration("1.2.3s"), Err(Unreadable::NoNumber));
        assert_eq!(duration("5."), Err(Unreadable::NoNumber));
        assert_eq!(duration("-5ms"), Err(Unreadable::Negative));
        assert_eq!(duration("5sec"), Err(Unreadable::UnknownUnit("sec".into())));
        assert_eq!(duration("99999999999999999999h"), Err(Unreadable::TooBig));
        assert_eq!(duration("9999999999h"), Err(Unreadable::TooBig));
    }

    #[test]
    fn a_size_has_a_binary_or_a_decimal_unit() {
        assert_eq!(size("64KiB"), Ok(65_536));
        assert_eq!(size("1.5MiB"), Ok(1_572_864));
        assert_eq!(size("1KB"), Ok(1_000));
        assert_eq!(size("1kib"), Err(Unreadable::UnknownUnit("kib".into())));
    }

    proptest! {
        #[test]
        fn reading_a_shown_duration_gives_the_same_duration(nanos: u64) {
            let d = Duration::from_nanos(nanos);
            prop_assert_eq!(duration(&show_duration(d)), Ok(d));
        }

        #[test]
        fn reading_a_shown_size_gives_the_same_size(bytes: u64) {
            prop_assert_eq!(size(&show_size(bytes)), Ok(bytes));
        }

        #[test]
        fn every_text_is_read_or_rejected_without_a_panic(text in "\\PC*|[0-9.]{0,30}(ns|us|ms|s|m|h)?") {
            let _: (Result<_, _>, Result<_, _>) = (duration(&text), size(&text));
        }
    }
}
