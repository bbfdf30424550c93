//! `recv`: receives a message from a channel.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name};
use serde::{Deserialize, Serialize};

/// Receives a message from a channel. Waits while there is none.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recv {
    /// The name of a channel in [`Scenario::channels`](crate::scenario::Scenario::channels).
    pub channel: String,
}

impl StepContents for Recv {}

impl StepDefinition for Recv {
    type Syntax = At<Name>;
    const DESCRIPTION: &'static str = "Receive a message from this channel. Wait while there is none for this task.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(name: &At<Name>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Recv> {
        let channel = checker.shared(SharedKind::Channel, name)?;
        Some(Recv { channel })
    }
}
