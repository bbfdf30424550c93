//! Numbers and booleans.

use super::{DeValue, Diagnostic, Diagnostics, Read, Value, nearest, one_of, schema, wrong_type};

impl Read for u64 {
    const EXPECTED: &'static str = "a whole number";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let DeValue::Integer(number) = value.get_ref() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        let read = u64::from_str_radix(number.as_str(), number.radix());
        if read.is_err() {
            let problem = if number.as_str().starts_with('-') {
                "is negative"
            } else {
                "is too big for 64 bits"
            };
            diagnostics.push(Diagnostic::new(value.span(), format!("`{key}` {problem}")));
        }
        read.ok()
    }
}

impl Read for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let read = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(|n| n as f64),
            _ => return wrong_type::<Self>(value, key, diagnostics),
        };
        let finite = read.filter(|n: &f64| n.is_finite());
        if finite.is_none() {
            diagnostics.push(Diagnostic::new(value.span(), format!("`{key}` is not a finite number")));
        }
        finite
    }
}

impl Read for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        value
            .get_ref()
            .as_bool()
            .or_else(|| wrong_type::<Self>(value, key, diagnostics))
    }
}

/// A number of repetitions, or `"forever"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Repeat {
    Times(u64),
    Forever,
}

impl Read for Repeat {
    const EXPECTED: &'static str = "a whole number or \"forever\"";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let read = number_or_word::<Self>(value, key, "forever", diagnostics)?;
        Some(read.map_or(Repeat::Forever, Repeat::Times))
    }
}

/// The maximum number of messages in a channel, or `"unbounded"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Capacity {
    Bounded(u64),
    Unbounded,
}

impl Read for Capacity {
    const EXPECTED: &'static str = "a whole number or \"unbounded\"";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let read = number_or_word::<Self>(value, key, "unbounded", diagnostics)?;
        Some(read.map_or(Capacity::Unbounded, Capacity::Bounded))
    }
}

/// Reads a whole number, or `word`. `Some(None)` means that the value is the word.
fn number_or_word<T: Read>(
    value: &Value<'_>,
    key: &str,
    word: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<Option<u64>> {
    match value.get_ref() {
        DeValue::Integer(_) => u64::read(value, key, diagnostics).map(Some),
        DeValue::String(text) if text == word => Some(None),
        DeValue::String(text) => {
            let diagnostic = Diagnostic::new(value.span(), format!("`{key}` cannot be \"{text}\""));
            let near = nearest(text, &[word]).map_or(String::new(), |near| format!(": did you mean `{near}`?"));
            diagnostics.push(diagnostic.help(format!("write a whole number or {}{near}", one_of(&[word]))));
            None
        }
        _ => {
            wrong_type::<T>(value, key, diagnostics);
            None
        }
    }
}

schema!(Repeat, "repeat", {
    "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "forever" }],
    "description": "A number of repetitions, or `forever`."
});

schema!(Capacity, "capacity", {
    "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 1_000_000 }, { "const": "unbounded" }],
    "description": "A number of messages, or `unbounded`."
});
