//! `recv`: takes something out of a channel.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name};
use serde::{Deserialize, Serialize};

/// Takes something out of a channel; waits while it is empty.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recv {
    /// Which of [`Scenario::channels`](crate::scenario::Scenario::channels).
    pub channel: String,
}

impl StepContents for Recv {}

impl StepDefinition for Recv {
    type Syntax = At<Name>;
    const DESCRIPTION: &'static str = "Take something out of this channel; wait while it is empty.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(name: &At<Name>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Recv> {
        let channel = checker.shared(SharedKind::Channel, name)?;
        Some(Recv { channel })
    }
}
