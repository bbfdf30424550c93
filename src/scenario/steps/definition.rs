//! The traits of a step: what the language needs to know about the step.

use super::{Step, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::types::{Branch, Traits};

/// A step of the language: its syntax and its meaning.
///
/// The type that implements this trait represents the meaning. A value of this type is already
/// checked, and does not contain the places of its parts in the file.
pub(in crate::scenario) trait StepDefinition: StepContents + Sized {
    /// The value that follows the word of the step. `()` for a step that takes no value.
    type Syntax;

    /// What the step does: its description in the JSON Schema.
    const DESCRIPTION: &'static str;

    /// The reason why the step cannot run after its task has left the runtime, for example inside
    /// `offload`. `None`: the step can run there too.
    const NEEDS_RUNTIME: Option<&'static str> = None;

    /// What the step needs from the executor. `None`: the step runs on every executor.
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = None;

    /// Whether the step makes tasks. These tasks form a group, whose name ends with the word of the
    /// step: `api gather`.
    const MAKES_TASKS: bool = false;

    /// Checks the value. Returns `None` after it has reported a mistake.
    ///
    /// The caller has already checked [`NEEDS_RUNTIME`](Self::NEEDS_RUNTIME) and
    /// [`NEEDS_EXECUTOR`](Self::NEEDS_EXECUTOR).
    fn check(syntax: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Self>;

    /// What this step needs from the executor, if that depends on the value of the step.
    fn needs_executor(&self) -> Option<&'static ExecutorNeed> {
        Self::NEEDS_EXECUTOR
    }

    /// The lists of steps in the value.
    fn within(_syntax: &Self::Syntax) -> Vec<&StepListSyntax> {
        Vec::new()
    }

    /// Whether the step never ends, so that the task never reaches the next step.
    fn is_endless(_syntax: &Self::Syntax) -> bool {
        false
    }
}

/// What other modules need to know about a checked step: its inner steps, the tasks that it makes,
/// and the services that it uses.
pub(in crate::scenario) trait StepContents {
    /// The lists of inner steps that this step's own task does.
    fn own_steps(&self) -> Vec<&[Step]> {
        Vec::new()
    }

    /// How many times the step does its inner steps. The number is 1 if the step repeats its inner
    /// steps forever.
    fn rounds(&self) -> f64 {
        1.0
    }

    /// Whether the step always does its inner steps. False: the step sometimes skips them.
    fn is_certain(&self) -> bool {
        true
    }

    /// The tasks that the step makes for its branches.
    fn children(&self) -> Vec<ChildTasks<'_>> {
        Vec::new()
    }

    /// The service of the run that the step uses.
    fn service(&self) -> Option<Service> {
        None
    }
}

/// A number of tasks that a step makes. All these tasks do the same work.
#[derive(Clone, Copy, Debug)]
pub struct ChildTasks<'a> {
    /// The work of each task.
    pub branch: &'a Branch,
    /// The number of tasks. 0: the step makes a task that never starts.
    pub count: u32,
    /// Whether the step waits for the tasks.
    pub awaited: bool,
    /// Whether the task of the step polls the branches itself. If so, the step makes no tasks.
    pub inline: bool,
}

/// Something that steps use, and that the run prepares before the tasks begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// A connection to the loopback HTTP service.
    Http,
    /// The database.
    Database,
    /// A file that the step reads. The value is the size of the file, in bytes.
    FileToRead(u64),
    /// Space in the scratch folder for a file that the step writes. The value is the size of the
    /// file, in bytes.
    FileToWrite(u64),
}

/// What a step needs from the executor.
pub(in crate::scenario) struct ExecutorNeed {
    /// Whether an executor with these traits meets the need.
    pub is_met: fn(Traits) -> bool,
    /// The reason why the step cannot run if the need is not met.
    pub why: &'static str,
    /// What to write instead.
    pub help: &'static str,
}

/// The need of steps that use locks, semaphores or channels.
pub(in crate::scenario) const SHARED_MEMORY: ExecutorNeed = ExecutorNeed {
    is_met: |traits| traits.shares_memory,
    why: "its tasks are in several processes, which share no memory",
    help: "use another executor",
};
