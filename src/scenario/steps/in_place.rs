//! `in_place`: does steps after handing the worker's other tasks to another thread.

use super::{ExecutorNeed, Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use serde::{Deserialize, Serialize};

/// Does these steps right here, after the worker's other tasks went to another thread
/// (`block_in_place`).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct InPlace(pub Vec<Step>);

impl StepContents for InPlace {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.0]
    }
}

impl StepDefinition for InPlace {
    type Syntax = StepListSyntax;
    const DESCRIPTION: &'static str = "Do these steps right here, after the worker's other tasks went to another thread \
        (`block_in_place`). Not on `current-thread`. On the pool: right there.";
    const NEEDS_RUNTIME: Option<&'static str> = Some("the worker's other tasks are elsewhere already");
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&ExecutorNeed {
        is_met: |traits| traits.can_block_in_place,
        why: "there is no second worker to take the other tasks",
        help: "write `offload`",
    });

    fn check(steps: &StepListSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<InPlace> {
        checker.steps(steps, context.synchronous()).map(InPlace)
    }

    fn within(steps: &StepListSyntax) -> Vec<&StepListSyntax> {
        vec![steps]
    }
}
