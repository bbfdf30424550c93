//! `fail`: ends the repetition as failed, always or by chance.

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::report::Diagnostics;
use crate::scenario::syntax::{At, Line, Read, Required, Value, table, wrong_type};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

/// Ends this repetition as failed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fail {
    /// The log message.
    pub message: String,
    /// The probability of the failure, 0–1.
    pub chance: f64,
}

/// A failure or a panic: a message, or a message with a probability.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "Accident", untagged)]
pub(in crate::scenario) enum AccidentSyntax {
    /// The failure or panic always happens. The value is the log message.
    Always(Line),
    /// The failure or panic happens with a given probability.
    Chance(Chance),
}

impl Read for AccidentSyntax {
    const EXPECTED: &'static str = "a message in quotes, or `{ message = …, chance = … }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => Line::read(value, key, diagnostics).map(AccidentSyntax::Always),
            DeValue::Table(_) => Chance::read(value, key, diagnostics).map(AccidentSyntax::Chance),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// A failure or panic that happens with a given probability.
    Chance, "`fail` or `panic`" {
        /// The log message.
        message: Required<Line>,
        /// The probability, 0–1. Default: 1.
        #[schemars(range(min = 0, max = 1))]
        chance: Option<At<f64>>,
    }
}

impl AccidentSyntax {
    /// The message, and the probability of the failure or panic, 0–1.
    pub(super) fn check(&self, checker: &mut Checker<'_>) -> Option<(String, f64)> {
        match self {
            AccidentSyntax::Always(message) => Some((message.0.clone(), 1.0)),
            AccidentSyntax::Chance(Chance { message, chance, .. }) => {
                let chance = chance.as_ref();
                let chance = chance.map_or(Some(1.0), |chance| checker.share("chance", chance));
                Some((message.0.as_ref()?.value.0.clone(), chance?))
            }
        }
    }
}

impl StepContents for Fail {}

impl StepDefinition for Fail {
    type Syntax = AccidentSyntax;
    const DESCRIPTION: &'static str = "End this repetition as failed.";

    fn check(accident: &AccidentSyntax, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Fail> {
        let (message, chance) = accident.check(checker)?;
        Some(Fail { message, chance })
    }
}
