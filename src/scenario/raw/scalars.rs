//! The values that are no tables: words, texts, numbers, lengths of time, sizes.

use super::{DeValue, Diagnostic, Diagnostics, Read, Value, nearest, one_of, unknown, wrong_type};
use crate::scenario::limits;
use crate::scenario::notation::{self, Unreadable, show_duration, show_size};
use crate::scenario::report::is_harmful;
use crate::scenario::types::{ExecutorKind, How, Kernel};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::time::Duration;

/// A line of text for people: spaces and line ends are folded into single spaces; control characters are refused, because
/// a terminal would obey them.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Line(pub String);

impl Read for Line {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, found);
        };
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(c) = folded.chars().find(|c| is_harmful(*c)) {
            let title = format!("`{key}` holds the invisible character U+{:04X}", u32::from(c));
            let diagnostic = Diagnostic::new(value.span(), title);
            found.push(diagnostic.label("it would command the terminal instead of being shown"));
            return None;
        }
        let length = folded.chars().count();
        if length > limits::LINE {
            let title = format!("`{key}` has {length} characters, at most {} fit", limits::LINE);
            found.push(Diagnostic::new(value.span(), title));
            return None;
        }
        Some(Line(folded))
    }
}

/// A group's name, short and without spaces, since it stands on every line of the screen: `api`.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Name(pub String);

impl Read for Name {
    const EXPECTED: &'static str = "a name in quotes";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, found);
        };
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let problem = if text.is_empty() {
            "is empty".to_owned()
        } else if let Some(c) = text.chars().find(|c| !letter(*c)) {
            format!("has {c:?} in it")
        } else if text.len() > limits::NAME {
            format!("has {} characters, at most {} fit", text.len(), limits::NAME)
        } else {
            return Some(Name(text.to_owned()));
        };
        let diagnostic = Diagnostic::new(value.span(), format!("this name {problem}"));
        found.push(diagnostic.help("a name is made of the letters a–z, A–Z, digits, `-` and `_`"));
        None
    }
}

/// A path on the loopback service, such as `/weather`.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct UrlPath(pub String);

impl Read for UrlPath {
    const EXPECTED: &'static str = "a path in quotes, such as \"/weather\"";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, found);
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/-_.~?=&%+,:@!$'()*;".contains(c);
        let diagnostic = if text.contains("://") {
            let diagnostic = Diagnostic::new(value.span(), "`http` goes to tasklab's own service only");
            diagnostic
                .label("this names another host")
                .help("give a path alone, such as \"/weather\"")
        } else if !text.starts_with('/') {
            let diagnostic = Diagnostic::new(value.span(), "the path of `http` does not begin with `/`");
            diagnostic.help(format!("write \"/{text}\""))
        } else if let Some(c) = text.chars().find(|c| !allowed(*c)) {
            Diagnostic::new(
                value.span(),
                format!("the path of `http` has {c:?} in it, which no URL may hold"),
            )
        } else if text.len() > limits::PATH {
            let title = format!(
                "the path of `http` has {} characters, at most {} fit",
                text.len(),
                limits::PATH
            );
            Diagnostic::new(value.span(), title)
        } else {
            return Some(UrlPath(text.to_owned()));
        };
        found.push(diagnostic);
        None
    }
}

impl Read for u64 {
    const EXPECTED: &'static str = "a whole number";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let DeValue::Integer(number) = value.get_ref() else {
            return wrong_type::<Self>(value, key, found);
        };
        let read = u64::from_str_radix(number.as_str(), number.radix());
        if read.is_err() {
            let problem = if number.as_str().starts_with('-') {
                "is negative"
            } else {
                "is too big for 64 bits"
            };
            found.push(Diagnostic::new(value.span(), format!("`{key}` {problem}")));
        }
        read.ok()
    }
}

impl Read for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let read = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(|n| n as f64),
            _ => return wrong_type::<Self>(value, key, found),
        };
        let finite = read.filter(|n: &f64| n.is_finite());
        if finite.is_none() {
            found.push(Diagnostic::new(value.span(), format!("`{key}` is not a finite number")));
        }
        finite
    }
}

impl Read for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        value
            .get_ref()
            .as_bool()
            .or_else(|| wrong_type::<Self>(value, key, found))
    }
}

/// Notes why a text is no length of time, or no size.
fn unreadable(value: &Value<'_>, what: &str, text: &str, why: &Unreadable, units: &[&str], found: &mut Diagnostics) {
    let diagnostic = Diagnostic::new(value.span(), format!("`{text}` is not {what}"));
    let units_help = format!("the units are {}", units.join(", "));
    let diagnostic = diagnostic.label(why.to_string());
    found.push(match why {
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

/// Units as people write them elsewhere.
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

fn length(value: &Value<'_>, text: &str, found: &mut Diagnostics) -> Option<Duration> {
    match notation::duration(text) {
        Ok(length) if length > limits::LENGTH => {
            let title = format!("`{}` is longer than {}", text.trim(), show_duration(limits::LENGTH));
            found.push(Diagnostic::new(value.span(), title).label("nothing may last longer"));
            None
        }
        Ok(length) => Some(length),
        Err(why) => {
            unreadable(value, "a length of time", text.trim(), &why, TIME_UNITS, found);
            None
        }
    }
}

/// A length of time that is always the same: `"5ms"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Length(pub Duration);

impl Read for Length {
    const EXPECTED: &'static str = "a length of time in quotes, such as \"5ms\"";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, found);
        };
        if text.contains("..") {
            let diagnostic = Diagnostic::new(value.span(), format!("`{key}` cannot be a range"));
            found.push(diagnostic.help("give one length of time, such as \"5ms\""));
            return None;
        }
        length(value, text, found).map(Length)
    }
}

/// A length of time in quotes, fixed or a range: `"5ms"`, `"5ms..15ms"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum WrittenDraw {
    Fixed(Duration),
    Range(Duration, Duration),
}

impl Read for WrittenDraw {
    const EXPECTED: &'static str = "a length of time in quotes, such as \"5ms\" or \"5ms..15ms\", or a distribution";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, found);
        };
        match text.split_once("..") {
            None => length(value, text, found).map(WrittenDraw::Fixed),
            Some((min, max)) => {
                let (min, max) = (length(value, min, found), length(value, max, found));
                Some(WrittenDraw::Range(min?, max?))
            }
        }
    }
}

/// A size: `"64KiB"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Size(pub u64);

impl Read for Size {
    const EXPECTED: &'static str = "a size in quotes, such as \"64KiB\"";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, found);
        };
        match notation::size(text) {
            Ok(size) if size > limits::FILE => {
                let title = format!("a file of {} is larger than {}", text.trim(), show_size(limits::FILE));
                found.push(Diagnostic::new(value.span(), title).label("a scenario may not fill a disk"));
                None
            }
            Ok(0) => {
                found.push(Diagnostic::new(value.span(), format!("`{key}` moves no bytes")).label("this is zero"));
                None
            }
            Ok(size) => Some(Size(size)),
            Err(why) => {
                unreadable(value, "a size", text.trim(), &why, SIZE_UNITS, found);
                None
            }
        }
    }
}

/// A fixed set of words.
trait Vocabulary: Copy + 'static {
    const WHAT: &'static str;
    const WORDS: &'static [Self];
    fn word(self) -> &'static str;
}

macro_rules! vocabulary {
    ($type:ty, $what:literal) => {
        impl Vocabulary for $type {
            const WHAT: &'static str = $what;
            const WORDS: &'static [Self] = &Self::ALL;
            fn word(self) -> &'static str {
                <$type>::word(self)
            }
        }
        impl Read for $type {
            const EXPECTED: &'static str = concat!("the name of ", $what, " in quotes");
            fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
                word(value, key, found)
            }
        }
    };
}

vocabulary!(ExecutorKind, "an executor");
vocabulary!(Kernel, "a kernel");
vocabulary!(How, "a manner");

fn word<T: Vocabulary + Read>(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<T> {
    let Some(text) = value.get_ref().as_str() else {
        return wrong_type::<T>(value, key, found);
    };
    let known = T::WORDS.iter().find(|known| known.word() == text);
    if known.is_none() {
        let words: Vec<_> = T::WORDS.iter().map(|known| known.word()).collect();
        let what = T::WHAT.split_once(' ').map_or(T::WHAT, |(_, noun)| noun);
        unknown(value.span(), what, text, &words, found);
    }
    known.copied()
}

/// How often: a number, or `"forever"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Repeat {
    Times(u64),
    Forever,
}

impl Read for Repeat {
    const EXPECTED: &'static str = "a whole number or \"forever\"";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::Integer(_) => u64::read(value, key, found).map(Repeat::Times),
            DeValue::String(text) if text == "forever" => Some(Repeat::Forever),
            DeValue::String(text) => {
                let diagnostic = Diagnostic::new(value.span(), format!("`{key}` cannot be \"{text}\""));
                let near =
                    nearest(text, &["forever"]).map_or(String::new(), |near| format!(": did you mean `{near}`?"));
                found.push(diagnostic.help(format!("it is a whole number or {}{near}", one_of(&["forever"]))));
                None
            }
            _ => wrong_type::<Self>(value, key, found),
        }
    }
}

/// A schema for a type that has one by hand.
macro_rules! schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

schema!(Line, "text", {
    "type": "string",
    "maxLength": limits::LINE,
    "description": "A line of text. Runs of spaces and line ends become one space; control characters are refused."
});
schema!(Name, "name", {
    "type": "string",
    "pattern": format!("^[A-Za-z0-9_-]{{1,{}}}$", limits::NAME),
    "description": "A name of letters, digits, `-` and `_`."
});
schema!(UrlPath, "path", {
    "type": "string",
    "pattern": "^/",
    "maxLength": limits::PATH,
    "description": "A path on the loopback service, such as `/weather`."
});
schema!(Length, "length", {
    "type": "string",
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|h)\s*$",
    "description": "A length of time: a number and ns, us, ms, s, m or h, such as `5ms`. At most 24h."
});
schema!(WrittenDraw, "length-or-range", {
    "type": "string",
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|h)\s*(\.\.\s*[0-9]+(\.[0-9]+)?\s*(ns|us|µs|μs|ms|s|m|h)\s*)?$",
    "description": "A length of time, such as `5ms`, or a range of equally likely ones, such as `5ms..15ms`. At most 24h."
});
schema!(Size, "size", {
    "type": "string",
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(B|KiB|MiB|GiB|KB|MB|GB)\s*$",
    "description": "A size: a number and B, KiB, MiB, GiB, KB, MB or GB, such as `64KiB`. At most 1GiB."
});
schema!(Repeat, "repeat", {
    "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "forever" }],
    "description": "A number of repetitions, or `forever`."
});
