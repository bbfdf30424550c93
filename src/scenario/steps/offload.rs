//! `offload`: does steps on a blocking thread.

use super::{Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use serde::{Deserialize, Serialize};

/// Does these steps on a blocking thread (`spawn_blocking`). On thread executors, the task does
/// them on its own thread.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Offload(pub Vec<Step>);

impl StepContents for Offload {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.0]
    }
}

impl StepDefinition for Offload {
    type Syntax = StepListSyntax;
    const DESCRIPTION: &'static str = "Do these steps on a blocking thread (`spawn_blocking`). On executors without async tasks, do them on the same thread.";
    const NEEDS_RUNTIME: Option<&'static str> = Some("these steps have already left the runtime");
    const MAKES_TASKS: bool = true;

    fn check(steps: &StepListSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Offload> {
        checker.steps(steps, context.synchronous()).map(Offload)
    }

    fn within(steps: &StepListSyntax) -> Vec<&StepListSyntax> {
        vec![steps]
    }
}
