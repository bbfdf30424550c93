//! `send`: sends a message to a channel.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, SharedKind, StepContext};
use crate::scenario::syntax::{At, Name};
use serde::{Deserialize, Serialize};

/// Sends a message to a channel. Waits while a queue is full.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Send {
    /// The name of a channel in [`Scenario::channels`](crate::scenario::Scenario::channels).
    pub channel: String,
}

impl StepContents for Send {}

impl StepDefinition for Send {
    type Syntax = At<Name>;
    const DESCRIPTION: &'static str =
        "Send a message to this channel. Wait while a queue is full; `watch` and `broadcast` never wait.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(name: &At<Name>, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Send> {
        let channel = checker.shared(SharedKind::Channel, name)?;
        Some(Send { channel })
    }
}
