//! `sleep`: waits for a deadline.

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Draw;
use serde::{Deserialize, Serialize};

/// Waits for a deadline so far away: suspended on an async executor, a sleeping thread elsewhere.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sleep(pub Draw);

impl StepContents for Sleep {}

impl StepDefinition for Sleep {
    type Syntax = At<syntax::Draw>;
    const DESCRIPTION: &'static str =
        "Wait for a deadline: suspended on an async executor, a sleeping thread on others.";

    fn check(time: &At<syntax::Draw>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Sleep> {
        checker.draw(time).map(Sleep)
    }
}
