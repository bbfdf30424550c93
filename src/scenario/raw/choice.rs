//! Reading one of several things: the macro `choice!`.

use super::{Diagnostic, Diagnostics, Place, Value, one_of, unknown};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Which of several things a value says.
pub(super) enum Choice<'a, 'i> {
    Entry(&'static str, &'a Value<'i>),
    Bare(&'static str),
    WrongType,
}

impl<'a, 'i> Choice<'a, 'i> {
    /// Finds out, or notes what is wrong. `key` is the name under which the value stands, `what` what it chooses.
    pub fn of(
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
                    unknown(value.span(), &format!("unknown {what} \"{word}\""), word, &all, found);
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
                        unknown(entry.span(), &format!("unknown {what} \"{word}\""), word, &all, found);
                        sound = false;
                    }
                }
                if sound && chosen.is_none() {
                    let title = format!("`{key}` is an empty {what}");
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

pub(super) use {choice, first};
