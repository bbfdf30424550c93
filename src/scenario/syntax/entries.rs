//! Reading a table whose keys are known: the macro `table!`.

use super::{Diagnostic, Diagnostics, Field, nearest, unknown};
use std::ops::Range;
use toml::de::DeTable;

/// A table that has been read.
pub(in crate::scenario) trait Table {
    /// Whether the file contains this key. The answer is also yes if the value of the key cannot be
    /// read, or if the key is mistyped. In both cases the field of the key is `None`.
    fn has(&self, key: &str) -> bool;
}

/// A hint for an unknown key, if the language has another way to write the same thing. `None`: the
/// language has no such hint for this key.
fn written_elsewhere(table: &str, key: &str) -> Option<&'static str> {
    const POOL_KEYS: [&str; 4] = ["pool", "pool_size", "connections", "max_connections"];
    let is_pool = table == "[db]" && POOL_KEYS.contains(&key);
    is_pool.then_some("a connection pool is a `[[semaphore]]`: its `permits` are the connections")
}

/// The entries of a table that is being read.
pub(in crate::scenario) struct Entries<'a, 'i> {
    table: &'a DeTable<'i>,
    span: Range<usize>,
    what: &'static str,
    /// The known keys that the file contains, and the known keys that mistyped keys probably mean.
    pub written: Vec<&'static str>,
}

impl<'a, 'i> Entries<'a, 'i> {
    /// Prepares to read a table. Reports the keys of the table that are not in `known`.
    pub(crate) fn new(
        table: &'a DeTable<'i>,
        span: Range<usize>,
        what: &'static str,
        known: &[&'static str],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut written = Vec::new();
        for key in table.keys() {
            let word = key.get_ref().as_ref();
            match known.iter().find(|known| **known == word) {
                Some(known) => written.push(*known),
                None => {
                    let title = format!("unknown key \"{word}\" in {what}");
                    match written_elsewhere(what, word) {
                        Some(help) => diagnostics.push(Diagnostic::new(key.span(), title).help(help)),
                        None => unknown(key.span(), &title, word, known, diagnostics),
                    }
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

    /// Reads the value of one key, or reports that the key is missing.
    pub(crate) fn field<F: Field>(&self, key: &str, diagnostics: &mut Diagnostics) -> F {
        if let Some(expected) = F::NEEDED
            && !self.written.contains(&key)
        {
            let diagnostic = Diagnostic::new(self.span.clone(), format!("{} has no `{key}`", self.what));
            let diagnostic = diagnostic.label("it is missing here");
            diagnostics.push_missing(diagnostic.help(format!("`{key}` is {expected}")));
        }
        F::from_value(self.table.get(key), key, diagnostics)
    }
}

/// The word for a Rust identifier: `do` for `r#do`.
pub(in crate::scenario) const fn unraw(name: &str) -> &str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Defines a struct for a table. The fields of the struct are the keys of the table. A key that
/// must be present has the type `Required<T>`.
macro_rules! table {
    (
        $(#[$meta:meta])*
        $name:ident, $what:literal { $( $(#[$doc:meta])* $key:ident: $type:ty, )* }
    ) => {
        #[derive(Clone, Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        $(#[$meta])*
        pub(in crate::scenario) struct $name {
            $( $(#[$doc])* pub $key: $type, )*
            /// The known keys that the file contains, even if their values cannot be read. The list
            /// also contains the known keys that mistyped keys probably mean.
            #[schemars(skip)]
            written: Vec<&'static str>,
        }

        impl $crate::scenario::syntax::Table for $name {
            fn has(&self, key: &str) -> bool {
                self.written.contains(&key)
            }
        }

        impl $name {
            /// All keys, in the order of the definition.
            pub(in crate::scenario) const KEYS: &[&str] = &[$( $crate::scenario::syntax::unraw(stringify!($key)) ),*];

            pub(in crate::scenario) fn from_table(
                table: &toml::de::DeTable<'_>,
                span: std::ops::Range<usize>,
                diagnostics: &mut $crate::scenario::report::Diagnostics,
            ) -> Self {
                let entries = $crate::scenario::syntax::Entries::new(table, span, $what, Self::KEYS, diagnostics);
                Self {
                    $( $key: entries.field($crate::scenario::syntax::unraw(stringify!($key)), diagnostics), )*
                    written: entries.written,
                }
            }
        }

        impl $crate::scenario::syntax::Read for $name {
            const EXPECTED: &'static str =
                concat!("a table such as `{ ", $crate::scenario::syntax::first_key!($($key),*), " = … }`");
            const LIST: &'static str = concat!("one or more tables that begin with ", $what);

            fn read(
                value: &$crate::scenario::syntax::Value<'_>,
                key: &str,
                diagnostics: &mut $crate::scenario::report::Diagnostics,
            ) -> Option<Self> {
                match value.get_ref() {
                    toml::de::DeValue::Table(table) => Some(Self::from_table(table, value.span(), diagnostics)),
                    _ => $crate::scenario::syntax::wrong_type::<Self>(value, key, diagnostics),
                }
            }
        }
    };
}

/// The first of several identifiers, as text.
macro_rules! first_key {
    ($first:ident $(, $rest:ident)*) => {
        stringify!($first)
    };
}

pub(in crate::scenario) use {first_key, table};
