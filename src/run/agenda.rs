//! What is due when: the arrivals of all groups and the cues, merged in order of time.

use crate::scenario::{Cue, CueAction, Scenario};
use crate::workload::ArrivalTimes;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Something that is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Item {
    /// The next task of this group arrives.
    Arrival(usize),
    /// This cue speaks and acts.
    Cue(usize),
    /// The block that a cue repeats comes again; the number tells it from those that were replaced.
    Again(u64),
    /// The run's time is up.
    End,
}

/// All that is still to come. Times count from the run's start.
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Duration, Item)>>,
    arrivals: Vec<ArrivalTimes>,
    /// Arrivals and acting cues in the heap: while there are any, a run without tasks is not over.
    promised: usize,
}

impl Agenda {
    pub(super) fn new(scenario: &Scenario) -> Agenda {
        let mut agenda = Agenda {
            heap: BinaryHeap::new(),
            arrivals: scenario
                .tasks
                .iter()
                .map(|spec| ArrivalTimes::new(spec, scenario.seed))
                .collect(),
            promised: 0,
        };
        for group in 0..agenda.arrivals.len() {
            agenda.follow(group);
        }
        for (n, cue) in scenario.cues.iter().enumerate() {
            agenda.promised += usize::from(brings_tasks(cue));
            agenda.add(cue.at, Item::Cue(n));
        }
        if let Some(end) = scenario.duration {
            agenda.add(end, Item::End);
        }
        agenda
    }

    /// Puts an item on the agenda.
    pub(super) fn add(&mut self, at: Duration, item: Item) {
        self.heap.push(Reverse((at, item)));
    }

    /// When the next item is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The next item, if it is due at `now`.
    pub(super) fn due(&mut self, now: Duration, cues: &[Cue]) -> Option<(Duration, Item)> {
        if self.next()? > now {
            return None;
        }
        let Reverse((at, item)) = self.heap.pop()?;
        match item {
            Item::Arrival(group) => {
                self.promised -= 1;
                self.follow(group);
            }
            Item::Cue(n) => self.promised -= usize::from(brings_tasks(&cues[n])),
            Item::Again(_) | Item::End => {}
        }
        Some((at, item))
    }

    /// Whether tasks are still to come.
    pub(super) fn promises_tasks(&self) -> bool {
        self.promised > 0
    }

    fn follow(&mut self, group: usize) {
        if let Some(at) = self.arrivals[group].next() {
            self.promised += 1;
            self.add(at, Item::Arrival(group));
        }
    }
}

fn brings_tasks(cue: &Cue) -> bool {
    matches!(cue.action, Some(CueAction::Block { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(text: &str) -> Scenario {
        crate::scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"))
    }

    #[test]
    fn everything_comes_once_and_in_order() {
        let scenario = scenario(
            "title = 't'\nduration = '25ms'\n[[task]]\nname = 'a'\ncount = 3\nevery = '10ms'\nsteps = ['yield']\n\
             [[task]]\nname = 'b'\nstart = '15ms'\nsteps = ['yield']\n[[cue]]\nat = '5ms'\nsay = 'x'\ndo = { block = '1ms' }",
        );
        let mut agenda = Agenda::new(&scenario);
        let mut seen = Vec::new();
        while let Some((at, item)) = agenda.due(Duration::MAX, &scenario.cues) {
            seen.push((at.as_millis(), item));
        }
        assert_eq!(
            seen,
            [
                (0, Item::Arrival(0)),
                (5, Item::Cue(0)),
                (10, Item::Arrival(0)),
                (15, Item::Arrival(1)),
                (20, Item::Arrival(0)),
                (25, Item::End)
            ]
        );
        assert!(!agenda.promises_tasks());
    }

    #[test]
    fn what_is_not_due_stays() {
        let scenario = scenario("title = 't'\n[[task]]\nname = 'a'\nstart = '15ms'\nsteps = ['yield']");
        let mut agenda = Agenda::new(&scenario);
        assert_eq!(agenda.due(Duration::from_millis(14), &scenario.cues), None);
        assert!(agenda.promises_tasks());
        assert_eq!(agenda.next(), Some(Duration::from_millis(15)));
    }
}
