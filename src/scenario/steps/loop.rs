//! `loop`: repeats steps.

use super::{Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::syntax::{self, At, Required, table};
use crate::scenario::types::Repeat;
use serde::{Deserialize, Serialize};

/// Repeats these steps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Loop {
    /// The number of repetitions.
    pub times: Repeat,
    /// The steps that are repeated.
    pub steps: Vec<Step>,
}

table! {
    /// Steps that are repeated.
    #[schemars(rename = "Loop")]
    LoopSyntax, "`loop`" {
        /// The number of repetitions: a number from 1, or `forever`.
        times: Required<syntax::Repeat>,
        /// The steps that are repeated.
        steps: Required<Vec<At<super::StepSyntax>>>,
    }
}

impl StepContents for Loop {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.steps]
    }

    fn rounds(&self) -> f64 {
        match self.times {
            Repeat::Times(times) => times as f64,
            Repeat::Forever => 1.0,
        }
    }
}

impl StepDefinition for Loop {
    type Syntax = LoopSyntax;
    const DESCRIPTION: &'static str = "Repeat these steps.";

    fn check(syntax: &LoopSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Loop> {
        let times = syntax.times.0.as_ref();
        let times = times.and_then(|times| checker.repeat("times", times));
        let steps = checker.required_steps(&syntax.steps, context.inner());
        Some(Loop {
            times: times?,
            steps: steps?,
        })
    }

    fn within(syntax: &LoopSyntax) -> Vec<&StepListSyntax> {
        syntax.steps.0.iter().collect()
    }

    fn is_endless(syntax: &LoopSyntax) -> bool {
        let times = syntax.times.0.as_ref();
        times.is_some_and(|times| matches!(times.value, syntax::Repeat::Forever))
    }
}
