//! Reading a table whose keys are known: the macro `table!`.

use super::{Diagnostic, Diagnostics, Field, nearest, unknown};
use std::ops::Range;
use toml::de::DeTable;

/// A table that was read.
pub(in crate::scenario) trait Table {
    /// Whether this key is written: what cannot be read, or is mistyped, is `None`, but not absent.
    fn has(&self, key: &str) -> bool;
}

/// A table's entries while a reader takes them.
pub(super) struct Entries<'a, 'i> {
    table: &'a DeTable<'i>,
    span: Range<usize>,
    what: &'static str,
    /// The known keys that are written, or mistyped.
    pub written: Vec<&'static str>,
}

impl<'a, 'i> Entries<'a, 'i> {
    /// Notes the keys that are not `known`.
    pub fn new(
        table: &'a DeTable<'i>,
        span: Range<usize>,
        what: &'static str,
        known: &[&'static str],
        found: &mut Diagnostics,
    ) -> Self {
        let mut written = Vec::new();
        for key in table.keys() {
            let word = key.get_ref().as_ref();
            match known.iter().find(|known| **known == word) {
                Some(known) => written.push(*known),
                None => {
                    let title = format!("unknown key \"{word}\" in {what}");
                    unknown(key.span(), &title, word, known, found);
                    written.extend(nearest(word, known));
                }
            }
        }
        Entries {
            table,
            span,
            what,
            written,
        }
    }

    /// Reads one key, or notes that it is missing.
    pub fn field<F: Field>(&self, key: &str, found: &mut Diagnostics) -> F {
        if let Some(expected) = F::NEEDED
            && !self.written.contains(&key)
        {
            let diagnostic = Diagnostic::new(self.span.clone(), format!("{} has no `{key}`", self.what));
            let diagnostic = diagnostic.label("it is missing here");
            found.push_missing(diagnostic.help(format!("`{key}` is {expected}")));
        }
        F::from_value(self.table.get(key), key, found)
    }
}

/// `r#do` is written `do`.
pub(super) const fn unraw(name: &str) -> &str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// A struct for a table: its fields are the table's keys, `Required<T>` those that have to be there.
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
            /// The keys that are written, readable or not, or mistyped.
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
                let entries = Entries::new(table, span, $what, Self::KEYS, found);
                Self {
                    $( $key: entries.field(unraw(stringify!($key)), found), )*
                    written: entries.written,
                }
            }
        }

        impl Read for $name {
            const EXPECTED: &'static str = concat!("a table such as `{ ", $crate::scenario::raw::entries::first_key!($($key),*), " = … }`");
            const LIST: &'static str = concat!("one or more tables that begin with ", $what);

            fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
                match value.get_ref() {
                    DeValue::Table(table) => Some(Self::from_table(table, value.span(), found)),
                    _ => wrong_type::<Self>(value, key, found),
                }
            }
        }
    };
}

/// The first of a table's keys, as a word.
macro_rules! first_key {
    ($first:ident $(, $rest:ident)*) => {
        stringify!($first)
    };
}

pub(super) use {first_key, table};
