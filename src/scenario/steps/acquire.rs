//! `acquire`: takes a permit of a semaphore, and keeps it.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name};
use serde::{Deserialize, Serialize};

/// Takes a permit, and keeps it until a [`Release`](super::Release) or the end of the repetition.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Acquire {
    /// The name of a semaphore in [`Scenario::semaphores`](crate::scenario::Scenario::semaphores).
    pub semaphore: String,
}

impl StepContents for Acquire {}

impl StepDefinition for Acquire {
    type Syntax = At<Name>;
    const DESCRIPTION: &'static str =
        "Take a permit of this semaphore, and keep it until `release` or the end of the repetition.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(name: &At<Name>, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Acquire> {
        let semaphore = checker.shared(SharedKind::Semaphore, name)?;
        let free = checker.check_not_kept(name);
        if free.is_some() {
            checker.keep(name, context.list.depth);
        }
        free.map(|()| Acquire { semaphore })
    }
}
