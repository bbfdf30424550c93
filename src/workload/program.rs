//! The compiled steps of a group: each step has its label, and each request has its path.
//!
//! All tasks of a group share one program, whose steps never change. The state of a single task is
//! in its [`TaskCtx`](super::TaskCtx).

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
    /// The time limit of each repetition.
    pub(super) timeout: Option<Draw>,
    pub(super) steps: Steps,
    /// The channels that give each item to every receiver, and from which each task receives.
    pub(super) receives: Vec<usize>,
    /// Whether the group is closed, so that no further repetition begins.
    pub(super) closed: AtomicBool,
}

impl Program {
    /// Closes the group. From now on, no repetition begins, and each task of the group ends after
    /// its current repetition.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether the group is closed, so that no further repetition begins.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// The group's name.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// How often each task repeats the steps.
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
