//! The scenario file as it is written: tables whose every value knows its place.
//!
//! This is the one definition of the language's keys. The macros `table!` and `choice!` turn a struct or an enum into
//! three things at once: the type, its reader (with unknown keys, missing keys and wrong types), and its JSON Schema, whose
//! descriptions are the doc comments. So schema, reader and suggestions cannot disagree.
//!
//! ```text
//!   text ──► spanned TOML ──► raw tables ──► types::Scenario
//!       toml             read           resolve
//!       syntax           keys, types,   meaning: what is possible,
//!       errors           notation       on this executor
//! ```
//!
//! A mistake is noted and reading goes on: a value that cannot be read is `None`, and nothing more is said of it.

mod scalars;
mod tables;

pub(super) use scalars::*;
pub(super) use tables::*;

use super::report::{Diagnostic, Diagnostics, Place};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A value of the file, with its place.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// What can be read from one value.
pub(super) trait Read: Sized {
    /// What the value has to be, to complete "`count` must be …".
    const EXPECTED: &'static str;

    /// Reads it, or notes what is wrong. `key` is the name under which it stands.
    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self>;

    /// What to underline when something is wrong with the value as a whole.
    fn span(value: &Value<'_>) -> Range<usize> {
        value.span()
    }
}

/// A value that was read, and where.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub place: Place,
}

impl<T: Read> At<T> {
    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<At<T>> {
        let read = T::read(value, key, found)?;
        let place = T::span(value).into();
        Some(At { value: read, place })
    }
}

/// A key that has to be there. `None`: its lack, or what is wrong with it, has been noted.
#[derive(Clone, Debug)]
pub(super) struct Need<T>(pub Option<At<T>>);

/// A key of a table: one that may be absent, or [`Need`].
trait Field: Sized {
    const NEEDED: bool;
    fn from_value(value: Option<&Value<'_>>, key: &str, found: &mut Diagnostics) -> Self;
}

impl<T: Read> Field for Option<At<T>> {
    const NEEDED: bool = false;
    fn from_value(value: Option<&Value<'_>>, key: &str, found: &mut Diagnostics) -> Self {
        value.and_then(|value| At::read(value, key, found))
    }
}

impl<T: Read> Field for Need<T> {
    const NEEDED: bool = true;
    fn from_value(value: Option<&Value<'_>>, key: &str, found: &mut Diagnostics) -> Self {
        Need(Option::from_value(value, key, found))
    }
}

impl<T: Read> Read for Vec<At<T>> {
    const EXPECTED: &'static str = "a list";

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        let Some(list) = value.get_ref().as_array() else {
            return wrong_type::<Self>(value, key, found);
        };
        let read: Vec<_> = list.iter().filter_map(|item| At::read(item, key, found)).collect();
        // A list of which nothing could be read is not an empty list.
        (!read.is_empty() || list.is_empty()).then_some(read)
    }
}

/// Notes that the value is of another type than `T` wants.
fn wrong_type<T: Read>(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<T> {
    let is = type_name(value.get_ref());
    let title = format!("`{key}` must be {}, not {is}", T::EXPECTED);
    found.push(Diagnostic::new(value.span(), title).label(format!("this is {is}")));
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

/// Notes that `word` is none of `known`, with the nearest of them, or all of them.
fn unknown(span: Range<usize>, what: &str, word: &str, known: &[&str], found: &mut Diagnostics) {
    let diagnostic = Diagnostic::new(span, format!("unknown {what} `{word}`"));
    found.push(match nearest(word, known) {
        Some(near) => diagnostic
            .label(format!("did you mean `{near}`?"))
            .help(format!("write `{near}`")),
        None => diagnostic.help(format!("it can be {}", one_of(known))),
    });
}

/// The known word that `word` is probably meant to be.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace([' ', '-'], "_");
    let plain = |known: &str| known.replace('-', "_");
    let begins = |known: &&&str| word.len() >= 3 && plain(known).starts_with(&word);
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&word, &plain(known)), *known))
        .filter(|(distance, known)| *distance <= known.chars().count().max(3) / 3)
        .min()
        .map(|(_, known)| known)
        .or_else(|| known.iter().find(begins).copied())
}

/// "`a`, `b` or `c`"
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A table that was read.
pub(super) trait Table {
    /// Whether this key is written, readable or not: what cannot be read is `None`, but not absent.
    fn has(&self, key: &str) -> bool;
}

/// A table's entries while a reader takes them.
struct Entries<'a, 'i> {
    table: &'a DeTable<'i>,
    span: Range<usize>,
    what: &'static str,
}

impl<'a, 'i> Entries<'a, 'i> {
    fn field<F: Field>(&self, key: &str, found: &mut Diagnostics) -> F {
        let value = self.table.get(key);
        if F::NEEDED && value.is_none() {
            let title = format!("{} has no `{key}`", self.what);
            found.push(Diagnostic::new(self.span.clone(), title).label(format!("`{key}` is missing here")));
        }
        F::from_value(value, key, found)
    }

    fn refuse_unknown(&self, known: &[&str], found: &mut Diagnostics) {
        for key in self.table.keys() {
            if !known.contains(&&**key.get_ref()) {
                unknown(
                    key.span(),
                    &format!("key of {}:", self.what),
                    key.get_ref(),
                    known,
                    found,
                );
            }
        }
    }
}

/// Gives [`At`] and [`Need`] the schema of what they hold.
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
transparent!(Need);

/// A struct for a table: its fields are the table's keys, `Need<T>` those that have to be there.
macro_rules! table {
    (
        $(#[$meta:meta])*
        $name:ident, $what:literal { $( $(#[$doc:meta])* $key:ident: $type:ty, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub(in crate::scenario) struct $name {
            $( $(#[$doc])* pub $key: $type, )*
            /// The keys that are written, readable or not.
            #[schemars(skip)]
            written: Vec<&'static str>,
        }

        impl Table for $name {
            fn has(&self, key: &str) -> bool {
                self.written.contains(&key)
            }
        }

        impl $name {
            /// Every key, in the order of the definition.
            pub(in crate::scenario) const KEYS: &[&str] = &[$( unraw(stringify!($key)) ),*];

            pub(super) fn from_table(table: &DeTable<'_>, span: Range<usize>, found: &mut Diagnostics) -> Self {
                let entries = Entries { table, span, what: $what };
                entries.refuse_unknown(Self::KEYS, found);
                Self {
                    $( $key: entries.field(unraw(stringify!($key)), found), )*
                    written: Self::KEYS.iter().copied().filter(|key| table.contains_key(*key)).collect(),
                }
            }
        }

        impl Read for $name {
            const EXPECTED: &'static str = "a table";

            fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
                match value.get_ref() {
                    DeValue::Table(table) => Some(Self::from_table(table, value.span(), found)),
                    _ => wrong_type::<Self>(value, key, found),
                }
            }
        }
    };
}

/// An enum for "one of these": a table with a single key that says which, or a bare word.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $name:ident, $what:literal {
            $( $(#[$doc:meta])* $key:literal => $variant:ident($type:ty), )*
            $( ; $( $(#[$bare_doc:meta])* $bare:literal => $bare_variant:ident, )* )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, JsonSchema)]
        pub(in crate::scenario) enum $name {
            $( $(#[$doc])* #[schemars(rename = $key)] $variant($type), )*
            $( $( $(#[$bare_doc])* #[schemars(rename = $bare)] $bare_variant, )* )?
        }

        impl $name {
            /// The words that take a value: `{ word = … }`.
            pub(in crate::scenario) const KEYS: &[&str] = &[$( $key ),*];
            /// The words that stand alone: `"word"`.
            pub(in crate::scenario) const BARE: &[&str] = &[$( $( $bare ),* )?];
        }

        impl Read for $name {
            const EXPECTED: &'static str = concat!("a table such as `{ ", first!($($key),*), " = … }`");

            fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
                match Choice::of(value, key, $what, Self::KEYS, Self::BARE, found) {
                    $( Some(Choice::Entry($key, value)) => <$type>::read(value, $key, found).map(Self::$variant), )*
                    $( $( Some(Choice::Bare($bare)) => Some(Self::$bare_variant), )* )?
                    Some(Choice::WrongType) => wrong_type::<Self>(value, key, found),
                    _ => None,
                }
            }

            fn span(value: &Value<'_>) -> Range<usize> {
                match value.get_ref() {
                    DeValue::Table(table) => table.keys().next().map_or(value.span(), Spanned::span),
                    _ => value.span(),
                }
            }
        }
    };
}

macro_rules! first {
    ($first:literal $(, $rest:literal)*) => {
        $first
    };
}

use {choice, first, table};

/// `r#do` is written `do`.
const fn unraw(name: &str) -> &str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Which of several things a value says.
enum Choice<'a, 'i> {
    Entry(&'static str, &'a Value<'i>),
    Bare(&'static str),
    WrongType,
}

impl<'a, 'i> Choice<'a, 'i> {
    fn of(
        value: &'a Value<'i>,
        key: &str,
        what: &str,
        keys: &'static [&'static str],
        bare: &'static [&'static str],
        found: &mut Diagnostics,
    ) -> Option<Choice<'a, 'i>> {
        let all = [keys, bare].concat();
        match value.get_ref() {
            DeValue::String(word) => {
                if let Some(word) = bare.iter().find(|known| **known == word.as_ref()) {
                    return Some(Choice::Bare(word));
                }
                if keys.contains(&word.as_ref()) {
                    let diagnostic = Diagnostic::new(value.span(), format!("{what} `{word}` needs a value"));
                    found.push(diagnostic.help(format!("write `{{ {word} = … }}`")));
                } else if bare.is_empty() {
                    return Some(Choice::WrongType);
                } else {
                    unknown(value.span(), what, word, &all, found);
                }
                None
            }
            DeValue::Table(table) => {
                let mut chosen: Option<(&Spanned<DeString<'i>>, Choice<'a, 'i>)> = None;
                let mut sound = true;
                for (entry, inner) in in_file_order(table) {
                    let word = entry.get_ref().as_ref();
                    if let Some(known) = keys.iter().find(|known| **known == word) {
                        if let Some((first, _)) = &chosen {
                            let title = format!("`{}` and `{word}` in one {what}", first.get_ref());
                            let first = Place::File(first.span());
                            found.push(
                                Diagnostic::new(entry.span(), title)
                                    .related(&first, "the first")
                                    .help("write each between its own braces, one after the other"),
                            );
                            sound = false;
                        } else {
                            chosen = Some((entry, Choice::Entry(known, inner)));
                        }
                    } else if bare.contains(&word) {
                        let diagnostic = Diagnostic::new(entry.span(), format!("{what} `{word}` takes no value"));
                        found.push(diagnostic.help(format!("write it alone, in quotes: \"{word}\"")));
                        sound = false;
                    } else {
                        unknown(entry.span(), what, word, &all, found);
                        sound = false;
                    }
                }
                if sound && chosen.is_none() {
                    let title = format!("`{key}` is an empty {what}");
                    let title = if key == what { format!("an empty {what}") } else { title };
                    found.push(Diagnostic::new(value.span(), title).help(format!("it can be {}", one_of(&all))));
                }
                // Read the first even beside others: what is wrong inside it is worth saying now.
                chosen.map(|(_, choice)| choice)
            }
            _ => Some(Choice::WrongType),
        }
    }
}

fn in_file_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<DeString<'i>>, &'a Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

impl Scenario {
    /// Reads the text; what is wrong with its syntax, keys, types and notation is in `found`.
    pub fn parse(text: &str, found: &mut Diagnostics) -> Scenario {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let span = error.span().unwrap_or(text.len()..text.len());
            found.push(Diagnostic::new(span, format!("not TOML: {}", error.message())));
        }
        Scenario::from_table(table.get_ref(), 0..0, found)
    }
}
