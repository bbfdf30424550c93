//! `interval`: waits for the next tick.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{At, Length, Required, table, words};
use crate::scenario::types::nanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use strum::{IntoStaticStr, VariantArray};

/// Waits for the next tick of an interval. Each task has its own interval, which starts when the
/// task first does this step and lasts until the task ends. The first tick comes at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// The time between two ticks, above zero.
    #[serde(with = "nanos")]
    pub every: Duration,
    /// What happens after a missed tick.
    pub missed: MissedTicks,
}

/// What an interval does after the task has missed a tick: tokio's `MissedTickBehavior`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoStaticStr, VariantArray, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub enum MissedTicks {
    /// All missed ticks come at once, and then the ticks are on schedule again.
    Burst,
    /// The next tick comes one interval after the late tick. All later ticks move by the same time.
    Delay,
    /// The missed ticks never come. The next tick is on the old schedule.
    Skip,
}

words!(MissedTicks, "a behaviour after missed ticks");

table! {
    /// The ticks of an interval.
    #[schemars(rename = "Interval")]
    IntervalSyntax, "`interval`" {
        /// The time between two ticks, above zero.
        every: Required<Length>,
        /// What happens after the task has missed ticks by more than 5 ms. `burst`: all missed
        /// ticks come at once. `delay`: all later ticks move to later times. `skip`: the missed
        /// ticks never come. Default: `burst`.
        missed: Option<At<MissedTicks>>,
    }
}

impl StepContents for Interval {}

impl StepDefinition for Interval {
    type Syntax = IntervalSyntax;
    const DESCRIPTION: &'static str =
        "Wait for the next tick of an interval. The first tick comes at once, when the task first does this step.";

    fn check(interval: &IntervalSyntax, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Interval> {
        let every = interval.every.0.as_ref()?;
        if every.value.0.is_zero() {
            let diagnostic = Diagnostic::new(every.place.clone(), "an `interval` of zero would never end");
            return checker.reject(diagnostic.label("this is zero"));
        }
        Some(Interval {
            every: every.value.0,
            missed: interval
                .missed
                .as_ref()
                .map_or(MissedTicks::Burst, |missed| missed.value),
        })
    }
}
