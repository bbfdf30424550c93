//! `block`: puts the thread to sleep.

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::syntax::{self, At};
use crate::scenario::types::Draw;
use serde::{Deserialize, Serialize};

/// Puts the thread to sleep for so long, wherever it runs: on an async executor, the mistake.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Block(pub Draw);

impl StepContents for Block {}

impl StepDefinition for Block {
    type Syntax = At<syntax::Draw>;
    const DESCRIPTION: &'static str =
        "Put the thread to sleep wherever it runs (`std::thread::sleep`): on an async executor, the mistake.";

    fn check(time: &At<syntax::Draw>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Block> {
        checker.draw(time).map(Block)
    }
}
