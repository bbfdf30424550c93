//! Reading a value that chooses one of several alternatives: the macro `choice!`.

use super::{Diagnostic, Diagnostics, Place, Value, one_of, unknown};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// The alternative that a value chooses.
pub(in crate::scenario) enum Chosen<'a, 'i> {
    /// The value is a table with this key. The second field is the value of the key.
    Entry(&'static str, &'a Value<'i>),
    /// The value is only this word.
    Bare(&'static str),
    /// The value is neither a table nor a word.
    WrongType,
}

/// The words of a choice.
pub(in crate::scenario) struct Words {
    /// What the words are, for messages: `step`.
    pub what: &'static str,
    /// The words that take a value: `{ word = … }`.
    pub keys: &'static [&'static str],
    /// The words that take no value: `"word"`.
    pub bare: &'static [&'static str],
}

impl Words {
    /// Finds the alternative that the value chooses, or reports what is wrong. `key` is the key of
    /// the value in the file.
    pub(crate) fn choose<'a, 'i>(
        &self,
        value: &'a Value<'i>,
        key: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Chosen<'a, 'i>> {
        match value.get_ref() {
            DeValue::String(word) => self.choose_word(value, word, diagnostics),
            DeValue::Table(table) => {
                let (chosen, sound) = self.choose_entry(table, diagnostics);
                if sound && chosen.is_none() {
                    let title = format!("`{key}` is an empty {}", self.what);
                    let help = format!("use {}", one_of(&self.all()));
                    diagnostics.push(Diagnostic::new(value.span(), title).help(help));
                }
                chosen
            }
            _ => Some(Chosen::WrongType),
        }
    }

    fn choose_word<'a, 'i>(
        &self,
        value: &'a Value<'i>,
        word: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Chosen<'a, 'i>> {
        let what = self.what;
        if let Some(word) = self.bare.iter().find(|known| **known == word) {
            return Some(Chosen::Bare(word));
        }
        if self.keys.contains(&word) {
            let diagnostic = Diagnostic::new(value.span(), format!("{what} `{word}` needs a value"));
            diagnostics.push(diagnostic.help(format!("write `{{ {word} = … }}`")));
        } else if self.bare.is_empty() {
            return Some(Chosen::WrongType);
        } else {
            let title = format!("unknown {what} \"{word}\"");
            unknown(value.span(), &title, word, &self.all(), diagnostics);
        }
        None
    }

    /// The first known key of the table, and whether the table has no other key. The value of the
    /// first key is read even if there are other keys, so that one report holds all mistakes.
    fn choose_entry<'a, 'i>(
        &self,
        table: &'a DeTable<'i>,
        diagnostics: &mut Diagnostics,
    ) -> (Option<Chosen<'a, 'i>>, bool) {
        let what = self.what;
        let mut chosen: Option<(&Spanned<DeString<'i>>, Chosen<'a, 'i>)> = None;
        let mut sound = true;
        for (entry, inner) in in_file_order(table) {
            let word = entry.get_ref().as_ref();
            let known = self.keys.iter().find(|known| **known == word);
            match (known, &chosen) {
                (Some(known), None) => {
                    chosen = Some((entry, Chosen::Entry(known, inner)));
                    continue;
                }
                (Some(_), Some((first, _))) => {
                    let title = format!("one {what} has both `{}` and `{word}`", first.get_ref());
                    let diagnostic = Diagnostic::new(entry.span(), title);
                    let diagnostic = diagnostic.related(&Place::File(first.span()), "the first is here");
                    diagnostics.push(diagnostic.help("write them one after the other, each in its own braces"));
                }
                (None, _) if self.bare.contains(&word) => {
                    let diagnostic = Diagnostic::new(entry.span(), format!("{what} `{word}` takes no value"));
                    diagnostics.push(diagnostic.help(format!("write only the word, in quotes: \"{word}\"")));
                }
                (None, _) => {
                    let title = format!("unknown {what} \"{word}\"");
                    unknown(entry.span(), &title, word, &self.all(), diagnostics);
                }
            }
            sound = false;
        }
        (chosen.map(|(_, chosen)| chosen), sound)
    }

    fn all(&self) -> Vec<&'static str> {
        [self.keys, self.bare].concat()
    }
}

fn in_file_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<DeString<'i>>, &'a Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The part of the file to underline if the whole choice is wrong: its first key, or the bare word.
pub(in crate::scenario) fn span(value: &Value<'_>) -> std::ops::Range<usize> {
    match value.get_ref() {
        DeValue::Table(table) => table.keys().next().map_or(value.span(), Spanned::span),
        _ => value.span(),
    }
}

/// Defines an enum for a choice between alternatives. In a scenario, a choice is a table with a
/// single key, or a bare word. The key or the word names the alternative.
///
/// A word is the name of its variant in snake case. The caller writes the word and the variant,
/// because the macro cannot change the case.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $name:ident, $what:literal {
            $( $(#[$doc:meta])* $key:ident => $variant:ident($type:ty), )*
            $( ; $( $(#[$bare_doc:meta])* $bare:ident => $bare_variant:ident, )* )?
        }
    ) => {
        #[derive(Clone, Debug, schemars::JsonSchema)]
        #[schemars(rename_all = "snake_case")]
        $(#[$meta])*
        pub(in crate::scenario) enum $name {
            $( $(#[$doc])* $variant($type), )*
            $( $( $(#[$bare_doc])* $bare_variant, )* )?
        }

        impl $name {
            /// The words of this choice.
            pub(in crate::scenario) const WORDS: $crate::scenario::syntax::Words = $crate::scenario::syntax::Words {
                what: $what,
                keys: &[$( $crate::scenario::syntax::unraw(stringify!($key)) ),*],
                bare: &[$( $( $crate::scenario::syntax::unraw(stringify!($bare)) ),* )?],
            };
        }

        impl $crate::scenario::syntax::Read for $name {
            const EXPECTED: &'static str =
                concat!("a table such as `{ ", $crate::scenario::syntax::first_key!($($key),*), " = … }`");

            fn read(
                value: &$crate::scenario::syntax::Value<'_>,
                key: &str,
                diagnostics: &mut $crate::scenario::report::Diagnostics,
            ) -> Option<Self> {
                use $crate::scenario::syntax::{Chosen, Read, unraw};
                match Self::WORDS.choose(value, key, diagnostics)? {
                    $(
                        Chosen::Entry(word, value) if word == unraw(stringify!($key)) => {
                            <$type as Read>::read(value, word, diagnostics).map(Self::$variant)
                        }
                    )*
                    $( $( Chosen::Bare(word) if word == unraw(stringify!($bare)) => Some(Self::$bare_variant), )* )?
                    Chosen::WrongType => $crate::scenario::syntax::wrong_type::<Self>(value, key, diagnostics),
                    Chosen::Entry(..) | Chosen::Bare(_) => unreachable!("`choose` returns only words of this choice"),
                }
            }

            fn span(value: &$crate::scenario::syntax::Value<'_>) -> std::ops::Range<usize> {
                $crate::scenario::syntax::choice_span(value)
            }
        }
    };
}

pub(in crate::scenario) use choice;
