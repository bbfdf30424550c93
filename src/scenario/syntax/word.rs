//! Fixed sets of words. Each set is an enum, and a scenario writes the variants as words.

use super::{Diagnostics, Read, Value, unknown, wrong_type};
use crate::scenario::types::{ExecutorKind, How, Kernel, LogLevel};
use strum::VariantArray;

/// Implements [`Read`] for an enum. A scenario writes a variant as the word that `strum` gives it.
/// `$what` completes the text "the name of …".
macro_rules! words {
    ($type:ty, $what:literal) => {
        impl $crate::scenario::syntax::Read for $type {
            const EXPECTED: &'static str = concat!("the name of ", $what, " in quotes");

            fn read(
                value: &$crate::scenario::syntax::Value<'_>,
                key: &str,
                diagnostics: &mut $crate::scenario::report::Diagnostics,
            ) -> Option<Self> {
                $crate::scenario::syntax::read_word(value, key, $what, diagnostics)
            }
        }
    };
}

pub(in crate::scenario) use words;

words!(ExecutorKind, "an executor");
words!(Kernel, "a kernel");
words!(How, "a mode");
words!(LogLevel, "a log level");

/// Reads a word of an enum. `what` is the meaning of the word, with an article: `an executor`.
pub(in crate::scenario) fn read_word<T>(
    value: &Value<'_>,
    key: &str,
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<T>
where
    T: Read + Copy + VariantArray + Into<&'static str>,
{
    let Some(text) = value.get_ref().as_str() else {
        return wrong_type::<T>(value, key, diagnostics);
    };
    let words: Vec<&'static str> = T::VARIANTS.iter().map(|known| (*known).into()).collect();
    let index = words.iter().position(|word| *word == text);
    if index.is_none() {
        let noun = what.split_once(' ').map_or(what, |(_, noun)| noun);
        unknown(
            value.span(),
            &format!("unknown {noun} \"{text}\""),
            text,
            &words,
            diagnostics,
        );
    }
    index.map(|index| T::VARIANTS[index])
}
