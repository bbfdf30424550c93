//! What a group's tasks do, made ready to run: the scenario's steps with their labels, request paths and draws in place.
//!
//! A program is shared by all tasks of its group and never changes; what differs between them is in their
//! [`TaskCtx`](super::TaskCtx).

use super::children::JoinMode;
use crate::record::Label;
use crate::scenario::{DbOp, Draw, FileOp, Formatting, How, Kernel, LogLevel, Repeat};
use hyper::http::uri::PathAndQuery;
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
    pub(super) steps: Arc<[Instruction]>,
    /// No repetition begins any more.
    pub(super) closed: AtomicBool,
}

impl Program {
    /// From now on no repetition begins: the tasks of the group end after the one that they are in.
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
#[derive(Clone, Debug)]
pub(super) struct Instruction {
    pub(super) label: Label,
    pub(super) op: Op,
}

/// Steps within a step.
pub(super) type Steps = Arc<[Instruction]>;

/// A [`Step`](crate::scenario::Step) that is ready to run. Locks, semaphores and channels are meant by their place in the scenario's lists.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Work(Draw),
    Kernel {
        kernel: Kernel,
        size: u32,
    },
    Sleep(Draw),
    Block(Draw),
    Http(PathAndQuery),
    File {
        op: FileOp,
        size: u64,
        how: How,
    },
    Db {
        op: DbOp,
        rows: u32,
        how: How,
    },
    Yield,
    Offload(Steps),
    InPlace(Steps),
    Timeout {
        after: Draw,
        steps: Steps,
    },
    Lock {
        lock: usize,
        how: How,
        steps: Steps,
    },
    Semaphore {
        semaphore: usize,
        steps: Steps,
    },
    Send(usize),
    Recv(usize),
    /// Run each of these as a task, and wait.
    Call {
        manner: JoinMode,
        programs: Arc<[Arc<Program>]>,
    },
    /// Spawn so many, and do not wait.
    Spawn {
        program: Arc<Program>,
        count: u32,
    },
    Unawaited(Arc<Program>),
    Log(Arc<LogEvent>),
    /// One of several lists, each with the sum of the weights up to it.
    Choose(Arc<[(f64, Steps)]>),
    Loop {
        times: Repeat,
        steps: Steps,
    },
    Fail {
        message: String,
        chance: f64,
    },
    Panic {
        message: String,
        chance: f64,
    },
}

/// What a log step writes.
#[derive(Debug)]
pub(super) struct LogEvent {
    pub(super) level: LogLevel,
    pub(super) message: String,
    /// The list that is formatted into it.
    pub(super) items: Vec<u32>,
    pub(super) how: Formatting,
}
