//! What steps with branches have in common. `gather`, `group` and `race` make a task of each
//! branch. `join`, `try_join` and `select` poll the branches in the task of the step. All these
//! steps wait for their branches.

use super::{ChildTasks, ExecutorNeed, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, NO_POLLS, NO_RUNTIME, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Branch;

/// A list of branches, as the file writes it.
pub(in crate::scenario) type BranchList = At<Vec<At<syntax::Branch>>>;

/// A step with branches.
pub trait BranchesStep {
    /// The branches, in the order of the file.
    fn branches(&self) -> &[Branch];
}

/// The definition of a step with branches.
///
/// The type that implements this trait defines the differences between the steps. This module
/// defines the syntax and the check.
pub(in crate::scenario) trait BranchesDefinition: BranchesStep + Sized {
    /// The value that follows the word of the step.
    type Syntax: BranchesSyntax;

    /// What the step does: its description in the JSON Schema.
    const DESCRIPTION: &'static str;

    /// True: the task polls the branches itself. False: each branch is a task.
    const INLINE: bool = false;

    /// What the step needs from the executor. `None`: the step runs on every executor.
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = None;

    /// Creates the step from branches that have been checked.
    fn new(branches: Vec<Branch>, syntax: &Self::Syntax) -> Self;
}

/// The value of a step with branches.
pub(in crate::scenario) trait BranchesSyntax {
    /// The branches. `None`: the value has no branches, and this mistake has been reported.
    fn list(&self) -> Option<&BranchList>;
}

impl BranchesSyntax for BranchList {
    fn list(&self) -> Option<&BranchList> {
        Some(self)
    }
}

impl<S: BranchesDefinition> StepContents for S {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        let one = |branch| ChildTasks {
            branch,
            count: 1,
            awaited: true,
            inline: S::INLINE,
        };
        self.branches().iter().map(one).collect()
    }
}

impl<S: BranchesDefinition> StepDefinition for S {
    type Syntax = S::Syntax;
    const DESCRIPTION: &'static str = <S as BranchesDefinition>::DESCRIPTION;
    const NEEDS_RUNTIME: Option<&'static str> = Some(if S::INLINE { NO_POLLS } else { NO_RUNTIME });
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = <S as BranchesDefinition>::NEEDS_EXECUTOR;
    const MAKES_TASKS: bool = true;

    fn check(syntax: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<S> {
        let branches = checker.branches(syntax.list()?, context)?;
        Some(S::new(branches, syntax))
    }

    fn within(syntax: &Self::Syntax) -> Vec<&StepListSyntax> {
        let branches = syntax.list().into_iter().flat_map(|branches| &branches.value);
        branches.filter_map(|branch| branch.value.steps()).collect()
    }
}
