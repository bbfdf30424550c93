//! `gather`: runs branches as tasks, and fails at the first failure.

use super::{ChildTasks, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, NO_RUNTIME, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Runs all branches as tasks and waits for all, or for the first failure: its siblings run on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Gather(pub Vec<Branch>);

impl StepContents for Gather {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        ChildTasks::one_each(&self.0)
    }
}

impl StepDefinition for Gather {
    type Syntax = At<Vec<At<syntax::Branch>>>;
    const DESCRIPTION: &'static str =
        "Run all branches as tasks, and wait for all, or for the first failure: its siblings run on.";
    const NEEDS_RUNTIME: Option<&'static str> = Some(NO_RUNTIME);
    const MAKES_TASKS: bool = true;

    fn check(branches: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Gather> {
        checker.branches(branches, context).map(Gather)
    }

    fn within(branches: &Self::Syntax) -> Vec<&StepListSyntax> {
        branches
            .value
            .iter()
            .filter_map(|branch| branch.value.steps())
            .collect()
    }
}
