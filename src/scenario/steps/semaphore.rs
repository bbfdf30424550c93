//! `semaphore`: does steps while holding a permit.

use super::{ExecutorNeed, SHARED_MEMORY, Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name, Required, table};
use serde::{Deserialize, Serialize};

/// Does these steps while holding a permit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Semaphore {
    /// Which of [`Scenario::semaphores`](crate::scenario::Scenario::semaphores).
    pub name: String,
    /// What is done meanwhile.
    pub steps: Vec<Step>,
}

table! {
    /// Steps that so many tasks at a time do as the semaphore has permits.
    #[schemars(rename = "Permit")]
    PermitSyntax, "`semaphore`" {
        /// Which [[semaphore]].
        name: Required<Name>,
        /// What is done while holding the permit.
        steps: Required<Vec<At<super::StepSyntax>>>,
    }
}

impl StepContents for Semaphore {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.steps]
    }
}

impl StepDefinition for Semaphore {
    type Syntax = PermitSyntax;
    const DESCRIPTION: &'static str = "Do these steps while holding a permit of a semaphore.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(permit: &PermitSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Semaphore> {
        let name = permit.name.0.as_ref();
        let name = name.and_then(|name| checker.shared(SharedKind::Semaphore, name));
        let steps = checker.required_steps(&permit.steps, context.inner());
        Some(Semaphore {
            name: name?,
            steps: steps?,
        })
    }

    fn within(permit: &PermitSyntax) -> Vec<&StepListSyntax> {
        permit.steps.0.iter().collect()
    }
}
