//! `lock`: does steps while holding a lock.

use super::{ExecutorNeed, SHARED_MEMORY, Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, Holdable, INSIDE, StepContext};
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::{At, Name, Required, table};
use crate::scenario::types::How;
use serde::{Deserialize, Serialize};

/// Does these steps while holding a lock.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Lock {
    /// The name of a lock in [`Scenario::locks`](crate::scenario::Scenario::locks).
    pub name: String,
    /// The steps that the task does while it holds the lock.
    pub steps: Vec<Step>,
}

table! {
    /// Steps that a task does while it holds a lock. Only one task at a time can hold the lock.
    #[schemars(rename = "Lock")]
    LockSyntax, "`lock`" {
        /// The name of the lock. All steps with the same name share one lock.
        name: Required<Name>,
        /// How tasks wait on an async executor. `async`: a waiting task is suspended
        /// (`tokio::sync::Mutex`). `sync`: a waiting task keeps its thread (`std::sync::Mutex`),
        /// and a task keeps the lock even while one of its steps awaits. All steps with the same
        /// lock must have the same value. Default: `async`.
        how: Option<At<How>>,
        /// The steps that the task does while it holds the lock.
        steps: Required<Vec<At<super::StepSyntax>>>,
    }
}

impl StepContents for Lock {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.steps]
    }
}

impl StepDefinition for Lock {
    type Syntax = LockSyntax;
    const DESCRIPTION: &'static str = "Do these steps while the task holds a lock.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(lock: &LockSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Lock> {
        let how = check_how(lock, context, checker);
        let written = lock.how.as_ref().map_or(context.place, |how| &how.place);
        let name = lock.name.0.as_ref();
        let known = name.zip(how).and_then(|(name, how)| checker.lock(name, how, written));
        let free = name.and_then(|name| checker.check_not_held(Holdable::Lock, name));
        if let Some(name) = name {
            checker.take(Holdable::Lock, name);
        }
        let steps = checker.required_steps(&lock.steps, context.inner());
        if name.is_some() {
            checker.release();
        }
        free?;
        Some(Lock {
            name: known?,
            steps: steps?,
        })
    }

    fn within(lock: &LockSyntax) -> Vec<&StepListSyntax> {
        lock.steps.0.iter().collect()
    }
}

fn check_how(lock: &LockSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<How> {
    let how = lock.how.as_ref().map_or(How::Async, |how| how.value);
    let written = lock.how.as_ref().map_or(context.place, |how| &how.place);
    if how == How::Offload {
        let diagnostic = Diagnostic::new(written.clone(), "a lock cannot be `offload`");
        let help = "write `async` to suspend a waiting task, or `sync` to let it keep its thread";
        return checker.reject(diagnostic.help(help));
    }
    if let (How::Async, Some(around)) = (how, context.list.synchronous) {
        let title = format!("an async `lock` has no meaning inside `{}`", around.word);
        let diagnostic = Diagnostic::new(written.clone(), title).label("a waiting task cannot be suspended here");
        let diagnostic = diagnostic.related(around.place, INSIDE);
        return checker.reject(diagnostic.help("write `how = \"sync\"`"));
    }
    Some(how)
}
