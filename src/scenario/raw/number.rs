//! Numbers, switches, and fixed sets of words.

use super::{DeValue, Diagnostic, Diagnostics, Read, Value, nearest, one_of, schema, unknown, wrong_type};
use crate::scenario::types::{ExecutorKind, Formatting, How, Kernel, LogLevel};
use schemars::JsonSchema;

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
vocabulary!(Formatting, "a manner");
vocabulary!(LogLevel, "a log level");
vocabulary!(Journal, "a journal mode");

/// How SQLite keeps a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(in crate::scenario) enum Journal {
    /// A rollback journal, deleted when the transaction ends: readers and the writer wait for each other.
    Delete,
    /// A write-ahead log: only writers wait.
    Wal,
}

impl Journal {
    const ALL: [Journal; 2] = [Journal::Delete, Journal::Wal];

    fn word(self) -> &'static str {
        match self {
            Journal::Delete => "delete",
            Journal::Wal => "wal",
        }
    }
}

fn word<T: Vocabulary + Read>(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<T> {
    let Some(text) = value.get_ref().as_str() else {
        return wrong_type::<T>(value, key, found);
    };
    let known = T::WORDS.iter().find(|known| known.word() == text);
    if known.is_none() {
        let words: Vec<_> = T::WORDS.iter().map(|known| known.word()).collect();
        let what = T::WHAT.split_once(' ').map_or(T::WHAT, |(_, noun)| noun);
        unknown(value.span(), &format!("unknown {what} \"{text}\""), text, &words, found);
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

schema!(Repeat, "repeat", {
    "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "forever" }],
    "description": "A number of repetitions, or `forever`."
});
