//! One call under way: who has ended, and what the parent does about it. Knows nothing of futures or threads.

use super::JoinMode;
use super::child_completions::{ChildCompletions, End, Place};
use crate::probe::{self, TaskHandle};
use crate::record::{Nanos, Outcome};
use crate::workload::inline::StepError;
use crate::workload::stop::Stop;
use std::sync::Arc;

/// What the parent does after it has heard of an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::workload) enum Then {
    /// Wait for more.
    Wait,
    /// Cancel the others, where that is possible, and wait for their ends.
    CancelOthers,
    /// Go on.
    Leave,
}

/// A step that has called children.
pub(in crate::workload) struct Call {
    pub(super) manner: JoinMode,
    pub(super) since: Nanos,
    family: Arc<ChildCompletions>,
    /// In the order of the call.
    pub(super) children: Vec<TaskHandle>,
    /// In the order of time.
    pub(super) heard: Vec<End>,
    /// By place: whether its end has been heard.
    over: Vec<bool>,
    /// Of those heard, how many did not complete.
    failed: usize,
}

impl Call {
    pub(in crate::workload) fn new(manner: JoinMode) -> Call {
        Call {
            manner,
            since: probe::now(),
            family: Arc::default(),
            children: Vec::new(),
            heard: Vec::new(),
            over: Vec::new(),
            failed: 0,
        }
    }

    pub(in crate::workload) fn manner(&self) -> JoinMode {
        self.manner
    }

    /// When the parent called.
    pub(in crate::workload) fn since(&self) -> Nanos {
        self.since
    }

    /// Where the ends arrive; and how many have been heard.
    pub(in crate::workload) fn family(&self) -> (Arc<ChildCompletions>, usize) {
        (self.family.clone(), self.heard.len())
    }

    /// The place of the next child.
    pub(in crate::workload) fn place(&self) -> Place {
        Place {
            family: self.family.clone(),
            place: self.children.len(),
        }
    }

    /// The next child has this handle.
    pub(in crate::workload) fn add(&mut self, child: TaskHandle) {
        self.children.push(child);
        self.over.push(false);
    }

    /// Whether nobody is left to wait for.
    pub(in crate::workload) fn all_heard(&self) -> bool {
        self.heard.len() == self.children.len()
    }

    /// Takes note of an end.
    pub(in crate::workload) fn hear(&mut self, end: End) -> Then {
        let completed = end.outcome == Outcome::Completed;
        self.note(end);
        match self.manner {
            JoinMode::Gather if !completed => Then::Leave,
            JoinMode::Race => Then::Leave,
            _ if self.all_heard() => Then::Leave,
            JoinMode::Group if !completed && self.failed == 1 => Then::CancelOthers,
            _ => Then::Wait,
        }
    }

    fn note(&mut self, end: End) {
        self.over[end.place] = true;
        self.failed += usize::from(end.outcome != Outcome::Completed);
        self.heard.push(end);
    }

    /// The parent goes on: takes in what has been told in the meantime, so that it is not taken for unheard.
    pub(in crate::workload) fn leave(&mut self) {
        for end in self.family.rest(self.heard.len()) {
            self.note(end);
        }
    }

    /// The children of whose end nothing has been heard, each with its place.
    pub(in crate::workload) fn others(&self) -> impl Iterator<Item = (usize, &TaskHandle)> {
        self.children.iter().enumerate().filter(|(place, _)| !self.over[*place])
    }

    /// Nobody waits for the others any more, and they run on. (At the run's end nobody is left to wait for anybody.)
    pub(in crate::workload) fn orphan_others(&mut self, stop: &Stop) {
        if !stop.requested() {
            self.let_go(probe::orphaned);
        }
    }

    /// Nobody will hear of the others any more, who are about to be cancelled.
    pub(in crate::workload) fn mute_others(&mut self) {
        self.let_go(probe::unheard);
    }

    /// Has `go` let go of each of the others. It says no to a child that is over by now: that one counts on being heard, and its
    /// end, which it is just about to report, is taken in.
    fn let_go(&mut self, go: fn(&TaskHandle) -> bool) {
        for place in 0..self.children.len() {
            if !self.over[place] && !go(&self.children[place]) {
                let end = self.family.wait_for(place);
                self.note(end);
            }
        }
    }

    /// Whether the step has done what it is for.
    pub(in crate::workload) fn succeeded(&self) -> bool {
        match self.manner {
            JoinMode::Race => self
                .heard
                .first()
                .is_none_or(|first| first.outcome == Outcome::Completed),
            _ => self.all_heard() && self.failed == 0,
        }
    }

    /// The step's end, for its parent to go on with, and a line in the log. `cancels`: the others are being cancelled; otherwise
    /// they run on.
    pub(in crate::workload) fn conclude(&self, stop: &Stop, cancels: bool) -> Result<(), StepError> {
        if self.succeeded() {
            self.tell(cancels);
            return Ok(());
        }
        // Who was cut by the run's end has not failed.
        stop.check()?;
        self.tell(cancels);
        Err(StepError::Failed)
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = &End> {
        self.heard.iter().filter(|end| end.outcome != Outcome::Completed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Registry;
    use Outcome::{Cancelled, Completed, Failed};
    use Then::{CancelOthers, Leave, Wait};

    fn call(manner: JoinMode, children: usize) -> Call {
        let registry = Registry::new();
        let mut call = Call::new(manner);
        for _ in 0..children {
            call.add(TaskHandle::new(&registry, &registry.group_named("weather")));
        }
        call
    }

    /// What the parent does at each of these ends, and whether its step succeeds.
    fn hears(manner: JoinMode, children: usize, ends: &[(usize, Outcome)]) -> (Vec<Then>, bool) {
        let mut call = call(manner, children);
        let then = ends
            .iter()
            .map(|&(place, outcome)| {
                let at = Nanos(1);
                call.hear(End { place, outcome, at })
            })
            .collect();
        (then, call.succeeded())
    }

    #[test]
    fn gather_leaves_at_the_first_failure() {
        let all = [(2, Completed), (0, Completed), (1, Completed)];
        assert_eq!(hears(JoinMode::Gather, 3, &all), (vec![Wait, Wait, Leave], true));
        let fails = [(1, Completed), (2, Failed)];
        assert_eq!(hears(JoinMode::Gather, 3, &fails), (vec![Wait, Leave], false));
    }

    #[test]
    fn group_cancels_once_and_waits_for_all() {
        let fails = [(1, Failed), (0, Cancelled), (2, Failed)];
        assert_eq!(
            hears(JoinMode::Group, 3, &fails),
            (vec![CancelOthers, Wait, Leave], false)
        );
        assert_eq!(hears(JoinMode::Group, 1, &[(0, Failed)]), (vec![Leave], false));
        let all = [(1, Completed), (0, Completed)];
        assert_eq!(hears(JoinMode::Group, 2, &all), (vec![Wait, Leave], true));
    }

    #[test]
    fn race_is_decided_by_the_first() {
        assert_eq!(hears(JoinMode::Race, 3, &[(1, Completed)]), (vec![Leave], true));
        assert_eq!(hears(JoinMode::Race, 3, &[(1, Failed)]), (vec![Leave], false));
    }

    #[test]
    fn spawn_waits_for_all_whatever_becomes_of_them() {
        let fails = [(1, Failed), (0, Completed)];
        assert_eq!(hears(JoinMode::Spawn, 2, &fails), (vec![Wait, Leave], false));
    }

    #[test]
    fn who_has_ended_and_is_about_to_say_so_is_waited_for() {
        let outcome = |end: &End| (end.place, end.outcome);
        for let_go in [|call: &mut Call| call.orphan_others(&Stop::new()), Call::mute_others] {
            let mut call = call(JoinMode::Gather, 3);
            let places = [0, 1].map(|place| Place { place, ..call.place() });
            places[0].report(Failed);
            let (family, heard) = call.family();
            assert_eq!(call.hear(family.wait(heard)), Leave);
            call.leave();
            let end = probe::ended(&call.children[1], Failed);
            assert!(end.outcome == Failed && !end.lost, "its parent hears of it");
            std::thread::scope(|scope| {
                scope.spawn(|| places[1].report(end.outcome));
                let_go(&mut call);
            });
            let failures: Vec<_> = call.failures().map(outcome).collect();
            assert_eq!(failures, [(0, Failed), (1, Failed)]);
            // The third has not ended, and its failure would be lost.
            assert!(probe::ended(&call.children[2], Failed).lost);
        }
    }

    #[test]
    fn who_ended_while_the_parent_made_up_its_mind_is_no_other() {
        let mut call = call(JoinMode::Gather, 3);
        for place in [0, 2] {
            Place { place, ..call.place() }.report(Failed);
        }
        let (family, heard) = call.family();
        assert_eq!(call.hear(family.wait(heard)), Leave);
        call.leave();
        let others: Vec<_> = call.others().map(|(place, _)| place).collect();
        assert_eq!(others, [1]);
        assert_eq!(call.failures().count(), 2);
    }
}
