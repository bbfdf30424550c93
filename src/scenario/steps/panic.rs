//! `panic`: ends the task with a panic, always or by chance.

use super::{AccidentSyntax, StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use serde::{Deserialize, Serialize};

/// Ends the task with a panic.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Panic {
    /// The message of the panic.
    pub message: String,
    /// The probability of the panic, 0–1.
    pub chance: f64,
}

impl StepContents for Panic {}

impl StepDefinition for Panic {
    type Syntax = AccidentSyntax;
    const DESCRIPTION: &'static str = "End the task with a panic.";

    fn check(accident: &AccidentSyntax, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Panic> {
        let (message, chance) = accident.check(checker)?;
        Some(Panic { message, chance })
    }
}
