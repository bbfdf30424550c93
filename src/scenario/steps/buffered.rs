//! `buffered`: polls many branches in the task itself, but only a limited number at a time.

use super::{ChildTasks, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, NO_POLLS, StepContext};
use crate::scenario::limits;
use crate::scenario::syntax::{self, At, Required, table};
use crate::scenario::types::Branch;
use serde::{Deserialize, Serialize};

/// Does the same work in many branches, and waits until all branches have ended. The task itself
/// polls the branches, but only a limited number at a time. If one branch fails, the others
/// continue, and the step fails at the end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Buffered {
    /// The work of each branch.
    pub branch: Branch,
    /// The number of branches.
    pub count: u32,
    /// The number of slots. A branch takes a slot when it starts.
    pub limit: u32,
    /// Whether a branch gives up its slot as soon as it has ended. Otherwise, the branch keeps its
    /// slot until all branches before it have ended.
    pub unordered: bool,
}

table! {
    /// Work that a task does many times, some of it at the same time.
    #[schemars(rename = "Buffered")]
    BufferedSyntax, "`buffered`" {
        /// The work of each branch: the name of a called group, or a list of steps.
        what: Required<syntax::Branch>,
        /// The number of branches, 1–100000.
        #[schemars(range(min = 1, max = limits::SPAWN))]
        count: Required<u64>,
        /// The number of slots, 1–1000. A branch uses a slot from its start on.
        #[schemars(range(min = 1, max = limits::BRANCHES))]
        limit: Required<u64>,
        /// `false`: a branch that has ended keeps its slot until all branches before it have ended
        /// (`buffered`). `true`: it gives up its slot at once (`buffer_unordered`). Default: false.
        unordered: Option<At<bool>>,
    }
}

impl StepContents for Buffered {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        vec![ChildTasks {
            branch: &self.branch,
            count: self.count,
            awaited: true,
            inline: true,
        }]
    }
}

impl StepDefinition for Buffered {
    type Syntax = BufferedSyntax;
    const DESCRIPTION: &'static str = "Do the same work many times in this task itself, at most `limit` of it at a time (`buffered` of the crate \
         futures), and wait until all has ended.";
    const NEEDS_RUNTIME: Option<&'static str> = Some(NO_POLLS);
    const MAKES_TASKS: bool = true;

    fn check(syntax: &BufferedSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Buffered> {
        let count = syntax.count.0.as_ref();
        let count = count.and_then(|count| checker.number("count", count, limits::SPAWN, "nothing would run"));
        let limit = syntax.limit.0.as_ref();
        let limit =
            limit.and_then(|limit| checker.number("limit", limit, limits::BRANCHES as u64, "nothing would run"));
        let branch = syntax.what.0.as_ref();
        let branch = branch.and_then(|branch| checker.branch(branch, true, context));
        Some(Buffered {
            branch: branch?,
            count: count?,
            limit: limit?,
            unordered: syntax.unordered.as_ref().is_some_and(|unordered| unordered.value),
        })
    }

    fn within(syntax: &BufferedSyntax) -> Vec<&StepListSyntax> {
        let branch = syntax.what.0.as_ref();
        branch.and_then(|branch| branch.value.steps()).into_iter().collect()
    }
}
