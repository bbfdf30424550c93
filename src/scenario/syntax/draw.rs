//! Lengths of time that are drawn: fixed, a range, or a distribution.

use super::{
    At, Bounds, DeValue, Diagnostics, Length, LengthOrRange, Read, Required, Value, choice, nearest, table, wrong_type,
};
use schemars::JsonSchema;

/// A length of time that is drawn afresh each time: fixed, a range, or a distribution.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Draw {
    /// `"5ms"`, or a range of equally likely lengths: `"5ms..15ms"`.
    Written(LengthOrRange),
    /// A distribution, by its name.
    Distribution(Distribution),
    /// Skewed with a long tail, as latencies are (log-normal).
    LongTail(LongTail),
}

impl Draw {
    /// Whether a key, perhaps mistyped, is a key of a long-tailed distribution.
    fn means_long_tail(key: &str) -> bool {
        let known = [LongTail::KEYS, Distribution::WORDS.keys].concat();
        nearest(key, &known).is_some_and(|near| LongTail::KEYS.contains(&near))
    }
}

impl Read for Draw {
    const EXPECTED: &'static str = LengthOrRange::EXPECTED;

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) if table.keys().any(|key| Draw::means_long_tail(key.get_ref())) => {
                LongTail::read(value, key, diagnostics).map(Draw::LongTail)
            }
            DeValue::Table(_) => Distribution::read(value, key, diagnostics).map(Draw::Distribution),
            DeValue::String(_) => LengthOrRange::read(value, key, diagnostics).map(Draw::Written),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

choice! {
    /// A distribution by its name.
    Distribution, "distribution" {
        /// Equally likely anywhere between two lengths: `["5ms", "15ms"]`.
        uniform => Uniform(At<Bounds>),
        /// Bell-shaped, cut off at zero.
        normal => Normal(Normal),
        /// Memoryless: many short ones, few long ones.
        exponential => Exponential(Exponential),
    }
}

table! {
    /// A bell-shaped distribution.
    Normal, "`normal`" {
        /// The mean, above zero.
        mean: Required<Length>,
        /// The standard deviation.
        sd: Required<Length>,
    }
}

table! {
    /// A memoryless distribution.
    Exponential, "`exponential`" {
        /// The mean, above zero.
        mean: Required<Length>,
    }
}

table! {
    /// A log-normal distribution.
    LongTail, "a distribution with a long tail" {
        /// Half of the draws are below it; above zero.
        median: Required<Length>,
        /// One draw in a hundred is above it; above the median.
        p99: Required<Length>,
    }
}
