//! `barrier`: waits for other tasks at a barrier.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name};
use serde::{Deserialize, Serialize};

/// Waits at the barrier until the number of waiting tasks reaches the number that the barrier
/// needs. Then all these tasks continue.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Barrier {
    /// The name of a barrier in [`Scenario::barriers`](crate::scenario::Scenario::barriers).
    pub name: String,
}

impl StepContents for Barrier {}

impl StepDefinition for Barrier {
    type Syntax = At<Name>;
    const DESCRIPTION: &'static str =
        "Wait at this barrier until `tasks` tasks wait there. Then all these tasks continue.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(name: &At<Name>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Barrier> {
        let name = checker.shared(SharedKind::Barrier, name)?;
        Some(Barrier { name })
    }
}
