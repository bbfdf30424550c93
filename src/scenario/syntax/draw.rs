//! The syntax of drawn durations: a fixed duration, a range, or a distribution.

use super::{
    At, Bounds, DeValue, Diagnostics, Length, LengthOrRange, Read, Required, Value, choice, nearest, table, wrong_type,
};
use schemars::JsonSchema;

/// A fixed duration, a range of durations, or a distribution. A random duration is chosen anew at
/// each use.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Draw {
    /// A fixed duration, `"5ms"`, or a range of equally likely durations, `"5ms..15ms"`.
    Written(LengthOrRange),
    /// A distribution that is chosen by its name.
    Distribution(Distribution),
    /// A distribution with a long tail (log-normal). Latencies often have such a distribution.
    LongTail(LongTail),
}

impl Draw {
    /// Whether this key belongs to a distribution with a long tail. The key may be mistyped.
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
    /// A distribution that is chosen by its name.
    Distribution, "distribution" {
        /// All durations between two bounds are equally likely: `["5ms", "15ms"]`.
        uniform => Uniform(At<Bounds>),
        /// A bell-shaped distribution that is cut off at zero.
        normal => Normal(Normal),
        /// A memoryless distribution: many short durations and few long durations.
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
        /// The median, above zero. Half of the drawn durations are shorter than this value.
        median: Required<Length>,
        /// The 99th percentile, above the median. One drawn duration in a hundred is longer than
        /// this value.
        p99: Required<Length>,
    }
}
