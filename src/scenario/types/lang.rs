//! The languages of a scenario's texts.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use strum::{IntoStaticStr, VariantArray};

/// A language of a scenario's texts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, IntoStaticStr, VariantArray)]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub enum Lang {
    /// English. Every text has an English version.
    #[default]
    En,
    /// Russian.
    Ru,
}
