//! What a group's tasks do, made ready to run: the scenario's steps with their labels, request
//! paths and draws in place.
//!
//! A program is shared by all tasks of its group and never changes. What differs between tasks is
//! in their [`TaskCtx`](super::TaskCtx).

use super::steps::Op;
use crate::record::Label;
use crate::scenario::{Draw, Repeat};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The steps of one group of tasks.
#[derive(Debug)]
pub struct Program {
    /// The group's name.
    pub(super) group: String,
    /// The scenario's seed.
    pub(super) seed: u64,
    pub(super) repeat: Repeat,
    /// Limit on each repetition.
    pub(super) timeout: Option<Draw>,
    pub(super) steps: Steps,
    /// Whether no repetition begins any more.
    pub(super) closed: AtomicBool,
}

impl Program {
    /// From now on no repetition begins: each task of the group ends after its present repetition.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether no repetition begins any more.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// The group's name.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// How often each task does the steps.
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }
}

/// A step and its name.
#[derive(Debug)]
pub(super) struct Instruction {
    pub(super) label: Label,
    pub(super) op: Op,
}

/// A list of steps.
pub(super) type Steps = Arc<[Instruction]>;
