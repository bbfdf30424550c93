//! `in_place`: hands the worker's other tasks to another thread, and then does steps.

use super::{ExecutorNeed, Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use serde::{Deserialize, Serialize};

/// Does these steps on the same thread, after the other tasks of the worker have moved to another
/// thread (`block_in_place`).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct InPlace(pub Vec<Step>);

impl StepContents for InPlace {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.0]
    }
}

impl StepDefinition for InPlace {
    type Syntax = StepListSyntax;
    const DESCRIPTION: &'static str = "Do these steps on the same thread, after the other tasks of the worker have moved to \
        another thread (`block_in_place`). Not allowed on `current-thread`.";
    const NEEDS_RUNTIME: Option<&'static str> = Some("the other tasks of the worker have already moved");
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&ExecutorNeed {
        is_met: |traits| traits.can_block_in_place,
        why: "there is no second worker that could take over the other tasks",
        help: "use `offload` instead",
    });

    fn check(steps: &StepListSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<InPlace> {
        checker.steps(steps, context.synchronous()).map(InPlace)
    }

    fn within(steps: &StepListSyntax) -> Vec<&StepListSyntax> {
        vec![steps]
    }
}
