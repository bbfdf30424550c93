//! `release`: gives a permit back.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name};
use serde::{Deserialize, Serialize};

/// Gives back the permit that the task acquired last. Fails if the task holds no permit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Release {
    /// The name of a semaphore in [`Scenario::semaphores`](crate::scenario::Scenario::semaphores).
    pub semaphore: String,
}

impl StepContents for Release {}

impl StepDefinition for Release {
    type Syntax = At<Name>;
    const DESCRIPTION: &'static str = "Give back the permit of this semaphore that this task acquired last. The step fails if the task holds no such permit.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(name: &At<Name>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Release> {
        let semaphore = checker.shared(SharedKind::Semaphore, name)?;
        checker.give_back(&name.value);
        Some(Release { semaphore })
    }
}
