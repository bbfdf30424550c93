//! What a step gives to another task: a group's name, or steps.

use super::{At, DeValue, Diagnostic, Diagnostics, Name, Read, Value, wrong_type};
use crate::scenario::steps::{StepListSyntax, StepSyntax};
use schemars::JsonSchema;

/// What a task does that this one calls: a group's name, or steps.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Branch {
    /// What the tasks of this group do; its `start` is `called`.
    Group(At<Name>),
    /// These steps.
    Steps(StepListSyntax),
}

impl Branch {
    /// The steps, if they are written here.
    pub(in crate::scenario) fn steps(&self) -> Option<&StepListSyntax> {
        match self {
            Branch::Steps(steps) => Some(steps),
            Branch::Group(_) => None,
        }
    }
}

impl Read for Branch {
    const EXPECTED: &'static str = "a called group's name in quotes, or a list of steps in brackets";
    const LIST: &'static str = "a list in brackets of called groups' names and lists of steps";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, diagnostics).map(Branch::Group),
            DeValue::Array(_) => At::read(value, key, diagnostics).map(Branch::Steps),
            DeValue::Table(_) => {
                let title = format!("`{key}` is a step, not a list of steps");
                let diagnostic = Diagnostic::new(StepSyntax::span(value), title);
                diagnostics.push(diagnostic.help("put it into brackets of its own: [{ … }]"));
                None
            }
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}
