//! Reading scenarios: valid texts, invalid texts, and arbitrary texts.

mod arbitrary_text;
mod files;
mod overrides;
mod schema;
mod steps;
mod whole_scenarios;

use std::time::Duration;
use tasklab::scenario::*;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn good(text: &str) -> Scenario {
    read("good.toml", text).unwrap_or_else(|report| panic!("{report}"))
}
