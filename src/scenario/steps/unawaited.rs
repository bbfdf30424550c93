//! `unawaited`: makes a future and drops it without running it.

use super::{ChildTasks, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Makes a future and drops it. The future never runs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Unawaited(pub Branch);

impl StepContents for Unawaited {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        vec![ChildTasks {
            branch: &self.0,
            count: 0,
            awaited: false,
            inline: false,
        }]
    }
}

impl StepDefinition for Unawaited {
    type Syntax = At<syntax::Branch>;
    const DESCRIPTION: &'static str = "Make a future and drop it. The future never runs.";
    const NEEDS_RUNTIME: Option<&'static str> = Some("there are no futures here");
    const MAKES_TASKS: bool = true;

    fn check(branch: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Unawaited> {
        checker.branch(branch, false, context).map(Unawaited)
    }

    fn within(branch: &Self::Syntax) -> Vec<&StepListSyntax> {
        branch.value.steps().into_iter().collect()
    }
}
