//! The syntax of a branch: the work that a step hands to another task.

use super::{At, DeValue, Diagnostic, Diagnostics, Name, Read, Value, wrong_type};
use crate::scenario::steps::{StepListSyntax, StepSyntax};
use schemars::JsonSchema;

/// The work of a called task: the name of a group, or a list of steps.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum Branch {
    /// The steps of this group. The group must have `start = "called"`.
    Group(At<Name>),
    /// A list of steps.
    Steps(StepListSyntax),
}

impl Branch {
    /// The steps, if the branch does not name a group.
    pub(in crate::scenario) fn steps(&self) -> Option<&StepListSyntax> {
        match self {
            Branch::Steps(steps) => Some(steps),
            Branch::Group(_) => None,
        }
    }
}

impl Read for Branch {
    const EXPECTED: &'static str = "the name of a called group in quotes, or a list of steps in brackets";
    const LIST: &'static str = "a list in brackets, whose items are names of called groups or lists of steps";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => At::read(value, key, diagnostics).map(Branch::Group),
            DeValue::Array(_) => At::read(value, key, diagnostics).map(Branch::Steps),
            DeValue::Table(_) => {
                let title = format!("`{key}` is a step, not a list of steps");
                let diagnostic = Diagnostic::new(StepSyntax::span(value), title);
                diagnostics.push(diagnostic.help("write separate brackets around the step: [{ … }]"));
                None
            }
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}
