//! The syntax of the scenario file: tables in which every value has its place in the file.
//!
//! This module is the only definition of the language's keys. The macros `table!` and `choice!`
//! turn a struct or an enum into three things: the type, its reader, and its JSON Schema. The
//! reader reports unknown keys, missing keys and wrong types. The doc comments are the descriptions
//! in the schema. So the schema, the reader and the suggestions cannot disagree.
//!
//! ```text
//!   text ──► spanned TOML ──► syntax tables ──► types::Scenario
//!       toml             read             check
//!       syntax           keys, types,   meaning: what is possible,
//!       errors           notation       on this executor
//! ```
//!
//! The reader reports a mistake and continues. A value that cannot be read becomes `None`, and
//! later stages report nothing more about it.

mod branch;
mod choice;
mod cue;
mod draw;
mod entries;
mod expect;
mod language;
mod layout;
mod number;
mod quantity;
mod text;
mod toml_error;
mod word;

pub(super) use branch::Branch;
pub(super) use choice::{Chosen, Words, choice, span as choice_span};
pub(super) use cue::*;
pub(super) use draw::*;
pub(super) use entries::{Entries, Table, first_key, table, unraw};
pub(super) use expect::Expect;
pub(super) use language::*;
pub(super) use number::{Capacity, Repeat};
pub(super) use quantity::{Bounds, Length, LengthOrRange, Size};
pub(super) use text::{Line, Name, Text, UrlPath};
pub(super) use word::{read_word, words};

use super::report::{Diagnostic, Diagnostics, Place};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value in the file, with its place.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// A type that can be read from one value of the file.
pub(super) trait Read: Sized {
    /// The required kind of value, which completes "`count` must be …".
    const EXPECTED: &'static str;

    /// The required kind of value for a list of this type, which completes "`count` must be …".
    const LIST: &'static str = "a list in brackets";

    /// Reads the value, or reports what is wrong. `key` is the key of the value in the file.
    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self>;

    /// The part of the file to underline if the whole value is wrong.
    fn span(value: &Value<'_>) -> Range<usize> {
        value.span()
    }
}

/// A value that has been read, with its place.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub place: Place,
}

impl<T: Read> Read for At<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const LIST: &'static str = T::LIST;

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let read = T::read(value, key, diagnostics)?;
        let place = T::span(value).into();
        Some(At { value: read, place })
    }

    fn span(value: &Value<'_>) -> Range<usize> {
        T::span(value)
    }
}

/// The value of a key that must be present. `None`: the key is missing or its value is wrong, and
/// this mistake has been reported.
#[derive(Clone, Debug)]
pub(super) struct Required<T>(pub Option<At<T>>);

/// The value of a key of a table: optional or [`Required`].
pub(super) trait Field: Sized {
    /// The required kind of value, if the key must be present. `None`: the key is optional.
    const NEEDED: Option<&'static str>;
    fn from_value(value: Option<&Value<'_>>, key: &str, diagnostics: &mut Diagnostics) -> Self;
}

impl<T: Read> Field for Option<At<T>> {
    const NEEDED: Option<&'static str> = None;
    fn from_value(value: Option<&Value<'_>>, key: &str, diagnostics: &mut Diagnostics) -> Self {
        value.and_then(|value| At::read(value, key, diagnostics))
    }
}

impl<T: Read> Field for Required<T> {
    const NEEDED: Option<&'static str> = Some(T::EXPECTED);
    fn from_value(value: Option<&Value<'_>>, key: &str, diagnostics: &mut Diagnostics) -> Self {
        Required(Option::from_value(value, key, diagnostics))
    }
}

impl<T: Read> Read for Vec<T> {
    const EXPECTED: &'static str = T::LIST;

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let Some(list) = value.get_ref().as_array() else {
            return wrong_type::<Self>(value, key, diagnostics);
        };
        let item = |(index, item)| T::read(item, &format!("{key}[{index}]"), diagnostics);
        let read: Vec<_> = list.iter().enumerate().filter_map(item).collect();
        // If no item could be read, the result is `None`, not an empty list.
        (!read.is_empty() || list.is_empty()).then_some(read)
    }
}

/// Reports that `T` cannot be read from a value of this type.
pub(super) fn wrong_type<T: Read>(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<T> {
    let is = type_name(value.get_ref());
    let title = format!("`{key}` must be {}, not {is}", T::EXPECTED);
    diagnostics.push(Diagnostic::new(value.span(), title).label(format!("this is {is}")));
    None
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fractional number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Reports that `word` is not in `known`. Suggests the most similar known word, or lists all.
fn unknown(span: Range<usize>, title: &str, word: &str, known: &[&str], diagnostics: &mut Diagnostics) {
    let help = match nearest(word, known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("use {}", one_of(known)),
    };
    diagnostics.push(Diagnostic::new(span, title).help(help));
}

/// In each pair, the first word is a word that authors write by mistake, and the second word is
/// correct. A median is called `median` in a distribution, but `p50` in the report.
const SYNONYMS: &[(&str, &str)] = &[("p50", "median"), ("median", "p50")];

/// The known word that `word` probably means.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut synonyms = SYNONYMS.iter().filter(|(written, _)| *written == word);
    if let Some(meant) = synonyms.find_map(|(_, meant)| known.iter().find(|known| *known == meant)) {
        return Some(meant);
    }
    let word = word.to_lowercase().replace([' ', '-'], "_");
    let (length, letters) = (word.chars().count(), letters(&word));
    let plain = |known: &str| known.replace('-', "_");
    let begins = |known: &&&str| {
        let known = plain(known);
        known.len().min(word.len()) >= 3 && (known.starts_with(&word) || word.starts_with(&known))
    };
    let most = |known: &str| known.chars().count().max(3) / 3;
    // Computing an edit distance takes long, and a file may contain very many wrong words.
    // Therefore words that are certainly too different are skipped: one edit changes the length by
    // at most 1, and the set of letters by at most 2.
    let may_be_near = |known: &&&str| {
        known.chars().count().abs_diff(length) <= most(known)
            && (self::letters(known) ^ letters).count_ones() as usize <= 2 * most(known)
    };
    known
        .iter()
        .filter(may_be_near)
        .map(|known| (strsim::damerau_levenshtein(&word, &plain(known)), *known))
        .filter(|(distance, known)| *distance <= most(known))
        .min()
        .map(|(_, known)| known)
        .or_else(|| known.iter().find(begins).copied())
}

/// The set of the characters of a word. Each character sets the bit whose position is the
/// character's code modulo 64.
fn letters(word: &str) -> u64 {
    let bit = |c: char| 1 << (u32::from(if c == '-' { '_' } else { c }) % 64);
    word.chars().fold(0, |set, c| set | bit(c))
}

/// The maximum number of words in a list of words in a message.
const WORDS: usize = 60;

/// "`a`, `b` or `c`"
pub(super) fn one_of(words: &[&str]) -> String {
    let mut quoted: Vec<_> = words.iter().take(WORDS).map(|word| format!("`{word}`")).collect();
    if words.len() > WORDS {
        quoted.push(format!("one of {} others", words.len() - WORDS));
    }
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Implements `JsonSchema` for a type, with a schema that is written by hand.
macro_rules! schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

use schema;

/// Implements `JsonSchema` for [`At`] and [`Required`], with the schema of the value inside.
macro_rules! transparent {
    ($wrapper:ident) => {
        impl<T: JsonSchema> JsonSchema for $wrapper<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }
            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }
            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    };
}

transparent!(At);
transparent!(Required);

impl Scenario {
    /// Reads the text. Reports mistakes in the syntax, the keys, the types and the notation of the
    /// file.
    pub(super) fn parse(text: &str, diagnostics: &mut Diagnostics) -> Scenario {
        let (mut table, mut errors) = DeTable::parse_recoverable(text);
        let unclosed = if errors.is_empty() {
            Vec::new()
        } else {
            layout::unclosed(text, Self::KEYS)
        };
        let rest;
        if !unclosed.is_empty() {
            rest = layout::without(text, &unclosed);
            (table, errors) = DeTable::parse_recoverable(&rest);
        }
        let errors = toml_error::with_places(&errors, text);
        let places: Vec<_> = unclosed
            .iter()
            .map(layout::Unclosed::start)
            .chain(errors.iter().map(toml_error::Placed::start))
            .collect();
        diagnostics.push_syntax(&places, |index| match unclosed.get(index) {
            Some(unclosed) => unclosed.explain(),
            None => errors[index - unclosed.len()].explain(text),
        });
        Scenario::from_table(table.get_ref(), 0..0, diagnostics)
    }
}
