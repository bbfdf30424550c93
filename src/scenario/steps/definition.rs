//! What the language has to know of a step.

use super::{Step, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::types::{Branch, Traits};

/// A step of the language: what may be written, and what that means.
///
/// The type that has this trait is the meaning: checked, and without places in the file.
pub(in crate::scenario) trait StepDefinition: StepContents + Sized {
    /// What is written after the step's word. `()` for a step that takes no value.
    type Syntax;

    /// What the step does: its text in the JSON Schema.
    const DESCRIPTION: &'static str;

    /// Why the step has no meaning where its task has left the runtime: inside `offload`,
    /// `in_place` and a synchronous lock. `None`: it has a meaning there too.
    const NEEDS_RUNTIME: Option<&'static str> = None;

    /// What the step needs from the executor. `None`: it runs on every executor.
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = None;

    /// Whether the step makes tasks. They form a group that the step's word names: `api gather`.
    const MAKES_TASKS: bool = false;

    /// Checks the value. `None`: what is wrong has been reported.
    ///
    /// [`NEEDS_RUNTIME`](Self::NEEDS_RUNTIME) and [`NEEDS_EXECUTOR`](Self::NEEDS_EXECUTOR) have
    /// been checked already.
    fn check(syntax: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Self>;

    /// The lists of steps in the value.
    fn within(_syntax: &Self::Syntax) -> Vec<&StepListSyntax> {
        Vec::new()
    }

    /// Whether no step after this one is ever reached.
    fn is_endless(_syntax: &Self::Syntax) -> bool {
        false
    }
}

/// What others ask a checked step: its inner steps, the tasks that it makes, the services that it
/// uses.
pub(in crate::scenario) trait StepContents {
    /// The lists of steps that the task itself does as a part of this one.
    fn own_steps(&self) -> Vec<&[Step]> {
        Vec::new()
    }

    /// How many times the step does its own steps. 1 if it has no end.
    fn rounds(&self) -> f64 {
        1.0
    }

    /// Whether the step does its own steps for certain, and not by chance.
    fn is_certain(&self) -> bool {
        true
    }

    /// The tasks that the step makes for its branches.
    fn children(&self) -> Vec<ChildTasks<'_>> {
        Vec::new()
    }

    /// Which service of the run it uses.
    fn service(&self) -> Option<Service> {
        None
    }
}

/// Tasks that a step makes, which all do the same.
#[derive(Clone, Copy, Debug)]
pub struct ChildTasks<'a> {
    /// What each of them does.
    pub branch: &'a Branch,
    /// How many there are. 0: the tasks never start.
    pub count: u32,
    /// Whether the step ends after them.
    pub awaited: bool,
}

impl<'a> ChildTasks<'a> {
    /// A task for each of these branches; the step waits for them.
    pub(super) fn one_each(branches: &'a [Branch]) -> Vec<ChildTasks<'a>> {
        let one = |branch| ChildTasks {
            branch,
            count: 1,
            awaited: true,
        };
        branches.iter().map(one).collect()
    }
}

/// What a run prepares before its tasks begin, for the steps that use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// A connection to the loopback HTTP service.
    Http,
    /// The database.
    Database,
    /// A file of so many bytes to read.
    FileToRead(u64),
    /// Room in the scratch folder for a file of so many bytes.
    FileToWrite(u64),
}

/// What a step needs from the executor.
pub(in crate::scenario) struct ExecutorNeed {
    /// Whether an executor with these traits has it.
    pub is_met: fn(Traits) -> bool,
    /// Why the step has no meaning without it.
    pub why: &'static str,
    /// What to write instead.
    pub help: &'static str,
}

/// The need of steps that work on what tasks share.
pub(in crate::scenario) const SHARED_MEMORY: ExecutorNeed = ExecutorNeed {
    is_met: |traits| traits.shares_memory,
    why: "its tasks are in several processes, which share no memory",
    help: "use another executor",
};
