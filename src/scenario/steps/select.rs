//! `select`: polls branches in the task itself. The first branch to end decides the result.

use super::{BranchList, BranchesDefinition, BranchesStep, BranchesSyntax, ExecutorNeed};
use crate::scenario::report::Diagnostics;
use crate::scenario::syntax::{self, At, Read, Required, Value, table, wrong_type};
use crate::scenario::types::Branch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

/// Polls all branches in the task itself. The first branch to end decides the result. The other
/// branches are dropped in the step in which they wait.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Select {
    /// What runs.
    pub branches: Vec<Branch>,
    /// Poll the branches in the order of the file. Otherwise, each poll begins at a random branch.
    pub biased: bool,
}

/// A list of branches, or a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "Select", untagged)]
pub(in crate::scenario) enum SelectSyntax {
    /// The branches.
    Branches(BranchList),
    /// The branches, and the order in which they are polled.
    Ordered(OrderedBranches),
}

impl Read for SelectSyntax {
    const EXPECTED: &'static str = "a list of branches, or `{ biased = true, branches = [ … ] }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::Array(_) => At::read(value, key, diagnostics).map(SelectSyntax::Branches),
            DeValue::Table(_) => OrderedBranches::read(value, key, diagnostics).map(SelectSyntax::Ordered),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// Branches, and the order in which they are polled.
    OrderedBranches, "`select`" {
        /// Poll the branches in the order of the file. If `false`, each poll begins at a random
        /// branch. Default: false.
        biased: Option<At<bool>>,
        /// The branches that run: names of called groups, and lists of steps.
        branches: Required<Vec<At<syntax::Branch>>>,
    }
}

impl BranchesSyntax for SelectSyntax {
    fn list(&self) -> Option<&BranchList> {
        match self {
            SelectSyntax::Branches(list) => Some(list),
            SelectSyntax::Ordered(table) => table.branches.0.as_ref(),
        }
    }
}

impl BranchesStep for Select {
    fn branches(&self) -> &[Branch] {
        &self.branches
    }
}

impl BranchesDefinition for Select {
    type Syntax = SelectSyntax;
    const DESCRIPTION: &'static str = "Poll all branches in this task itself (`tokio::select!`). The first branch to end decides the result. \
         The other branches are dropped in the step in which they wait. Not on threads.";
    const INLINE: bool = true;
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&ExecutorNeed {
        is_met: |traits| traits.is_async,
        why: "a thread can wait for one thing at a time, and cannot leave a step before it ends",
        help: "write `race`, which gives each branch a thread of its own",
    });

    fn new(branches: Vec<Branch>, syntax: &SelectSyntax) -> Select {
        let biased = match syntax {
            SelectSyntax::Branches(_) => false,
            SelectSyntax::Ordered(table) => table.biased.as_ref().is_some_and(|biased| biased.value),
        };
        Select { branches, biased }
    }
}
