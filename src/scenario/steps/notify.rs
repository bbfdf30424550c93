//! `notify`: wakes tasks that wait for a notification.

use super::{ExecutorNeed, SHARED_MEMORY, StepContents, StepDefinition};
use crate::scenario::check::{Checker, NamedKind, StepContext};
use crate::scenario::report::Diagnostics;
use crate::scenario::syntax::{At, Name, Read, Required, Value, table, wrong_type};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

/// Wakes tasks that wait in a [`Notified`](super::Notified).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Notify {
    /// The name of a notification in [`Scenario::notifies`](crate::scenario::Scenario::notifies).
    pub name: String,
    /// If false, the step wakes the task that has waited longest. If no task waits, the next task
    /// that does a `notified` step continues at once. If true, the step wakes all tasks that are
    /// waiting.
    pub all: bool,
}

/// The name of a notification, or a table.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "Notify", untagged)]
pub(in crate::scenario) enum NotifySyntax {
    /// The name of a notification. It wakes one task.
    One(At<Name>),
    /// The name of a notification, and how many tasks it wakes.
    Table(Notification),
}

impl Read for NotifySyntax {
    const EXPECTED: &'static str = "a name in quotes, or `{ name = …, all = … }`";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, diagnostics).map(NotifySyntax::One),
            DeValue::Table(_) => Notification::read(value, key, diagnostics).map(NotifySyntax::Table),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// A notification.
    Notification, "`notify`" {
        /// The name of the notification, as in `notified`.
        name: Required<Name>,
        /// `false`: the step wakes the task that has waited longest. If no task waits, the next
        /// task that does a `notified` step continues at once. `true`: the step wakes all tasks
        /// that are waiting, and no task that begins to wait later. Default: false.
        all: Option<At<bool>>,
    }
}

impl StepContents for Notify {}

impl StepDefinition for Notify {
    type Syntax = NotifySyntax;
    const DESCRIPTION: &'static str = "Wake one task or all tasks that wait in a `notified` step.";
    const NEEDS_EXECUTOR: Option<&'static ExecutorNeed> = Some(&SHARED_MEMORY);

    fn check(notify: &NotifySyntax, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Notify> {
        let (name, all) = match notify {
            NotifySyntax::One(name) => (name, false),
            NotifySyntax::Table(table) => (table.name.0.as_ref()?, table.all.as_ref().is_some_and(|all| all.value)),
        };
        let name = checker.named(NamedKind::Notify, name)?;
        Some(Notify { name, all })
    }
}
