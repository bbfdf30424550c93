//! `cleanup`: steps that run if the task is cancelled.

use super::{Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use serde::{Deserialize, Serialize};

/// Runs these steps if the task is cancelled before it has done the other steps of the list. The
/// steps run during the drop of the cancelled task, so they are synchronous.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Cleanup(pub Vec<Step>);

impl StepContents for Cleanup {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.0]
    }

    fn is_certain(&self) -> bool {
        false
    }
}

impl StepDefinition for Cleanup {
    type Syntax = StepListSyntax;
    const DESCRIPTION: &'static str = "Do these steps if the task is cancelled before it has done the other steps of this list. The steps run synchronously, while the task is dropped. A task on a thread cannot be cancelled.";
    const NEEDS_RUNTIME: Option<&'static str> = Some("work on a thread cannot be cancelled");

    fn check(steps: &StepListSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Cleanup> {
        let around = checker.enter_cleanup();
        let steps = checker.steps(steps, context.synchronous());
        checker.leave_branch(around);
        steps.map(Cleanup)
    }

    fn within(steps: &StepListSyntax) -> Vec<&StepListSyntax> {
        vec![steps]
    }
}
