//! The messages of the TOML parser, reworded for the authors of scenarios.
//!
//! The parser knows the rules of TOML, but not what the author meant. If quotes are missing, the
//! parser reports an invalid literal string. If the author wrote JSON, the parser reports an
//! invalid unquoted key.

use super::super::report::Diagnostic;
use super::layout::{self, KEY_PARTS};
use std::ops::Range;
use toml::de::Error;

/// A mistake in the syntax, with its place.
pub(super) struct Placed<'a> {
    error: &'a Error,
    span: Range<usize>,
    /// The number of parts of the key, if the parser has rejected a key because it has too many
    /// parts.
    parts: Option<usize>,
}

/// Finds the places of these mistakes. For a key with too many parts, the parser gives no place, so
/// this function finds the place.
pub(super) fn with_places<'a>(errors: &'a [Error], text: &str) -> Vec<Placed<'a>> {
    let mut deep_keys = match errors.iter().any(|error| error.span().is_none()) {
        true => layout::deep_keys(text),
        false => Vec::new(),
    }
    .into_iter();
    let placed = |error: &'a Error| {
        let (span, parts) = match error.span() {
            Some(span) => (span, None),
            None => match deep_keys.next() {
                Some((span, parts)) => (span, Some(parts)),
                None => (text.len()..text.len(), None),
            },
        };
        Placed { error, span, parts }
    };
    errors.iter().map(placed).collect()
}

impl Placed<'_> {
    pub(super) fn start(&self) -> usize {
        self.span.start
    }

    /// The message about this mistake in `text`.
    pub(super) fn explain(&self, text: &str) -> Diagnostic {
        match self.parts {
            Some(parts) => Diagnostic::new(
                self.span.clone(),
                format!("a key with {parts} parts, at most {KEY_PARTS} are possible"),
            ),
            None => explain(self.error, self.span.clone(), text),
        }
    }
}

/// Turns an error of the TOML parser into a message about `text`.
fn explain(error: &Error, span: Range<usize>, text: &str) -> Diagnostic {
    // The parser counts bytes, so a position in its message may be inside a character.
    let before = text.get(..span.start).unwrap_or_default();
    let rest = text.get(span.start..).unwrap_or_default();
    let word = rest
        .split([',', ']', '}', '#', '=', '\n'])
        .next()
        .unwrap_or_default()
        .trim_end();
    let (what, expected) = match error.message().split_once(", expected ") {
        Some((what, "nothing")) => (what, None),
        Some((what, expected)) => (what, Some(expected)),
        None => (error.message(), None),
    };
    let not = |what: &str| format!("this is not TOML: {what}");
    match what {
        // For `seed =` the parser reports an invalid string.
        _ if span.is_empty() && before.trim_end().ends_with('=') => Diagnostic::new(span, not("a value is missing")),
        // `true` and `false` are the only words without quotes. So the parser reports `tokio` as an
        // invalid boolean.
        "string values must be quoted" | "invalid boolean" => {
            let place = span.start..span.start + word.len();
            if rest[word.len()..].trim_start().starts_with('=') {
                let help = format!("write `{{ {word} = … }}`");
                Diagnostic::new(place, not("a key and its value are outside a table")).help(help)
            } else {
                Diagnostic::new(place, not("a text must be in quotes")).help(format!("write \"{word}\""))
            }
        }
        "invalid unquoted key" if word.starts_with(':') => {
            Diagnostic::new(span.start..span.start + 1, not("`:` after a key")).label("expected `=`")
        }
        "invalid basic string" if span.is_empty() => Diagnostic::new(span, not("the closing quote is missing")),
        what => {
            let diagnostic = Diagnostic::new(span, not(what));
            match expected {
                Some(expected) => diagnostic.label(format!("expected {expected}")),
                None => diagnostic,
            }
        }
    }
}
