//! What steps with branches have in common. `gather`, `group` and `race` run their branches as
//! children, and `join`, `try_join` and `select` run them in the task itself. These steps differ
//! only in the rule that ends the wait: see [`JoinMode`].

use super::StepProgram;
use crate::record::Label;
use crate::scenario::steps::BranchesStep;
use crate::workload::async_interpreter::AsyncInterpreter;
use crate::workload::branches::{Inline, Join};
use crate::workload::children::JoinMode;
use crate::workload::compile::Compiler;
use crate::workload::step_error::StepResult;
use crate::workload::sync_interpreter::SyncInterpreter;
use std::fmt::Debug;
use std::future::Future;
use std::marker::PhantomData;

/// A step that waits for its branches.
pub(in crate::workload) trait Joined: BranchesStep + Debug {
    /// The rule that decides when the step ends.
    const MODE: JoinMode;

    /// Whether each poll of the task begins at the first branch.
    fn is_biased(&self) -> bool {
        false
    }
}

/// The name of the step on screen: its word and the number of branches.
fn name<S: Joined>(spec: &S) -> String {
    format!("{} {}", S::MODE.into_str(), spec.branches().len())
}

/// The program of the step `S`, which runs its branches as children.
#[derive(Debug)]
pub(in crate::workload) struct Branches<S> {
    join: Join,
    step: PhantomData<fn() -> S>,
}

impl<S: Joined> StepProgram for Branches<S> {
    type Spec = S;

    fn name(spec: &S) -> String {
        name(spec)
    }

    fn compile(spec: &S, group: &str, compiler: &mut Compiler<'_>) -> Branches<S> {
        Branches {
            join: Join::one_each(S::MODE, spec.branches(), group, compiler),
            step: PhantomData,
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        self.join.run_sync(interpreter, label)
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.join.run_async(interpreter, label))
    }
}

/// The program of the step `S`, which polls its branches in the task itself.
#[derive(Debug)]
pub(in crate::workload) struct InlineBranches<S> {
    inline: Inline,
    step: PhantomData<fn() -> S>,
}

impl<S: Joined> StepProgram for InlineBranches<S> {
    type Spec = S;

    fn name(spec: &S) -> String {
        name(spec)
    }

    fn compile(spec: &S, group: &str, compiler: &mut Compiler<'_>) -> InlineBranches<S> {
        InlineBranches {
            inline: Inline::new(S::MODE, spec.is_biased(), spec.branches(), group, compiler),
            step: PhantomData,
        }
    }

    fn run_sync(&self, interpreter: &mut SyncInterpreter<'_>, label: Label) -> StepResult {
        self.inline.run_sync(interpreter, label)
    }

    fn run_async(&self, interpreter: &mut AsyncInterpreter<'_>, label: Label) -> impl Future<Output = StepResult> {
        Box::pin(self.inline.run_async(interpreter, label))
    }
}
