//! The messages of the TOML parser, reworded for the authors of scenarios.
//!
//! The parser knows the rules of TOML, but not what the author meant. If quotes are missing, it
//! reports an invalid literal string. If the author wrote JSON, it reports an invalid unquoted key.

use super::super::report::Diagnostic;
use toml::de::Error;

/// Turns an error of the TOML parser into a message about `text`.
pub(super) fn explain(error: &Error, text: &str) -> Diagnostic {
    let span = error.span().unwrap_or(text.len()..text.len());
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
