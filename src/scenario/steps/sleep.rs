//! `sleep`: waits for a deadline.

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Draw;
use serde::{Deserialize, Serialize};

/// Waits for this duration. On an async executor the task is suspended. On other executors its
/// thread sleeps.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sleep(pub Draw);

impl StepContents for Sleep {}

impl StepDefinition for Sleep {
    type Syntax = At<syntax::Draw>;
    const DESCRIPTION: &'static str =
        "Wait for this duration. On an async executor the task is suspended. On other executors its thread sleeps.";

    fn check(time: &At<syntax::Draw>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Sleep> {
        checker.draw(time).map(Sleep)
    }
}
