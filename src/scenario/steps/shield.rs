//! `shield`: runs a branch as a task. This task continues even if its parent is cancelled.

use super::{ChildTasks, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, NO_RUNTIME, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Runs a branch as a task, and waits for it. If the waiting task is cancelled, the branch
/// continues.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shield(pub Branch);

impl StepContents for Shield {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        vec![ChildTasks {
            branch: &self.0,
            count: 1,
            awaited: true,
            inline: false,
        }]
    }
}

impl StepDefinition for Shield {
    type Syntax = At<syntax::Branch>;
    const DESCRIPTION: &'static str =
        "Run this branch as a task, and wait for it. If the waiting task is cancelled, the branch continues.";
    const NEEDS_RUNTIME: Option<&'static str> = Some(NO_RUNTIME);
    const MAKES_TASKS: bool = true;

    fn check(branch: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Shield> {
        checker.branch(branch, true, context).map(Shield)
    }

    fn within(branch: &Self::Syntax) -> Vec<&StepListSyntax> {
        branch.value.steps().into_iter().collect()
    }
}
