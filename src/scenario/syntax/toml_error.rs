//! What the parser says of broken TOML, in words for who writes scenarios.
//!
//! The parser knows what TOML lacks, not what was meant: it speaks of literal strings where quotes were forgotten, and of unquoted
//! keys where somebody wrote JSON.

use super::super::report::Diagnostic;
use toml::de::Error;

/// One mistake of the syntax of `text`.
pub(super) fn explain(error: &Error, text: &str) -> Diagnostic {
    let span = error.span().unwrap_or(text.len()..text.len());
    // The parser counts bytes, and its places need not lie between characters.
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
    let not = |what: &str| format!("not TOML: {what}");
    match what {
        // What the parser says of `seed =` is about strings.
        _ if span.is_empty() && before.trim_end().ends_with('=') => Diagnostic::new(span, not("a value is missing")),
        // `true` and `false` are the only words without quotes, so the parser takes `tokio` for a mistyped one.
        "string values must be quoted" | "invalid boolean" => {
            let place = span.start..span.start + word.len();
            if rest[word.len()..].trim_start().starts_with('=') {
                let help = format!("write `{{ {word} = … }}`");
                Diagnostic::new(place, not("a key and its value outside a table")).help(help)
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
