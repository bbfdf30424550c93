//! `notified`: waits for a notification.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, NamedKind, StepContext};
use crate::scenario::syntax::{At, Name};
use serde::{Deserialize, Serialize};

/// Waits for a [`Notify`](super::Notify).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Notified {
    /// The name of a notification in [`Scenario::notifies`](crate::scenario::Scenario::notifies).
    pub name: String,
}

impl StepContents for Notified {}

impl StepDefinition for Notified {
    type Syntax = At<Name>;
    const DESCRIPTION: &'static str = "Wait until another task does a `notify` step with this name.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(name: &At<Name>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Notified> {
        let name = checker.named(NamedKind::Notify, name)?;
        Some(Notified { name })
    }
}
