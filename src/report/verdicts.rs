//! Writes the table of a scenario's expectations and their results.
//!
//! The key is the last column, because its width is not limited. A ratio of two paths can take more
//! than 40 columns.
//!
//! ```text
//!   expect   1 of 2 held
//!   ✓   1.2 ms  < 5ms       groups.heartbeat.lateness_ns.p99
//!   ✗        –  > 2         groups.eager.poll_ns.p50 / groups.lazy.poll_ns.p50
//!                           no task of the group `lazy` was spawned
//! ```

use super::flow::flow;
use crate::figures::Expected;
use crate::record::Nanos;
use crate::text;
use std::fmt::Write;

/// The width of the measured value, in columns. The value is a duration, an amount of memory or a
/// number.
const MEASURED_WIDTH: usize = 8;
/// The maximum width of the column of bounds. A longer bound moves its key to the right.
const MAX_WANTED_WIDTH: usize = 14;

/// Returns the table, which ends with a newline. The text is empty if there are no expectations.
/// Keys wrap at `width` columns, between words.
pub fn verdicts(expected: &[Expected], width: usize) -> String {
    let mut out = String::new();
    if expected.is_empty() {
        return out;
    }
    let _ = writeln!(out, "expect   {}", summary(expected));
    let widest = expected.iter().map(|it| text::width(&it.wanted)).max().unwrap_or(0);
    let wanted_width = widest.min(MAX_WANTED_WIDTH);
    let indent = 2 + MEASURED_WIDTH + 2 + wanted_width + 2;
    for (index, it) in expected.iter().enumerate() {
        let measured = it.measured.map_or("–".to_owned(), |number| quantity(&it.key, number));
        let wanted = text::clean(&it.wanted);
        let _ = write!(
            out,
            "{} {}{measured}  {wanted}{}  ",
            mark(it.held),
            padding(MEASURED_WIDTH, &measured),
            padding(wanted_width, &wanted)
        );
        flow(&mut out, indent, " ", text::clean(&it.key).split(' '), width);
        // If several consecutive rows have the same reason, the reason is shown once, below the
        // last of these rows.
        let shared_with_next = expected.get(index + 1).is_some_and(|next| next.why == it.why);
        if let Some(why) = it.why.as_ref().filter(|_| !shared_with_next) {
            let _ = write!(out, "{:indent$}", "");
            flow(&mut out, indent, " ", text::clean(why).split(' '), width);
        }
    }
    out
}

/// The numbers of expectations that held and that were not checked, such as `3 of 4 held, 1 not
/// checked`.
fn summary(expected: &[Expected]) -> String {
    let checked = expected.iter().filter(|it| it.held.is_some()).count();
    let held = expected.iter().filter(|it| it.held == Some(true)).count();
    match (checked, expected.len() - checked) {
        (0, _) => "not checked".to_owned(),
        (_, 0) => format!("{held} of {checked} held"),
        (_, unchecked) => format!("{held} of {checked} held, {unchecked} not checked"),
    }
}

/// The character that shows whether an expectation held.
fn mark(held: Option<bool>) -> char {
    match held {
        Some(true) => '✓',
        Some(false) => '✗',
        None => '·',
    }
}

/// Formats a figure in the unit that its key implies: a duration (`_ns`), an amount of memory
/// (`_bytes`), or a number without a unit.
pub fn quantity(key: &str, number: f64) -> String {
    let whole = number.max(0.0) as u64;
    match key {
        key if key.contains(" / ") => plain(number),
        key if key.contains("_ns") => text::duration(Nanos(whole)),
        key if key.contains("_bytes") => text::bytes(whole),
        _ => plain(number),
    }
}

/// Formats a number with three significant digits. All digits before the decimal point are kept.
/// Examples: `1234`, `12.3`, `0.842`.
fn plain(number: f64) -> String {
    if number >= 100_000.0 {
        return text::count(number as u64);
    }
    let digits = match number.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let fixed = format!("{number:.digits$}");
    if fixed.contains('.') {
        return fixed.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    fixed
}

/// The spaces that pad `text` to a width of `columns`.
fn padding(columns: usize, text: &str) -> String {
    " ".repeat(columns.saturating_sub(text::width(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(key: &str, wanted: &str, measured: Option<f64>, held: Option<bool>, why: &str) -> Expected {
        Expected {
            key: key.to_owned(),
            wanted: wanted.to_owned(),
            measured,
            held,
            why: (!why.is_empty()).then(|| why.to_owned()),
        }
    }

    #[test]
    fn long_keys_wrap_and_a_reason_shared_by_two_rows_appears_once() {
        let all = [
            expected(
                "groups.heartbeat.lateness_ns.p99",
                "< 5ms",
                Some(1.24e6),
                Some(true),
                "",
            ),
            expected(
                "groups.a-group-with-a-long-name.poll_ns.p50 / groups.another-with-a-long-name.poll_ns.p50",
                "0.8..1.2",
                Some(3.456),
                Some(false),
                "",
            ),
            expected(
                "groups.writer.spawned",
                "== 2",
                None,
                Some(false),
                "no task of the group `writer` was spawned",
            ),
            expected("machine.peak_memory_bytes", "< 64MiB", Some(23e6), Some(true), ""),
            expected(
                "pool.elapsed_ns / tokio.elapsed_ns",
                "> 2",
                None,
                None,
                "only a comparison can check this",
            ),
            expected(
                "tokio.elapsed_ns",
                "< 1s",
                None,
                None,
                "only a comparison can check this",
            ),
        ];
        let table = verdicts(&all, 80);
        assert!(table.lines().all(|line| text::width(line) <= 80), "{table}");
        assert_eq!(
            table,
            "expect   2 of 4 held, 2 not checked\n\
             ✓   1.2 ms  < 5ms     groups.heartbeat.lateness_ns.p99\n\
             ✗     3.46  0.8..1.2  groups.a-group-with-a-long-name.poll_ns.p50 /\n\
             \x20                     groups.another-with-a-long-name.poll_ns.p50\n\
             ✗        –  == 2      groups.writer.spawned\n\
             \x20                     no task of the group `writer` was spawned\n\
             ✓   21 MiB  < 64MiB   machine.peak_memory_bytes\n\
             ·        –  > 2       pool.elapsed_ns / tokio.elapsed_ns\n\
             ·        –  < 1s      tokio.elapsed_ns\n\
             \x20                     only a comparison can check this\n"
        );
        assert_eq!(verdicts(&[], 80), "");
    }

    #[test]
    fn plain_numbers_have_three_significant_digits() {
        let words = [0.0, 0.8421, 1.0, 3.456, 12.34, 812.5, 54_321.0, 2_100_000.0].map(plain);
        assert_eq!(words, ["0", "0.842", "1", "3.46", "12.3", "812", "54321", "2.1 M"]);
    }
}
