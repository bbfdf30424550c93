//! Durations and sizes, in the notation that [`notation`] reads.

use super::{Diagnostic, Diagnostics, Read, Value, schema, wrong_type};
use crate::scenario::limits;
use crate::scenario::notation::{self, Unreadable, show_duration, show_size};
use std::time::Duration;

/// Reports why a text is not a duration, or not a size.
fn unreadable(
    value: &Value<'_>,
    what: &str,
    text: &str,
    why: &Unreadable,
    units: &[&str],
    diagnostics: &mut Diagnostics,
) {
    let shown = if text.is_empty() {
        "an empty text".to_owned()
    } else {
        format!("`{text}`")
    };
    let diagnostic = Diagnostic::new(value.span(), format!("{shown} is not {what}"));
    let units_help = format!("the units are {}", units.join(", "));
    let diagnostic = diagnostic.label(why.to_string());
    diagnostics.push(match why {
        Unreadable::NoNumber | Unreadable::Negative | Unreadable::TooBig => diagnostic,
        Unreadable::NoUnit => diagnostic.help(units_help),
        Unreadable::UnknownUnit(unit) => {
            let near = units.iter().find(|known| known.eq_ignore_ascii_case(unit));
            match near.copied().or_else(|| nearest_unit(unit)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`? {units_help}")),
                None => diagnostic.help(units_help),
            }
        }
    });
}

/// The unit that the author probably means by an unknown unit such as `sec`.
fn nearest_unit(unit: &str) -> Option<&'static str> {
    match unit.to_lowercase().trim_end_matches('s') {
        "sec" | "second" => Some("s"),
        "min" | "minute" => Some("m"),
        "hr" | "hour" => Some("h"),
        "milli" | "msec" | "millisecond" => Some("ms"),
        "micro" | "usec" | "microsecond" => Some("us"),
        "nano" | "nsec" | "nanosecond" => Some("ns"),
        "byte" => Some("B"),
        "k" | "kb" => Some("KiB"),
        "m" | "mb" => Some("MiB"),
        "g" | "gb" => Some("GiB"),
        _ => None,
    }
}

const TIME_UNITS: &[&str] = &["ns", "us", "ms", "s", "m", "h"];
const SIZE_UNITS: &[&str] = &["B", "KB", "KiB", "MB", "MiB", "GB", "GiB"];

fn length(value: &Value<'_>, text: &str, diagnostics: &mut Diagnostics) -> Option<Duration> {
    match notation::duration(text) {
        Ok(length) if length > limits::LENGTH => {
            let title = format!("`{}` is longer than {}", text.trim(), show_duration(limits::LENGTH));
            diagnostics.push(Diagnostic::new(value.span(), title).label("longer durations are not allowed"));
            None
        }
        Ok(length) => Some(length),
        Err(why) => {
            unreadable(value, "a duration", text.trim(), &why, TIME_UNITS, diagnostics);
            None
        }
    }
}

/// A fixed duration: `"5ms"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Length(pub Duration);

impl Read for Length {
    const EXPECTED: &'static str = "a duration in quotes, such as \"5ms\"";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        if text.contains("..") {
            let diagnostic = Diagnostic::new(value.span(), format!("`{key}` cannot be a range"));
            diagnostics.push(diagnostic.help("write one duration, such as \"5ms\""));
            return None;
        }
        length(value, text, diagnostics).map(Length)
    }
}

/// A fixed duration or a range of durations, in quotes: `"5ms"`, `"5ms..15ms"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum LengthOrRange {
    Fixed(Duration),
    Range(Duration, Duration),
}

impl Read for LengthOrRange {
    const EXPECTED: &'static str = "a duration in quotes, such as \"5ms\" or \"5ms..15ms\", or a distribution";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        match text.split_once("..") {
            None => length(value, text, diagnostics).map(LengthOrRange::Fixed),
            Some((min, max)) if min.trim().is_empty() || max.trim().is_empty() => {
                let lacks = if min.trim().is_empty() { "beginning" } else { "end" };
                let diagnostic = Diagnostic::new(value.span(), format!("the range `{}` has no {lacks}", text.trim()));
                diagnostics.push(diagnostic.help("write the shortest and the longest duration, such as \"5ms..15ms\""));
                None
            }
            Some((min, max)) => {
                let (min, max) = (length(value, min, diagnostics), length(value, max, diagnostics));
                Some(LengthOrRange::Range(min?, max?))
            }
        }
    }
}

/// The ends of a range: `["5ms", "15ms"]`.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Bounds {
    pub min: Duration,
    pub max: Duration,
}

impl Read for Bounds {
    const EXPECTED: &'static str = "a list of two durations, such as [\"5ms\", \"15ms\"]";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(list) = value.get_ref().as_array() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        let [min, max] = &list[..] else {
            let diagnostic = Diagnostic::new(
                value.span(),
                format!("`{key}` has {} values instead of two", list.len()),
            );
            diagnostics
                .push(diagnostic.help("write the shortest and the longest duration, such as [\"5ms\", \"15ms\"]"));
            return None;
        };
        let (min, max) = (Length::read(min, key, diagnostics), Length::read(max, key, diagnostics));
        Some(Bounds {
            min: min?.0,
            max: max?.0,
        })
    }
}

/// A size: `"64KiB"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Size(pub u64);

impl Read for Size {
    const EXPECTED: &'static str = "a size in quotes, such as \"64KiB\"";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        match notation::size(text) {
            Ok(size) if size > limits::FILE => {
                let title = format!("`{key}` is larger than {}", show_size(limits::FILE));
                diagnostics.push(Diagnostic::new(value.span(), title).label("larger sizes are not allowed"));
                None
            }
            Ok(0) => {
                diagnostics
                    .push(Diagnostic::new(value.span(), format!("the size of `{key}` is zero")).label("this is zero"));
                None
            }
            Ok(size) => Some(Size(size)),
            Err(why) => {
                unreadable(value, "a size", text.trim(), &why, SIZE_UNITS, diagnostics);
                None
            }
        }
    }
}

schema!(Length, "length", {
    "type": "string",
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|h)\s*$",
    "description": "A duration: a number and ns, us, ms, s, m or h, such as `5ms`. At most 24h."
});

schema!(LengthOrRange, "length-or-range", {
    "type": "string",
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|h)\s*(\.\.\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|h)\s*)?$",
    "description": "A duration, such as `5ms`, or a range of equally likely durations, such as `5ms..15ms`. At most 24h."
});

schema!(Bounds, "bounds", {
    "type": "array",
    "items": { "type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|h)\s*$" },
    "minItems": 2,
    "maxItems": 2,
    "description": "The shortest and the longest duration of a range, such as `[\"5ms\", \"15ms\"]`."
});

schema!(Size, "size", {
    "type": "string",
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(B|KiB|MiB|GiB|KB|MB|GB)\s*$",
    "description": "A size: a number and B, KiB, MiB, GiB, KB, MB or GB, such as `64KiB`. At most 1GiB."
});
