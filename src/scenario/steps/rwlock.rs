//! `rwlock`: does steps while the task holds a read-write lock.

#![allow(missing_docs, reason = "strum gives `into_str` no doc comment")]

use super::{ExecutorNeed, SHARED_MEMORY, Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, Holdable, NamedKind, StepContext};
use crate::scenario::syntax::{At, Name, Required, table, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// Does these steps while the task holds a read-write lock.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rwlock {
    /// The name of a lock in [`Scenario::rwlocks`](crate::scenario::Scenario::rwlocks).
    pub name: String,
    /// Whether other tasks may hold the lock at the same time.
    pub access: Access,
    /// The steps that the task does while it holds the lock.
    pub steps: Vec<Step>,
}

/// How a task holds a read-write lock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, IntoStaticStr, VariantArray, JsonSchema, Serialize, Deserialize)]
#[schemars(rename_all = "kebab-case")]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "kebab-case")]
pub enum Access {
    /// Together with other readers.
    Read,
    /// Alone.
    Write,
}

words!(Access, "an access");

table! {
    /// Steps that a task does while it holds a read-write lock. Either many readers or one writer
    /// can hold the lock at a time.
    #[schemars(rename = "RwLock")]
    RwlockSyntax, "`rwlock`" {
        /// The name of the lock. All steps with the same name share one lock.
        name: Required<Name>,
        /// `read`: the task holds the lock together with other readers. `write`: the task holds the
        /// lock alone. Tasks get the lock in the order of their requests, so a reader also waits
        /// for a writer that asked earlier.
        access: Required<Access>,
        /// The steps that the task does while it holds the lock.
        steps: Required<Vec<At<super::StepSyntax>>>,
    }
}

impl StepContents for Rwlock {
    fn own_steps(&self) -> Vec<&[Step]> {
        vec![&self.steps]
    }
}

impl StepDefinition for Rwlock {
    type Syntax = RwlockSyntax;
    const DESCRIPTION: &'static str = "Do these steps while the task holds a read-write lock.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(lock: &RwlockSyntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Rwlock> {
        let access = lock.access.0.as_ref().map(|access| access.value);
        let how = match access {
            Some(Access::Write) => Holdable::Write,
            Some(Access::Read) | None => Holdable::Read,
        };
        let name = lock.name.0.as_ref();
        let known = name.and_then(|name| checker.named(NamedKind::RwLock, name));
        let free = name.and_then(|name| checker.check_not_held(how, name));
        if let Some(name) = name {
            checker.take(how, name);
        }
        let steps = checker.required_steps(&lock.steps, context.inner());
        if name.is_some() {
            checker.release();
        }
        free?;
        Some(Rwlock {
            name: known?,
            access: access?,
            steps: steps?,
        })
    }

    fn within(lock: &RwlockSyntax) -> Vec<&StepListSyntax> {
        lock.steps.0.iter().collect()
    }
}
