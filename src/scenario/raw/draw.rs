//! Lengths of time that are drawn: fixed, a range, or a distribution.

use super::choice::{Choice, choice, first};
use super::entries::{Entries, Table, table, unraw};
use super::{
    At, Bounds, DeTable, DeValue, Diagnostics, Length, Read, Required, Value, WrittenDraw, nearest, wrong_type,
};
use schemars::JsonSchema;
use std::ops::Range;
use toml::Spanned;

/// A length of time that is drawn afresh each time: fixed, a range, or a distribution.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Draw {
    /// `"5ms"`, or a range of equally likely lengths: `"5ms..15ms"`.
    Written(WrittenDraw),
    /// A distribution, by its name.
    Distribution(Distribution),
    /// Skewed with a long tail, as latencies are (log-normal).
    LongTail(LongTail),
}

impl Draw {
    /// Whether a key, perhaps mistyped, is one of a long-tailed distribution's.
    fn means_long_tail(key: &str) -> bool {
        let known = [LongTail::KEYS, Distribution::KEYS].concat();
        nearest(key, &known).is_some_and(|near| LongTail::KEYS.contains(&near))
    }
}

impl Read for Draw {
    const EXPECTED: &'static str = WrittenDraw::EXPECTED;

    fn read(value: &Value<'_>, key: &str, found: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) if table.keys().any(|key| Draw::means_long_tail(key.get_ref())) => {
                LongTail::read(value, key, found).map(Draw::LongTail)
            }
            DeValue::Table(_) => Distribution::read(value, key, found).map(Draw::Distribution),
            DeValue::String(_) => WrittenDraw::read(value, key, found).map(Draw::Written),
            _ => wrong_type::<Self>(value, key, found),
        }
    }
}

choice! {
    /// A distribution by its name.
    Distribution, "distribution" {
        /// Equally likely anywhere between two lengths: `["5ms", "15ms"]`.
        "uniform" => Uniform(At<Bounds>),
        /// Bell-shaped, cut off at zero.
        "normal" => Normal(Normal),
        /// Memoryless: many short ones, few long ones.
        "exponential" => Exponential(Exponential),
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
