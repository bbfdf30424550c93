//! `yield`: lets other tasks run once.

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};

/// Lets other tasks run once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Yield;

impl StepContents for Yield {}

impl StepDefinition for Yield {
    type Syntax = ();
    const DESCRIPTION: &'static str = "Let other tasks run once.";
    const NEEDS_RUNTIME: Option<&'static str> = Some("there is no other task that could run");

    fn check((): &(), _: StepContext<'_>, _: &mut Checker<'_>) -> Option<Yield> {
        Some(Yield)
    }
}
