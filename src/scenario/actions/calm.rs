//! `calm`: ends the effects of other actions.

use super::ActionDefinition;
use crate::scenario::check::Checker;
use crate::scenario::report::Place;

/// Stops injected blocks, and restores the initial behaviour of the loopback service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calm;

impl ActionDefinition for Calm {
    type Syntax = ();
    const DESCRIPTION: &'static str =
        "Stop blocking the threads, and restore the initial behaviour of the loopback service.";

    fn check((): &(), _: &Place, _: &mut Checker<'_>) -> Option<Calm> {
        Some(Calm)
    }
}
