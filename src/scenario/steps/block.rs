//! `block`: puts the thread to sleep.

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Draw;
use serde::{Deserialize, Serialize};

/// Puts the thread of the task to sleep for this duration. On an async executor, this is the
/// mistake.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Block(pub Draw);

impl StepContents for Block {}

impl StepDefinition for Block {
    type Syntax = At<syntax::Draw>;
    const DESCRIPTION: &'static str =
        "Put the thread of the task to sleep (`std::thread::sleep`). On an async executor, this is the mistake.";

    fn check(time: &At<syntax::Draw>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Block> {
        checker.draw(time).map(Block)
    }
}
