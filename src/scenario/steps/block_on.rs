//! `block_on`: runs async steps on a thread that has left the runtime.

use super::{Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use serde::{Deserialize, Serialize};

/// Runs these steps as a future, and blocks the thread until they have ended
/// (`Handle::block_on`). On an async worker, tokio panics. On thread executors, the task does the
/// steps on its own thread.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BlockOn(pub Vec<Step>);

impl StepContents for BlockOn {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.0]
    }
}

impl StepDefinition for BlockOn {
    type Syntax = StepListSyntax;
    const DESCRIPTION: &'static str = "Run these steps as a future, and block the thread until they have ended (`Handle::block_on`). Inside `offload` or `in_place`, this step leads back to the runtime. On an async worker, tokio panics.";

    fn check(steps: &StepListSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<BlockOn> {
        checker.steps(steps, context.other_task()).map(BlockOn)
    }

    fn within(steps: &StepListSyntax) -> Vec<&StepListSyntax> {
        vec![steps]
    }
}
