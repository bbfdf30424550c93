//! The state of a step that waits for its children: which children have ended, and what the parent
//! does next.
//!
//! This module depends neither on futures nor on threads, so both interpreters use it.

use super::JoinMode;
use super::child_completions::{ChildCompletions, ChildEnd, CompletionReporter};
use crate::probe::{self, TaskHandle};
use crate::record::{Outcome, ProcessInstant};
use crate::workload::step_error::StepError;
use crate::workload::stop::Stop;
use std::sync::Arc;

/// What the parent does after it has observed the end of a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::workload) enum NextAction {
    /// Wait for the end of another child.
    Wait,
    /// If possible, cancel the children that have not ended. Wait for the ends of these children.
    CancelPending,
    /// Continue with the next step.
    GoOn,
}

/// The state of a step that has spawned children and waits for them. A child is *pending* until the
/// parent has processed the child's end. After that, the child is *observed*.
pub(in crate::workload) struct JoinState {
    pub(super) mode: JoinMode,
    pub(super) start: ProcessInstant,
    completions: Arc<ChildCompletions>,
    /// The children, in the order in which the step spawned them.
    pub(super) children: Vec<TaskHandle>,
    /// The observed ends, in the order in which the children reported them.
    pub(super) ends: Vec<ChildEnd>,
    /// For each child, by its index: whether the parent has observed its end.
    is_observed: Vec<bool>,
    /// The number of observed children that did not complete.
    failed: usize,
}

impl JoinState {
    pub(in crate::workload) fn new(mode: JoinMode) -> JoinState {
        JoinState {
            mode,
            start: probe::now(),
            completions: Arc::default(),
            children: Vec::new(),
            ends: Vec::new(),
            is_observed: Vec::new(),
            failed: 0,
        }
    }

    pub(in crate::workload) fn mode(&self) -> JoinMode {
        self.mode
    }

    /// The instant at which the step began.
    pub(in crate::workload) fn start(&self) -> ProcessInstant {
        self.start
    }

    /// Returns the object that receives the ends of the children, and the number of ends that the
    /// parent has observed.
    pub(in crate::workload) fn completions(&self) -> (Arc<ChildCompletions>, usize) {
        (self.completions.clone(), self.ends.len())
    }

    /// Adds a child. Returns the reporter for the end of the child.
    pub(in crate::workload) fn add_child(&mut self, child: &TaskHandle) -> CompletionReporter {
        self.children.push(child.clone());
        self.is_observed.push(false);
        CompletionReporter {
            completions: self.completions.clone(),
            child: self.children.len() - 1,
        }
    }

    /// The number of children that were added.
    pub(in crate::workload) fn children(&self) -> usize {
        self.children.len()
    }

    /// Whether no child is pending.
    pub(in crate::workload) fn all_observed(&self) -> bool {
        self.ends.len() == self.children.len()
    }

    /// Observes the end of a child, and returns what the parent does next.
    pub(in crate::workload) fn observe(&mut self, end: ChildEnd) -> NextAction {
        let completed = end.outcome == Outcome::Completed;
        self.add_end(end);
        match self.mode {
            JoinMode::Gather | JoinMode::TryJoin if !completed => NextAction::GoOn,
            JoinMode::Race | JoinMode::Select => NextAction::GoOn,
            _ if self.all_observed() => NextAction::GoOn,
            JoinMode::Group if !completed && self.failed == 1 => NextAction::CancelPending,
            _ => NextAction::Wait,
        }
    }

    fn add_end(&mut self, end: ChildEnd) {
        self.is_observed[end.child] = true;
        self.failed += usize::from(end.outcome != Outcome::Completed);
        self.ends.push(end);
    }

    /// Observes all ends that children have reported so far. The parent calls this function before
    /// it continues. So the end of a child whose report has arrived does not count as unobserved.
    pub(in crate::workload) fn observe_reported(&mut self) {
        for end in self.completions.since(self.ends.len()) {
            self.add_end(end);
        }
    }

    /// The instant at which the last observed child ended.
    pub(in crate::workload) fn last_end(&self) -> Option<ProcessInstant> {
        self.ends.iter().map(|end| end.at).max()
    }

    /// The pending children, each with its index.
    pub(in crate::workload) fn pending(&self) -> impl Iterator<Item = (usize, &TaskHandle)> {
        let is_pending = |(child, _): &(usize, &TaskHandle)| !self.is_observed[*child];
        self.children.iter().enumerate().filter(is_pending)
    }

    /// Marks the pending children as orphans: the parent no longer waits for them, and they
    /// continue to run. Does nothing when the run stops, because then no task waits for another
    /// task.
    pub(in crate::workload) fn orphan_pending(&mut self, stop: &Stop) {
        if !stop.is_requested() {
            self.release_pending(TaskHandle::orphan);
        }
    }

    /// Detaches the pending children: the parent no longer waits for them. The caller then cancels
    /// these children.
    pub(in crate::workload) fn detach_pending(&mut self) {
        self.release_pending(TaskHandle::detach);
    }

    /// Calls `release` for each pending child. `release` returns false if the child has already
    /// ended. The end of such a child was recorded as observed, but its report may not have arrived
    /// yet. So this function waits for the report and observes the end.
    fn release_pending(&mut self, release: fn(&TaskHandle) -> bool) {
        for child in 0..self.children.len() {
            if !self.is_observed[child] && !release(&self.children[child]) {
                let end = self.completions.wait_for_child(child);
                self.add_end(end);
            }
        }
    }

    /// Whether the step has succeeded.
    pub(in crate::workload) fn succeeded(&self) -> bool {
        match self.mode {
            JoinMode::Race | JoinMode::Select => self
                .ends
                .first()
                .is_none_or(|first| first.outcome == Outcome::Completed),
            _ => self.all_observed() && self.failed == 0,
        }
    }

    /// Ends the step: logs and returns the step's result. `cancels` is true if the pending children
    /// are cancelled, and false if they continue to run.
    ///
    /// # Errors
    /// Returns an error if the step did not succeed.
    pub(in crate::workload) fn conclude(&self, stop: &Stop, cancels: bool) -> Result<(), StepError> {
        if self.succeeded() {
            self.log_result(cancels);
            return Ok(());
        }
        // A step has not failed if the end of the run cuts it short.
        stop.check()?;
        self.log_result(cancels);
        Err(StepError::Failed)
    }

    /// For each observed child that did not complete: the child's end.
    pub(super) fn failures(&self) -> impl Iterator<Item = &ChildEnd> {
        self.ends.iter().filter(|end| end.outcome != Outcome::Completed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Registry;
    use NextAction::{CancelPending, GoOn, Wait};
    use Outcome::{Cancelled, Completed, Failed};

    fn join(mode: JoinMode, children: usize) -> JoinState {
        let registry = Registry::new();
        let mut join = JoinState::new(mode);
        for _ in 0..children {
            join.add_child(&TaskHandle::new(&registry, &registry.group_named("weather")));
        }
        join
    }

    /// The reporter of the child with this index.
    fn reporter(join: &JoinState, child: usize) -> CompletionReporter {
        CompletionReporter {
            completions: join.completions.clone(),
            child,
        }
    }

    /// Returns what the parent does after each of these ends, and whether the parent's step
    /// succeeds.
    fn observe(mode: JoinMode, children: usize, ends: &[(usize, Outcome)]) -> (Vec<NextAction>, bool) {
        let mut join = join(mode, children);
        let actions = ends
            .iter()
            .map(|&(child, outcome)| {
                let at = ProcessInstant::new(1);
                join.observe(ChildEnd { child, outcome, at })
            })
            .collect();
        (actions, join.succeeded())
    }

    #[test]
    fn gather_stops_waiting_at_the_first_failure() {
        let all = [(2, Completed), (0, Completed), (1, Completed)];
        assert_eq!(observe(JoinMode::Gather, 3, &all), (vec![Wait, Wait, GoOn], true));
        let fails = [(1, Completed), (2, Failed)];
        assert_eq!(observe(JoinMode::Gather, 3, &fails), (vec![Wait, GoOn], false));
    }

    #[test]
    fn group_cancels_its_children_once_and_waits_for_all_of_them() {
        let fails = [(1, Failed), (0, Cancelled), (2, Failed)];
        assert_eq!(
            observe(JoinMode::Group, 3, &fails),
            (vec![CancelPending, Wait, GoOn], false)
        );
        assert_eq!(observe(JoinMode::Group, 1, &[(0, Failed)]), (vec![GoOn], false));
        let all = [(1, Completed), (0, Completed)];
        assert_eq!(observe(JoinMode::Group, 2, &all), (vec![Wait, GoOn], true));
    }

    #[test]
    fn the_first_end_decides_a_race() {
        assert_eq!(observe(JoinMode::Race, 3, &[(1, Completed)]), (vec![GoOn], true));
        assert_eq!(observe(JoinMode::Race, 3, &[(1, Failed)]), (vec![GoOn], false));
    }

    #[test]
    fn spawn_waits_for_all_children_even_if_one_fails() {
        let fails = [(1, Failed), (0, Completed)];
        assert_eq!(observe(JoinMode::Spawn, 2, &fails), (vec![Wait, GoOn], false));
    }

    #[test]
    fn the_parent_waits_for_the_report_of_a_child_that_has_already_ended() {
        let summary = |end: &ChildEnd| (end.child, end.outcome);
        for release in [
            |join: &mut JoinState| join.orphan_pending(&Stop::default()),
            JoinState::detach_pending,
        ] {
            let mut join = join(JoinMode::Gather, 3);
            let reporters = [0, 1].map(|child| reporter(&join, child));
            reporters[0].report(Failed);
            let (completions, observed) = join.completions();
            assert_eq!(join.observe(completions.wait(observed)), GoOn);
            join.observe_reported();
            let end = join.children[1].end(Failed);
            assert!(end.outcome == Failed && !end.unobserved, "the parent observes the end");
            std::thread::scope(|scope| {
                scope.spawn(|| reporters[1].report(end.outcome));
                release(&mut join);
            });
            let failures: Vec<_> = join.failures().map(summary).collect();
            assert_eq!(failures, [(0, Failed), (1, Failed)]);
            // The third child has not ended, so its failure is unobserved.
            assert!(join.children[2].end(Failed).unobserved);
        }
    }

    #[test]
    fn a_child_that_reported_before_the_parent_continued_is_not_pending() {
        let mut join = join(JoinMode::Gather, 3);
        for child in [0, 2] {
            reporter(&join, child).report(Failed);
        }
        let (completions, observed) = join.completions();
        assert_eq!(join.observe(completions.wait(observed)), GoOn);
        join.observe_reported();
        let pending: Vec<_> = join.pending().map(|(child, _)| child).collect();
        assert_eq!(pending, [1]);
        assert_eq!(join.failures().count(), 2);
    }
}
