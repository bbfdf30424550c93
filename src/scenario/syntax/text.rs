//! Texts: lines for people, names, and paths.

use super::{At, DeValue, Diagnostic, Diagnostics, Read, Required, Value, schema, table, wrong_type};
use crate::scenario::limits;
use crate::scenario::types::Lang;
use crate::text::controls_terminal;
use schemars::JsonSchema;

/// A line of text for people. A sequence of spaces and line ends becomes one space. Control
/// characters are rejected, because a terminal would execute them.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Line(pub String);

impl Read for Line {
    const EXPECTED: &'static str = "a text in quotes";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(c) = folded.chars().find(|c| controls_terminal(*c)) {
            let title = format!("`{key}` contains the invisible character U+{:04X}", u32::from(c));
            let diagnostic = Diagnostic::new(value.span(), title);
            diagnostics.push(diagnostic.label("a terminal would execute this character instead of showing it"));
            return None;
        }
        let length = folded.chars().count();
        if length > limits::LINE {
            let title = format!(
                "`{key}` has {length} characters, but at most {} are allowed",
                limits::LINE
            );
            diagnostics.push(Diagnostic::new(value.span(), title));
            return None;
        }
        Some(Line(folded))
    }
}

/// A text for people, in English or in several languages.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Text {
    /// A text in English.
    Plain(At<Line>),
    /// A text in several languages.
    Translated(Translated),
}

impl Text {
    /// The text in this language, or in English if it is not translated.
    pub(in crate::scenario) fn in_lang(&self, lang: Lang) -> Option<&str> {
        let line = match (self, lang) {
            (Text::Plain(line), _) => line,
            (Text::Translated(Translated { ru: Some(ru), .. }), Lang::Ru) => ru,
            (Text::Translated(texts), _) => texts.en.0.as_ref()?,
        };
        Some(&line.value.0)
    }

    /// The texts in all languages, with their places.
    pub(in crate::scenario) fn lines(&self) -> impl Iterator<Item = &At<Line>> {
        let (first, second) = match self {
            Text::Plain(line) => (Some(line), None),
            Text::Translated(texts) => (texts.en.0.as_ref(), texts.ru.as_ref()),
        };
        first.into_iter().chain(second)
    }
}

impl Read for Text {
    const EXPECTED: &'static str = "a text in quotes, or `{ en = …, ru = … }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, diagnostics).map(Text::Plain),
            DeValue::Table(_) => Translated::read(value, key, diagnostics).map(Text::Translated),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// A text in several languages.
    Translated, "the text" {
        /// The text in English.
        en: Required<Line>,
        /// The text in Russian. Default: the English text.
        ru: Option<At<Line>>,
    }
}

/// The name of a group, a lock, a semaphore or a channel: `api`. A name is short and has no spaces,
/// because many lines of the screen show names.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Name(pub String);

impl Read for Name {
    const EXPECTED: &'static str = "a name in quotes";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let problem = if text.is_empty() {
            "is empty".to_owned()
        } else if let Some(c) = text.chars().find(|c| !letter(*c)) {
            format!("contains {c:?}")
        } else if text.len() > limits::NAME {
            format!(
                "has {} characters, but at most {} are allowed",
                text.len(),
                limits::NAME
            )
        } else {
            return Some(Name(text.to_owned()));
        };
        let diagnostic = Diagnostic::new(value.span(), format!("this name {problem}"));
        diagnostics.push(diagnostic.help("use only the letters a–z and A–Z, digits, `-` and `_`"));
        None
    }
}

/// A path on the loopback service, such as `/weather`.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct UrlPath(pub String);

impl Read for UrlPath {
    const EXPECTED: &'static str = "a path in quotes, such as \"/weather\"";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/-_.~?=&%+,:@!$'()*;".contains(c);
        let diagnostic = if text.contains("://") {
            let diagnostic = Diagnostic::new(value.span(), "`http` can only reach tasklab's own service");
            diagnostic
                .label("this names another host")
                .help("write only a path, such as \"/weather\"")
        } else if !text.starts_with('/') {
            let diagnostic = Diagnostic::new(value.span(), "the path of `http` does not begin with `/`");
            diagnostic.help(format!("write \"/{text}\""))
        } else if let Some(c) = text.chars().find(|c| !allowed(*c)) {
            Diagnostic::new(
                value.span(),
                format!("the path of `http` contains {c:?}, which is not allowed in a URL"),
            )
        } else if text.len() > limits::PATH {
            let title = format!(
                "the path of `http` has {} characters, but at most {} are allowed",
                text.len(),
                limits::PATH
            );
            Diagnostic::new(value.span(), title)
        } else {
            return Some(UrlPath(text.to_owned()));
        };
        diagnostics.push(diagnostic);
        None
    }
}

schema!(Line, "text", {
    "type": "string",
    "maxLength": limits::LINE,
    "description": "A line of text. A sequence of spaces and line ends becomes one space. Control characters are rejected."
});

schema!(Name, "name", {
    "type": "string",
    "pattern": format!("^[A-Za-z0-9_-]{{1,{}}}$", limits::NAME),
    "description": "A name made of letters, digits, `-` and `_`."
});

schema!(UrlPath, "path", {
    "type": "string",
    "pattern": "^/",
    "maxLength": limits::PATH,
    "description": "A path on the loopback service, such as `/weather`."
});
