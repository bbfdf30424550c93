//! `race`: runs branches as tasks, of which the first to end decides.

use super::{ChildTasks, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, NO_RUNTIME, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Runs all branches as tasks. The first to end decides, and the others are cancelled.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Race(pub Vec<Branch>);

impl StepContents for Race {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        ChildTasks::one_each(&self.0)
    }
}

impl StepDefinition for Race {
    type Syntax = At<Vec<At<syntax::Branch>>>;
    const DESCRIPTION: &'static str =
        "Run all branches as tasks; the first that ends decides, and the others are cancelled.";
    const NEEDS_RUNTIME: Option<&'static str> = Some(NO_RUNTIME);
    const MAKES_TASKS: bool = true;

    fn check(branches: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Race> {
        checker.branches(branches, context).map(Race)
    }

    fn within(branches: &Self::Syntax) -> Vec<&StepListSyntax> {
        branches
            .value
            .iter()
            .filter_map(|branch| branch.value.steps())
            .collect()
    }
}
