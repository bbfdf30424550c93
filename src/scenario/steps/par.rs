//! `par`: fork-join on the threads of a pool.

use super::{Step, StepContents, StepDefinition, StepListSyntax};
use crate::scenario::check::{Checker, StepContext};
use crate::scenario::limits;
use crate::scenario::report::Diagnostic;
use crate::scenario::syntax::At;
use serde::{Deserialize, Serialize};

/// Does these lists of steps, on as many threads of the pool as are idle, and waits until all have
/// ended (rayon's `join`). On other executors, does one list after the other on the same thread.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Par(pub Vec<Vec<Step>>);

impl StepContents for Par {
    fn own_steps(&self) -> Vec<&[Step]> {
        self.0.iter().map(Vec::as_slice).collect()
    }
}

impl StepDefinition for Par {
    type Syntax = At<Vec<StepListSyntax>>;
    const DESCRIPTION: &'static str = "Do these lists of steps on the threads of the pool that are idle, and wait until all have ended (rayon's `join`). On other executors, do one list after the other on the same thread.";
    const MAKES_TASKS: bool = true;

    fn check(lists: &Self::Syntax, context: StepContext<'_>, checker: &mut Checker<'_>) -> Option<Par> {
        let count = lists.value.len();
        let diagnostic = |title: String| Diagnostic::new(lists.place.clone(), title);
        if count == 0 {
            let help = "write { par = [[{ cpu = \"5ms\" }], [{ cpu = \"5ms\" }]] }";
            return checker.reject(diagnostic("`par` has no lists of steps".to_owned()).help(help));
        }
        if count > limits::BRANCHES {
            let title = format!("there are {count} lists, but at most {} are allowed", limits::BRANCHES);
            return checker.reject(diagnostic(title));
        }
        // All lists are checked, even after a mistake, so that every mistake is reported.
        let lists: Vec<_> = (lists.value.iter())
            .map(|steps| checker.steps(steps, context.synchronous()))
            .collect();
        lists.into_iter().collect::<Option<_>>().map(Par)
    }

    fn within(lists: &Self::Syntax) -> Vec<&StepListSyntax> {
        lists.value.iter().collect()
    }
}
