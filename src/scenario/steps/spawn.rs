//! `spawn`: makes tasks, and either continues or waits for them.

use super::{ChildTasks, ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::limits;
use crate::scenario::report::{Diagnostic, Diagnostics};
use crate::scenario::syntax::{self, At, Read, Required, Size, Table, Value, table, wrong_type};
use crate::scenario::types::Branch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

/// Spawns tasks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spawn {
    /// The work of each task.
    pub branch: Branch,
    /// The number of tasks.
    pub count: u32,
    /// Whether the step waits until the tasks have ended, and fails if one of them fails.
    pub wait: bool,
    /// Whether the task keeps the results of the tasks until it ends.
    pub keep: bool,
}

/// One task, or a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "Spawn", untagged)]
pub(in crate::scenario) enum SpawnSyntax {
    /// One task. The step does not wait for the task.
    One(At<syntax::Branch>),
    /// One task, or many tasks.
    Many(Spawned),
}

impl Read for SpawnSyntax {
    const EXPECTED: &'static str =
        "the name of a called group in quotes, a list of steps, or `{ what = …, count = … }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) | DeValue::Array(_) => At::read(value, key, diagnostics).map(SpawnSyntax::One),
            DeValue::Table(_) => Spawned::read(value, key, diagnostics).map(SpawnSyntax::Many),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// The tasks that a `spawn` step makes.
    Spawned, "`spawn`" {
        /// The work of each task: the name of a called group, or a list of steps.
        what: Required<syntax::Branch>,
        /// The number of tasks, 1–100000. Default: 1.
        #[schemars(range(min = 1, max = limits::SPAWN))]
        count: Option<At<u64>>,
        /// Wait until the tasks have ended, and fail if one of them fails. Default: false.
        wait: Option<At<bool>>,
        /// Keep the results of the tasks until this task ends, like a `JoinSet` from which nobody
        /// takes anything. Then cancel the tasks that still run. Default: false.
        keep: Option<At<bool>>,
        /// The size of each result, up to 64MiB. A kept result holds this much memory. Default:
        /// results have no content.
        result: Option<At<Size>>,
    }
}

impl SpawnSyntax {
    fn branch(&self) -> Option<&At<syntax::Branch>> {
        match self {
            SpawnSyntax::One(branch) => Some(branch),
            SpawnSyntax::Many(many) => many.what.0.as_ref(),
        }
    }
}

/// Checks whether the step keeps results.
fn keeps(spawn: &Spawned, wait: bool, checker: &mut Checker<'_>) -> Option<bool> {
    match (spawn.keep.as_ref().filter(|keep| keep.value), &spawn.result) {
        (Some(keep), _) if wait => {
            let diagnostic = Diagnostic::new(keep.place.clone(), "a step that waits collects the results");
            checker.reject(diagnostic.help("leave `keep` or `wait` out"))
        }
        (Some(keep), result) => checker.keep_results(result.as_ref(), &keep.place).map(|()| true),
        (None, Some(result)) if !spawn.has("keep") => {
            let diagnostic = Diagnostic::new(result.place.clone(), "nobody keeps the result");
            checker.reject(diagnostic.help("add keep = true"))
        }
        (None, _) => Some(false),
    }
}

impl StepContents for Spawn {
    fn children(&self) -> Vec<ChildTasks<'_>> {
        vec![ChildTasks {
            branch: &self.branch,
            count: self.count,
            awaited: self.wait,
            inline: false,
        }]
    }
}

impl StepDefinition for Spawn {
    type Syntax = SpawnSyntax;
    const DESCRIPTION: &'static str = "Spawn tasks, and either continue or wait for them.";
    const NEEDS_RUNTIME: Option<&'static str> = Some("there is no runtime for the new task");
    const MAKES_TASKS: bool = true;

    fn check(spawn: &SpawnSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Spawn> {
        let (count, wait, keep) = match spawn {
            SpawnSyntax::One(_) => (Some(1), false, Some(false)),
            SpawnSyntax::Many(many) => {
                let count = many.count.as_ref().map_or(Some(1), |count| {
                    checker.number("count", count, limits::SPAWN, "nothing would be spawned")
                });
                let wait = many.wait.as_ref().is_some_and(|wait| wait.value);
                (count, wait, keeps(many, wait, checker))
            }
        };
        let branch = spawn.branch();
        let branch = branch.and_then(|branch| checker.branch(branch, wait, context));
        Some(Spawn {
            branch: branch?,
            count: count?,
            wait,
            keep: keep?,
        })
    }

    fn needs_executor(&self) -> Option<&'static ExecutorNeed> {
        self.keep.then_some(&SHARED_MEMORY)
    }

    fn within(spawn: &SpawnSyntax) -> Vec<&StepListSyntax> {
        spawn
            .branch()
            .and_then(|branch| branch.value.steps())
            .into_iter()
            .collect()
    }
}
