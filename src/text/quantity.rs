//! Formats durations, instants, counts and amounts of memory in a few columns.

use crate::record::{Nanos, RunInstant};

/// Formats a duration, rounded down: `340 ns`, `3.4 µs`, `212 ms`, `1.20 s`, `12.3 s`, `17 min`,
/// `31 h`, `52 d`. The text has at most seven columns if the duration is below 1,000 days.
pub fn duration(n: Nanos) -> String {
    let ns = n.0;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..10_000 => format!("{:.1} µs", tenths(ns, 1_000)),
        10_000..1_000_000 => format!("{} µs", ns / 1_000),
        1_000_000..10_000_000 => format!("{:.1} ms", tenths(ns, 1_000_000)),
        10_000_000..1_000_000_000 => format!("{} ms", ns / 1_000_000),
        1_000_000_000..10_000_000_000 => format!("{:.2} s", (ns / 10_000_000) as f64 / 100.0),
        10_000_000_000..100_000_000_000 => format!("{:.1} s", tenths(ns, 1_000_000_000)),
        100_000_000_000..1_000_000_000_000 => format!("{} s", ns / 1_000_000_000),
        1_000_000_000_000..60_000_000_000_000 => format!("{} min", ns / 60_000_000_000),
        60_000_000_000_000..3_600_000_000_000_000 => format!("{} h", ns / 3_600_000_000_000),
        _ => format!("{} d", ns / 86_400_000_000_000),
    }
}

/// Converts `n` to units of `unit`, rounded down to one decimal place. For example, 9.99 ms must
/// become `9.9 ms`, because `10.0 ms` is one column wider than `10 ms`.
fn tenths(n: u64, unit: u64) -> f64 {
    (n / (unit / 10)) as f64 / 10.0
}

/// Formats a duration without trailing zeros: `20 ms`, `1.5 s`. This format is for round values,
/// such as axis labels, zoom levels and settings.
pub fn round_duration(n: Nanos) -> String {
    let (unit, symbol) = match n.0 {
        0..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        1_000_000_000..120_000_000_000 => (1_000_000_000, "s"),
        _ => (60_000_000_000, "min"),
    };
    let thousandths = n.0 % unit * 1000 / unit;
    let number = format!("{}.{thousandths:03}", n.0 / unit);
    format!("{} {symbol}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// Formats an instant with enough digits to distinguish it from an instant that is `step` later:
/// `7.5 s`, `8.07466 s`, `140 s`. If `step` is a minute or more, the format is the same as in
/// [`round_duration`].
pub fn instant(at: RunInstant, step: Nanos) -> String {
    let (unit, symbol) = match at.0 {
        _ if step.0 >= 60_000_000_000 => return round_duration(at.since_zero()),
        0..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let mut number = (at.0 / unit).to_string();
    let (mut rest, mut digit_unit) = (at.0 % unit, unit / 10);
    if rest > 0 && step.0 < unit {
        number.push('.');
        while rest > 0 && digit_unit > 0 && digit_unit * 10 > step.0 {
            number.push(char::from(b'0' + (rest / digit_unit) as u8));
            (rest, digit_unit) = (rest % digit_unit, digit_unit / 10);
        }
    }
    format!("{number} {symbol}")
}

/// Formats the time since the start of the run in minutes and seconds: `00:07.4`. The text has
/// seven columns if the time is below 100 minutes.
pub fn clock(at: RunInstant) -> String {
    let tenths = at.0 / 100_000_000;
    format!("{:02}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// Formats a count, rounded down: `812`, `6.1 k`, `61 k`, `2.1 M`. The text has at most five
/// columns if the count is below 10¹⁵.
pub fn count(n: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000, "k"),
        (1_000_000, "M"),
        (1_000_000_000, "G"),
        (1_000_000_000_000, "T"),
    ];
    match UNITS.iter().rev().find(|(unit, _)| n >= *unit) {
        None => n.to_string(),
        Some((unit, prefix)) if n < unit * 10 => format!("{:.1} {prefix}", tenths(n, *unit)),
        Some((unit, prefix)) => format!("{} {prefix}", n / unit),
    }
}

/// Formats an amount of memory, rounded down: `812 B`, `6.1 KiB`, `61 MiB`. The text has at most
/// eight columns.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let Some(power) = (n.max(1).ilog2() / 10).checked_sub(1) else {
        return format!("{n} B");
    };
    let symbol = UNITS[power as usize];
    let unit = 1 << (10 * (power + 1));
    match n / unit {
        whole @ 0..10 => format!("{whole}.{} {symbol}", (n % unit) as u128 * 10 / u128::from(unit)),
        whole => format!("{whole} {symbol}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;
    use proptest::prelude::*;

    #[test]
    fn durations_are_rounded_down_in_a_unit_that_fits() {
        let expected = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.0 µs"),
            (340_000, "340 µs"),
            (9_999_999, "9.9 ms"),
            (212_000_000, "212 ms"),
            (1_239_000_000, "1.23 s"),
            (12_300_000_000, "12.3 s"),
            (123_000_000_000, "123 s"),
            (1_020_000_000_000, "17 min"),
            (60_000_000_000_000, "16 h"),
            (3_600_000_000_000_000, "41 d"),
        ];
        for (ns, text) in expected {
            assert_eq!(duration(Nanos(ns)), text);
        }
    }

    #[test]
    fn round_durations_have_no_trailing_zeros() {
        assert_eq!(round_duration(Nanos::from_millis(1500)), "1.5 s");
        assert_eq!(round_duration(Nanos::from_millis(20_000)), "20 s");
        assert_eq!(round_duration(Nanos::from_micros(20)), "20 µs");
        assert_eq!(round_duration(Nanos::from_millis(180_000)), "3 min");
        assert_eq!(round_duration(Nanos::ZERO), "0 ns");
    }

    #[test]
    fn counts_and_bytes_are_rounded_down() {
        assert_eq!(
            [0, 812, 6_150, 61_000, 2_190_000, 10_000_000].map(count),
            ["0", "812", "6.1 k", "61 k", "2.1 M", "10 M"]
        );
        assert_eq!(
            [0, 1023, 1024, 6_300, 61 << 20, (1 << 30) - 1, u64::MAX].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "6.1 KiB", "61 MiB", "1023 MiB", "15 EiB"]
        );
        assert_eq!(clock(RunInstant::from_millis(67_480)), "01:07.4");
    }

    #[test]
    fn an_instant_has_as_many_digits_as_its_step_requires() {
        let label = |at, step| instant(RunInstant::new(at), Nanos(step));
        assert_eq!(label(7_500_000_000, 500_000_000), "7.5 s");
        assert_eq!(label(7_000_000_000, 500_000_000), "7 s");
        assert_eq!(label(8_074_660_000, 20_000), "8.07466 s");
        assert_eq!(label(8_074_680_000, 20_000), "8.07468 s");
        assert_eq!(label(140_000_000_000, 2_000_000_000), "140 s");
        assert_eq!(label(180_000_000_000, 60_000_000_000), "3 min");
        assert_eq!(label(60_500_000, 500_000), "60.5 ms");
        assert_eq!(label(20_000, 20_000), "20 µs");
    }

    proptest! {
        #[test]
        fn numbers_are_not_wider_than_documented(n: u64) {
            prop_assert!(width(&duration(Nanos(n % 86_400_000_000_000_000))) <= 7);
            prop_assert!(width(&count(n % 1_000_000_000_000_000)) <= 5);
            prop_assert!(width(&bytes(n)) <= 8);
        }

        #[test]
        fn neighbouring_ticks_have_different_labels(
            ticks in 1u64..1 << 30,
            step in prop::sample::select(vec![20_000u64, 50_000, 100_000, 5_000_000, 200_000_000]),
        ) {
            let (tick, next) = (RunInstant::new(ticks * step), RunInstant::new((ticks + 1) * step));
            prop_assert_ne!(instant(tick, Nanos(step)), instant(next, Nanos(step)));
        }
    }
}
