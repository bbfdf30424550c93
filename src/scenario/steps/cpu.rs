//! `cpu`: does a computation.

use super::{StepContents, StepDefinition};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::report::{Diagnostic, Diagnostics};
use crate::scenario::syntax::{self, At, Read, Required, Value, table, wrong_type};
use crate::scenario::types::{Draw, Kernel};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

/// A computation.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cpu {
    /// The calibrated amount of work that takes this duration on an idle core.
    Work(Draw),
    /// One run of a named kernel.
    Kernel {
        /// The kernel.
        kernel: Kernel,
        /// The size of the problem, in the [kernel's own unit](Kernel::unit).
        size: u32,
    },
}

/// Work that takes a given duration on an idle core, or a named kernel.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename = "Cpu", untagged)]
pub(in crate::scenario) enum CpuSyntax {
    /// The calibrated amount of work that takes this duration on an idle core.
    Work(At<syntax::Draw>),
    /// A computation of a known kind.
    Kernel(KernelRun),
}

impl Read for CpuSyntax {
    const EXPECTED: &'static str = "a duration in quotes, such as \"2ms\", or a kernel with its size";

    fn read(value: &Value<'_>, key: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) if KernelRun::KEYS.iter().any(|key| table.contains_key(*key)) => {
                KernelRun::read(value, key, diagnostics).map(CpuSyntax::Kernel)
            }
            DeValue::String(_) | DeValue::Table(_) => At::read(value, key, diagnostics).map(CpuSyntax::Work),
            _ => wrong_type::<Self>(value, key, diagnostics),
        }
    }
}

table! {
    /// A real computation of a known kind.
    KernelRun, "`cpu`" {
        /// The name of the kernel.
        kernel: Required<Kernel>,
        #[schemars(description = Kernel::sizes(), range(min = 1, max = Kernel::largest_of_all()))]
        size: Required<u64>,
    }
}

impl StepContents for Cpu {}

impl StepDefinition for Cpu {
    type Syntax = CpuSyntax;
    const DESCRIPTION: &'static str =
        "Compute: do the calibrated amount of work that takes this duration on an idle core, or run a named kernel.";

    fn check(syntax: &CpuSyntax, _: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Cpu> {
        match syntax {
            CpuSyntax::Work(time) => checker.draw(time).map(Cpu::Work),
            CpuSyntax::Kernel(run) => kernel(run, checker),
        }
    }
}

fn kernel(run: &KernelRun, checker: &mut Checker<'_>) -> Option<Cpu> {
    let size = run.size.0.as_ref()?;
    if size.value == 0 {
        let diagnostic = Diagnostic::new(size.place.clone(), "`size` is zero");
        return checker.reject(diagnostic.label("there is nothing to compute"));
    }
    let kernel = run.kernel.0.as_ref()?.value;
    let largest = kernel.largest_size();
    if size.value > u64::from(largest) {
        let (name, size_written) = (kernel.into_str(), size.value);
        let title = format!("the size of `{name}` is {size_written}, but at most {largest} is allowed");
        return checker.reject(Diagnostic::new(size.place.clone(), title));
    }
    Some(Cpu::Kernel {
        kernel,
        size: size.value as u32,
    })
}
