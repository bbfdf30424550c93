//! The notation of expectations: `groups.api.delay_ns.p99` and `< 5ms`. Each function parses a
//! text. If the text is not valid, the function returns the reason.
//!
//! ```text
//!   measure = path [ " / " path ]
//!   path    = [ executor "." ] key { "." key }
//!   bound   = ( "<" | "<=" | ">" | ">=" | "==" ) number
//!           | number ".." number
//!   number  = a plain number, a duration, a size, or a percentage
//! ```

use super::notation::{self, Unreadable};
use super::types::{Bound, ExecutorKind, Measure, ReportPath};
use crate::figures::{self, Unit};
use strum::VariantArray;

/// Reads the number that is measured, or the ratio of two numbers.
///
/// # Errors
/// Returns a sentence that says what is wrong.
pub(super) fn measure(text: &str) -> Result<Measure, String> {
    let mut parts = text.split(" / ");
    let value = path(parts.next().expect("a split gives at least one part"))?;
    let per = parts.next().map(path).transpose()?;
    if parts.next().is_some() {
        return Err("there is more than one ` / `".to_owned());
    }
    Ok(Measure { value, per })
}

fn path(text: &str) -> Result<ReportPath, String> {
    let text = text.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_ :/".contains(c);
    let mut keys = Vec::new();
    for key in text.split('.') {
        if key.trim().is_empty() {
            return Err(match text {
                "" => "a path is missing".to_owned(),
                _ => "a key is empty".to_owned(),
            });
        }
        if let Some(c) = key.chars().find(|c| !allowed(*c)) {
            return Err(format!("{c:?} is not allowed in a path"));
        }
        if key.contains('/') {
            return Err("write a space on both sides of the `/`".to_owned());
        }
        keys.push(key.trim().to_owned());
    }
    let mut path = ReportPath { executor: None, keys };
    path.executor = ExecutorKind::VARIANTS
        .iter()
        .copied()
        .find(|kind| kind.into_str() == path.keys[0]);
    // `tokio` is also a key of the report.
    if path.executor.is_some() && figures::check_path(&path.keys).is_err() {
        path.keys.remove(0);
        if path.keys.is_empty() {
            return Err("there is no key after the executor".to_owned());
        }
    } else {
        path.executor = None;
    }
    Ok(path)
}

/// Reads a bound and its unit. If the bound is zero, the unit is `None`, because zero fits every
/// unit.
///
/// # Errors
/// Returns a sentence that says what is wrong.
pub(super) fn bound(text: &str) -> Result<(Bound, Option<Unit>), String> {
    type Make = fn(f64) -> Bound;
    /// The order matters: `<=` must come before `<`, because `<=` begins with `<`.
    const SIGNS: [(&str, Make); 5] = [
        ("<=", Bound::AtMost),
        (">=", Bound::AtLeast),
        ("==", Bound::Equal),
        ("<", Bound::Less),
        (">", Bound::More),
    ];
    let text = text.trim();
    for (sign, bound) in SIGNS {
        if let Some(rest) = text.strip_prefix(sign) {
            let (value, unit) = number(rest)?;
            return Ok((bound(value), unit));
        }
    }
    let Some((min, max)) = text.split_once("..") else {
        return Err("it does not begin with `<`, `<=`, `>`, `>=` or `==`, and it is not a range".to_owned());
    };
    let ((min, first), (max, second)) = (number(min)?, number(max)?);
    let unit = match (first, second) {
        (Some(first), Some(second)) if first != second => {
            return Err("the ends of the range have different units".to_owned());
        }
        (first, second) => first.or(second),
    };
    if min > max {
        return Err("the lower end of the range is above its upper end".to_owned());
    }
    Ok((Bound::Between(min, max), unit))
}

/// Reads a number and its unit. The unit is `None` for a plain zero, which fits every unit.
fn number(text: &str) -> Result<(f64, Option<Unit>), String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a number is missing".to_owned());
    }
    let plain = |text: &str| {
        let text = text.trim_end();
        let begins = text.starts_with(|c: char| c.is_ascii_digit());
        text.parse::<f64>().ok().filter(|n| begins && n.is_finite())
    };
    if let Some(number) = plain(text) {
        return Ok((number, (number != 0.0).then_some(Unit::Plain)));
    }
    if let Some(percent) = text.strip_suffix('%').and_then(plain) {
        return Ok((percent / 100.0, Some(Unit::Share)));
    }
    match (notation::duration(text), notation::size(text)) {
        (Ok(length), _) => Ok((length.as_nanos() as f64, Some(Unit::Time))),
        (_, Ok(bytes)) => Ok((bytes as f64, Some(Unit::Size))),
        (Err(Unreadable::UnknownUnit(_)), Err(why)) => Err(why.to_string()),
        (Err(why), _) => Err(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(path: &ReportPath) -> Vec<&str> {
        path.keys.iter().map(String::as_str).collect()
    }

    #[test]
    fn dots_separate_the_keys_of_a_path() {
        let one = measure("groups.api offload.poll_ns.p99").unwrap();
        assert_eq!(keys(&one.value), ["groups", "api offload", "poll_ns", "p99"]);
        assert_eq!((one.value.executor, one.per), (None, None));
    }

    #[test]
    fn a_ratio_has_two_paths_that_may_begin_with_an_executor() {
        let ratio = measure("pool.groups.a-b.span_ns / tokio.groups.c_d.span_ns").unwrap();
        let per = ratio.per.unwrap();
        assert_eq!(ratio.value.executor, Some(ExecutorKind::Pool));
        assert_eq!(per.executor, Some(ExecutorKind::Tokio));
        assert_eq!(keys(&per), ["groups", "c_d", "span_ns"]);
    }

    #[test]
    fn tokio_is_an_executor_and_a_key_of_the_report() {
        let own = measure("tokio.steals").unwrap().value;
        assert_eq!((own.executor, keys(&own)), (None, vec!["tokio", "steals"]));
        let compared = measure("tokio.tokio.steals").unwrap().value;
        assert_eq!(compared.executor, Some(ExecutorKind::Tokio));
        assert_eq!(keys(&compared), ["tokio", "steals"]);
    }

    #[test]
    fn the_error_says_why_a_text_is_not_a_path() {
        for (text, why) in [
            ("", "a path is missing"),
            ("tasks.", "a key is empty"),
            ("a / ", "a path is missing"),
            ("a/b", "write a space on both sides of the `/`"),
            ("a / b / c", "there is more than one ` / `"),
            ("tokio", "there is no key after the executor"),
            ("groups[0].name", "'[' is not allowed in a path"),
        ] {
            assert_eq!(measure(text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn a_bound_has_a_sign_or_is_a_range() {
        let time = Some(Unit::Time);
        let plain = Some(Unit::Plain);
        for (text, expected) in [
            ("< 5ms", (Bound::Less(5e6), time)),
            ("<=5 ms", (Bound::AtMost(5e6), time)),
            ("> 10", (Bound::More(10.0), plain)),
            (">= 1e3", (Bound::AtLeast(1000.0), plain)),
            ("== 0", (Bound::Equal(0.0), None)),
            ("< 80 %", (Bound::Less(0.8), Some(Unit::Share))),
            ("< 64KiB", (Bound::Less(65_536.0), Some(Unit::Size))),
            ("0.8..1.2", (Bound::Between(0.8, 1.2), plain)),
            ("0..5ms", (Bound::Between(0.0, 5e6), time)),
        ] {
            assert_eq!(bound(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn the_error_says_why_a_text_is_not_a_bound() {
        for (text, why) in [
            (
                "5ms",
                "it does not begin with `<`, `<=`, `>`, `>=` or `==`, and it is not a range",
            ),
            ("<", "a number is missing"),
            ("< fast", "it does not begin with a number"),
            ("< 5 apples", "there is no unit `apples`"),
            ("2..1", "the lower end of the range is above its upper end"),
            ("1..5ms", "the ends of the range have different units"),
            ("> -1", "it is negative"),
        ] {
            assert_eq!(bound(text).unwrap_err(), why, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_rejected_without_a_panic(text in "\\PC*|(<=?|>=?|==)? ?[0-9.]{0,5}(ms|B|%|\\.\\.)?[0-9]?") {
            let _: (Result<_, _>, Result<_, _>) = (measure(&text), bound(&text));
        }
    }
}
