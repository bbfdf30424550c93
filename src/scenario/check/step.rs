//! Checks lists of steps: the length and the depth of the list, and whether each step is allowed
//! there. The file of a step in `scenario/steps` checks the value of the step.

use super::Checker;
use crate::scenario::limits;
use crate::scenario::report::{Diagnostic, Place};
use crate::scenario::steps::{ExecutorNeed, Step, StepDefinition, StepListSyntax, StepSyntax};
use crate::scenario::syntax::{At, Required};
use crate::scenario::types::{ExecutorKind, How};

/// The context of a list of steps.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct ListContext<'a> {
    /// The number of steps in which the list is nested.
    pub depth: usize,
    /// The outer step that took the task out of the runtime. `None`: the task has not left the
    /// runtime.
    pub synchronous: Option<Synchronous<'a>>,
}

/// A step that takes its task out of the runtime: `offload` or `in_place`.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct Synchronous<'a> {
    pub word: &'static str,
    pub place: &'a Place,
}

/// The label of such a step in a message about one of its inner steps.
pub(in crate::scenario) const INSIDE: &str = "inside this";

/// The context of a step.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct StepContext<'a> {
    /// The step's word in the language.
    pub word: &'static str,
    /// The place of the step in the file.
    pub place: &'a Place,
    /// The context of the list that contains the step.
    pub list: ListContext<'a>,
}

impl<'a> StepContext<'a> {
    /// The context of the inner steps of this step.
    pub(crate) fn inner(self) -> ListContext<'a> {
        ListContext {
            depth: self.list.depth + 1,
            ..self.list
        }
    }

    /// The context of the inner steps, if this step takes the task out of the runtime.
    pub(crate) fn synchronous(self) -> ListContext<'a> {
        let synchronous = Synchronous {
            word: self.word,
            place: self.place,
        };
        ListContext {
            synchronous: Some(synchronous),
            ..self.inner()
        }
    }

    /// The context of inner steps that run as a separate future. Another task or a `block_on` step
    /// runs this future.
    pub(crate) fn other_task(self) -> ListContext<'a> {
        ListContext {
            synchronous: None,
            ..self.inner()
        }
    }
}

impl Checker<'_> {
    /// Checks all steps of a task.
    pub(super) fn task_steps(&mut self, list: &Required<Vec<At<StepSyntax>>>) -> Option<Vec<Step>> {
        let list = list.0.as_ref()?;
        let count = count(&list.value);
        if count > limits::STEPS {
            let title = format!("the task has {count} steps, but at most {} are allowed", limits::STEPS);
            return self.reject(Diagnostic::new(list.place.clone(), title));
        }
        let context = ListContext {
            depth: 0,
            synchronous: None,
        };
        self.steps(list, context)
    }

    /// Checks a list of steps that a table must have.
    pub(in crate::scenario) fn required_steps(
        &mut self,
        list: &Required<Vec<At<StepSyntax>>>,
        context: ListContext<'_>,
    ) -> Option<Vec<Step>> {
        self.steps(list.0.as_ref()?, context)
    }

    /// Checks a list of steps, which must not be empty.
    pub(in crate::scenario) fn steps(&mut self, list: &StepListSyntax, context: ListContext<'_>) -> Option<Vec<Step>> {
        if list.value.is_empty() {
            let diagnostic = Diagnostic::new(list.place.clone(), "there are no steps").label("this list is empty");
            return self.reject(diagnostic.help("add a step, such as { sleep = \"10ms\" }"));
        }
        self.steps_or_none(list, context)
    }

    /// Checks a list of steps, which may be empty.
    pub(in crate::scenario) fn steps_or_none(
        &mut self,
        list: &StepListSyntax,
        context: ListContext<'_>,
    ) -> Option<Vec<Step>> {
        let At { value: steps, place } = list;
        if context.depth > limits::DEPTH {
            let title = format!("steps are nested more than {} deep", limits::DEPTH);
            return self.reject(Diagnostic::new(place.clone(), title));
        }
        for pair in steps.windows(2) {
            self.report_unreachable(&pair[0], &pair[1]);
        }
        // All steps are checked, even after a mistake, so that every mistake is reported.
        let steps: Vec<_> = steps
            .iter()
            .map(|step| step.value.check(&step.place, context, self))
            .collect();
        self.end_list(context.depth);
        steps.into_iter().collect()
    }

    /// Reports that the step `next` never runs. This is the case if the step `before` never ends.
    fn report_unreachable(&mut self, before: &At<StepSyntax>, next: &At<StepSyntax>) {
        if before.value.is_endless() {
            let diagnostic = Diagnostic::new(next.place.clone(), "this step never runs");
            let diagnostic = diagnostic.related(&before.place, "this loop has no end");
            let help = "move it into the loop, or set `times` of the loop to a number";
            self.diagnostics.push(diagnostic.help(help));
        }
    }

    /// Checks one step: its context, its executor, and its value.
    pub(in crate::scenario) fn step<S: StepDefinition>(
        &mut self,
        syntax: &S::Syntax,
        context: StepContext<'_>,
    ) -> Option<S> {
        let has_runtime = self.has_runtime(S::NEEDS_RUNTIME, context);
        let step = S::check(syntax, context, self);
        let need = step.as_ref().map_or(S::NEEDS_EXECUTOR, S::needs_executor);
        has_runtime.and_then(|()| self.has_executor(need, context)).and(step)
    }

    /// Rejects a step that cannot run after its task has left the runtime. `why` is the label of
    /// the message. `None`: the step can run there too.
    fn has_runtime(&mut self, why: Option<&str>, context: StepContext<'_>) -> Option<()> {
        let (Some(why), Some(around)) = (why, context.list.synchronous) else {
            return Some(());
        };
        let help = format!("move it out of `{}`, or leave it out", around.word);
        let title = format!("`{}` has no meaning inside `{}`", context.word, around.word);
        let diagnostic = Diagnostic::new(context.place.clone(), title).label(why);
        self.reject(diagnostic.related(around.place, INSIDE).help(help))
    }

    /// Rejects a step that cannot run on the chosen executor, or on an executor in `executors`.
    fn has_executor(&mut self, need: Option<&ExecutorNeed>, context: StepContext<'_>) -> Option<()> {
        let Some(need) = need else { return Some(()) };
        let diagnostic = |kind: ExecutorKind| {
            let title = format!("`{}` has no meaning on `{}`", context.word, kind.into_str());
            Diagnostic::new(context.place.clone(), title).label(need.why)
        };
        if !(need.is_met)(self.executor.traits()) {
            let diagnostic = self.with_choice(diagnostic(self.executor));
            return self.reject(diagnostic.help(need.help));
        }
        let listed = self.listed.iter().find(|kind| !(need.is_met)(kind.value.traits()));
        if let Some(At { value: kind, place }) = listed {
            let diagnostic = diagnostic(*kind).related(place, "the scenario may run on this executor");
            let help = format!("leave `{}` out of `executors`", kind.into_str());
            return self.reject(diagnostic.help(help));
        }
        Some(())
    }

    /// Rejects `how = "offload"` if an outer step has taken the task away from the runtime.
    pub(in crate::scenario) fn can_offload(&mut self, how: Option<&At<How>>, context: StepContext<'_>) -> Option<()> {
        let (
            Some(At {
                value: How::Offload,
                place,
            }),
            Some(around),
        ) = (how, context.list.synchronous)
        else {
            return Some(());
        };
        let title = format!("`how = \"offload\"` has no meaning inside `{}`", around.word);
        let diagnostic = Diagnostic::new(place.clone(), title).label("the step has already left the runtime");
        self.reject(diagnostic.related(around.place, INSIDE).help("leave `how` out"))
    }
}

/// The number of steps, including nested steps.
fn count(steps: &[At<StepSyntax>]) -> usize {
    let within = |step: &At<StepSyntax>| -> usize { step.value.within().iter().map(|steps| count(&steps.value)).sum() };
    steps.iter().map(|step| 1 + within(step)).sum()
}
