//! What `gather`, `group` and `race` have in common: their value is a list of branches. Each branch
//! becomes a task, and the step waits for these tasks.

use super::{ChildTasks, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, NO_RUNTIME, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Branch;

/// A step whose value is a list of branches.
///
/// The type that implements this trait defines the differences between the steps. This module
/// defines the syntax and the check.
pub trait BranchesStep: Sized {
    /// What the step does: its description in the JSON Schema.
    const DESCRIPTION: &'static str;

    /// Creates the step from branches that have been checked.
    fn new(branches: Vec<Branch>) -> Self;

    /// The branches, in the order of the file.
    fn branches(&self) -> &[Branch];
}

impl<S: BranchesStep> StepContents for S {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        let one = |branch| ChildTasks {
            branch,
            count: 1,
            awaited: true,
        };
        self.branches().iter().map(one).collect()
    }
}

impl<S: BranchesStep> StepDefinition for S {
    type Syntax = At<Vec<At<syntax::Branch>>>;
    const DESCRIPTION: &'static str = <S as BranchesStep>::DESCRIPTION;
    const NEEDS_RUNTIME: Option<&'static str> = Some(NO_RUNTIME);
    const MAKES_TASKS: bool = true;

    fn check(branches: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<S> {
        checker.branches(branches, context).map(S::new)
    }

    fn within(branches: &Self::Syntax) -> Vec<&StepListSyntax> {
        branches
            .value
            .iter()
            .filter_map(|branch| branch.value.steps())
            .collect()
    }
}
