//! What the scenario expects, and whether it held, as a table.
//!
//! The key stands last, because it alone has no end: a ratio of two paths takes more than half of 80 columns.
//!
//! ```text
//!   expect   1 of 2 held
//!   ✓   1.2 ms  < 5ms       groups.heartbeat.lateness_ns.p99
//!   ✗        –  > 2         groups.eager.poll_ns.p50 / groups.lazy.poll_ns.p50
//!                           no task of the group `lazy` ever came to be
//! ```

use super::Expected;
use crate::record::Nanos;
use crate::text;
use std::fmt::Write;

/// Columns of what is measured: a length of time, an amount of memory or a number.
const MEASURED: usize = 8;
/// The most columns of what is wanted before the key gives way.
const WANTED: usize = 14;

/// The table, at best within `width` columns, ending with a newline; nothing where nothing is expected.
pub fn verdicts(expected: &[Expected], width: usize) -> String {
    let mut out = String::new();
    if expected.is_empty() {
        return out;
    }
    let _ = writeln!(out, "expect   {}", summary(expected));
    let widest = expected.iter().map(|it| text::width(&it.wanted)).max().unwrap_or(0);
    let wanted_width = widest.min(WANTED);
    let indent = 2 + MEASURED + 2 + wanted_width + 2;
    for (number, it) in expected.iter().enumerate() {
        let measured = it.measured.map_or("–".to_owned(), |number| quantity(&it.key, number));
        let wanted = text::clean(&it.wanted);
        let _ = write!(
            out,
            "{} {}{measured}  {wanted}{}  ",
            mark(it.held),
            spaces(MEASURED, &measured),
            spaces(wanted_width, &wanted)
        );
        wrapped(&mut out, &text::clean(&it.key), indent, width);
        // What is to be said of several in a row is said once.
        let said_next = expected.get(number + 1).is_some_and(|next| next.why == it.why);
        if let Some(why) = it.why.as_ref().filter(|_| !said_next) {
            let _ = write!(out, "{:indent$}", "");
            wrapped(&mut out, &text::clean(why), indent, width);
        }
    }
    out
}

/// `3 of 4 held`, with those that were not checked.
pub fn summary(expected: &[Expected]) -> String {
    let judged = expected.iter().filter(|it| it.held.is_some()).count();
    let held = expected.iter().filter(|it| it.held == Some(true)).count();
    match (judged, expected.len() - judged) {
        (0, _) => "not checked".to_owned(),
        (_, 0) => format!("{held} of {judged} held"),
        (_, others) => format!("{held} of {judged} held, {others} not checked"),
    }
}

/// Whether it held, in one column.
pub fn mark(held: Option<bool>) -> char {
    match held {
        Some(true) => '✓',
        Some(false) => '✗',
        None => '·',
    }
}

/// A number as people read it: by its key a length of time, an amount of memory, or neither.
pub fn quantity(key: &str, number: f64) -> String {
    let whole = number.max(0.0) as u64;
    match key {
        key if key.contains(" / ") => plain(number),
        key if key.contains("_ns") => text::duration(Nanos(whole)),
        key if key.contains("_bytes") => text::bytes(whole),
        _ => plain(number),
    }
}

/// With three digits that mean something: `1234`, `12.3`, `0.842`.
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

fn spaces(columns: usize, text: &str) -> String {
    " ".repeat(columns.saturating_sub(text::width(text)))
}

/// Writes words, on further lines where the width is used up; ends with a newline.
fn wrapped(out: &mut String, words: &str, indent: usize, width: usize) {
    let mut used = indent;
    for (number, word) in words.split(' ').enumerate() {
        let needed = text::width(word);
        if number > 0 && used + 1 + needed > width {
            let _ = write!(out, "\n{:indent$}", "");
            used = indent;
        } else if number > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += needed;
    }
    out.push('\n');
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
    fn the_table_of_what_held_and_what_did_not() {
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
                "no task of the group `writer` ever came to be",
            ),
            expected("resources.peak_memory_bytes", "< 64MiB", Some(23e6), Some(true), ""),
            expected(
                "pool.elapsed_ns / tokio.elapsed_ns",
                "> 2",
                None,
                None,
                "only a comparison can check it",
            ),
            expected("tokio.elapsed_ns", "< 1s", None, None, "only a comparison can check it"),
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
             \x20                     no task of the group `writer` ever came to be\n\
             ✓   21 MiB  < 64MiB   resources.peak_memory_bytes\n\
             ·        –  > 2       pool.elapsed_ns / tokio.elapsed_ns\n\
             ·        –  < 1s      tokio.elapsed_ns\n\
             \x20                     only a comparison can check it\n"
        );
        assert_eq!(verdicts(&[], 80), "");
    }

    #[test]
    fn plain_numbers_have_three_digits() {
        let words = [0.0, 0.8421, 1.0, 3.456, 12.34, 812.5, 54_321.0, 2_100_000.0].map(plain);
        assert_eq!(words, ["0", "0.842", "1", "3.46", "12.3", "812", "54321", "2.1 M"]);
    }
}
