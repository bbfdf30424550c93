//! `semaphore`: does steps while holding a permit.

use super::{ExecutorNeed, SHARED_MEMORY, Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, Holdable, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name, Required, table};
use serde::{Deserialize, Serialize};

/// Does these steps while holding a permit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Semaphore {
    /// The name of a semaphore in [`Scenario::semaphores`](crate::scenario::Scenario::semaphores).
    pub name: String,
    /// The steps that the task does while it holds the permit.
    pub steps: Vec<Step>,
}

table! {
    /// Steps that a task does while it holds a permit. The number of permits limits how many tasks
    /// do these steps at the same time.
    #[schemars(rename = "Permit")]
    PermitSyntax, "`semaphore`" {
        /// The name of a [[semaphore]].
        name: Required<Name>,
        /// The steps that the task does while it holds the permit.
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
    const DESCRIPTION: &'static str = "Do these steps while the task holds a permit of a semaphore.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(permit: &PermitSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Semaphore> {
        let name = permit.name.0.as_ref();
        let known = name.and_then(|name| checker.shared(SharedKind::Semaphore, name));
        let free = name.and_then(|name| checker.check_not_held(Holdable::Permit, name));
        if let Some(name) = name {
            checker.take(Holdable::Permit, name);
        }
        let steps = checker.required_steps(&permit.steps, context.inner());
        if name.is_some() {
            checker.release();
        }
        free?;
        Some(Semaphore {
            name: known?,
            steps: steps?,
        })
    }

    fn within(permit: &PermitSyntax) -> Vec<&StepListSyntax> {
        permit.steps.0.iter().collect()
    }
}
