//! `group`: runs branches as tasks, of which the first failure cancels the others.

use super::{ChildTasks, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, NO_RUNTIME, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Runs all branches as tasks. The first failure cancels the others; the step waits for all, and
/// fails with all failures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Group(pub Vec<Branch>);

impl StepContents for Group {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        ChildTasks::one_each(&self.0)
    }
}

impl StepDefinition for Group {
    type Syntax = At<Vec<At<syntax::Branch>>>;
    const DESCRIPTION: &'static str =
        "Run all branches as tasks; the first failure cancels the others; wait until every one has ended.";
    const NEEDS_RUNTIME: Option<&'static str> = Some(NO_RUNTIME);
    const MAKES_TASKS: bool = true;

    fn check(branches: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Group> {
        checker.branches(branches, context).map(Group)
    }

    fn within(branches: &Self::Syntax) -> Vec<&StepListSyntax> {
        branches
            .value
            .iter()
            .filter_map(|branch| branch.value.steps())
            .collect()
    }
}
