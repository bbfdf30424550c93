//! `barrier`: waits for other tasks at a barrier.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name};
use serde::{Deserialize, Serialize};

/// Waits until as many tasks wait here as the barrier needs. Then all of them continue.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Barrier {
    /// Which of [`Scenario::barriers`](crate::scenario::Scenario::barriers).
    pub name: String,
}

impl StepContents for Barrier {}

impl StepDefinition for Barrier {
    type Syntax = At<Name>;
    const DESCRIPTION: &'static str =
        "Wait until as many tasks wait at this barrier as its `tasks`. Then all continue.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(name: &At<Name>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Barrier> {
        let name = checker.shared(SharedKind::Barrier, name)?;
        Some(Barrier { name })
    }
}
