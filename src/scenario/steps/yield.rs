//! `yield`: gives way to other tasks once.

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};

/// Gives way to others once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Yield;

impl StepContents for Yield {}

impl StepDefinition for Yield {
    type Syntax = ();
    const DESCRIPTION: &'static str = "Give way to others once.";
    const NEEDS_RUNTIME: Option<&'static str> = Some("there is no other task to give way to");

    fn check((): &(), _: StepContext<'_>, _: &mut Checker<'_>) -> Option<Yield> {
        Some(Yield)
    }
}
