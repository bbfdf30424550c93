//! `calm`: ends what other actions have brought.

use super::ActionDefinition;
use crate::scenario::check::Checker;
use crate::scenario::report::Place;

/// Stops injected blocks, and gives the loopback service its first behaviour back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calm;

impl ActionDefinition for Calm {
    type Syntax = ();
    const DESCRIPTION: &'static str = "Stop the blocks, and give the loopback service its first behaviour back.";

    fn check((): &(), _: &Place, _: &mut Checker<'_>) -> Option<Calm> {
        Some(Calm)
    }
}
