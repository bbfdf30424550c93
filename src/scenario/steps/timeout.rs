//! `timeout`: does steps with a time limit.

use super::{Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::syntax::{self, At, Required, table};
use crate::scenario::types::Draw;
use serde::{Deserialize, Serialize};

/// Does these steps with a time limit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Timeout {
    /// The time limit.
    pub after: Draw,
    /// The steps to which the limit applies.
    pub steps: Vec<Step>,
}

table! {
    /// Steps that must end within a time limit.
    #[schemars(rename = "Timeout")]
    TimeoutSyntax, "`timeout`" {
        /// The time limit, above zero.
        after: Required<syntax::Draw>,
        /// The steps to which the limit applies.
        steps: Required<Vec<At<super::StepSyntax>>>,
    }
}

impl StepContents for Timeout {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.steps]
    }
}

impl StepDefinition for Timeout {
    type Syntax = TimeoutSyntax;
    const DESCRIPTION: &'static str = "Do these steps with a time limit.";

    fn check(syntax: &TimeoutSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Timeout> {
        let zero = "a `timeout` of zero would end its steps before they begin";
        let after = syntax.after.0.as_ref();
        let after = after.and_then(|after| checker.positive_draw(after, zero));
        let steps = checker.required_steps(&syntax.steps, context.inner());
        Some(Timeout {
            after: after?,
            steps: steps?,
        })
    }

    fn within(syntax: &TimeoutSyntax) -> Vec<&StepListSyntax> {
        syntax.steps.0.iter().collect()
    }
}
