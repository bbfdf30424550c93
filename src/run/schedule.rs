//! What is due when: the scenario's timeline, the arrivals of the groups that have begun, and repeated blocks, merged in
//! order of time.

use super::timeline::{Timeline, Turn};
use crate::scenario::{Cue, CueAction, Scenario, TaskSpec};
use crate::workload::ArrivalTimes;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;
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
    /// This group ends: none of its tasks arrives any more, and no repetition begins.
    Until(usize),
    /// The run's time is up.
    End,
}

/// All that is still to come. Times are those of the run's clock.
pub(super) struct Schedule {
    script: Timeline,
    /// By group.
    streams: Vec<Stream>,
    heap: BinaryHeap<Reverse<(Duration, Item)>>,
    /// Cues that nothing but the presenter brings about, or that bring tasks: while they are to come, a run without tasks is
    /// not over.
    awaited: Vec<bool>,
}

/// The arrivals of one group.
struct Stream {
    times: Peekable<ArrivalTimes>,
    /// The first arrival on the timeline, and when it came.
    began: Option<(Duration, Duration)>,
}

impl Stream {
    /// When the next task arrives, once the group has begun.
    fn next(&mut self) -> Option<Duration> {
        let (planned, came) = self.began?;
        Some(came.saturating_add(self.times.next()?.saturating_sub(planned)))
    }
}

impl Schedule {
    /// What `scenario` plans. `presented`: the timeline waits for the presenter at each cue.
    pub(super) fn new(scenario: &Scenario, presented: bool) -> Schedule {
        let mut streams: Vec<_> = scenario
            .tasks
            .iter()
            .map(|spec| Stream {
                // A group's end stands on the timeline: while that waits, tasks go on arriving.
                times: ArrivalTimes::new(
                    &TaskSpec {
                        until: None,
                        ..spec.clone()
                    },
                    scenario.seed,
                )
                .peekable(),
                began: None,
            })
            .collect();
        let starts = streams.iter_mut().map(|stream| stream.times.peek().copied());
        let starts: Vec<_> = starts.enumerate().filter_map(|(n, at)| Some((n, at?))).collect();
        Schedule {
            script: Timeline::new(scenario, presented, starts.into_iter()),
            streams,
            heap: BinaryHeap::new(),
            awaited: scenario.cues.iter().map(|cue| presented || brings_tasks(cue)).collect(),
        }
    }

    /// Puts an item on the agenda, beside the timeline.
    pub(super) fn add(&mut self, at: Duration, item: Item) {
        self.heap.push(Reverse((at, item)));
    }

    /// When the next item is due, as far as it does not wait for the presenter.
    pub(super) fn next(&self) -> Option<Duration> {
        let first = self.heap.peek().map(|Reverse((at, _))| *at);
        [first, self.script.next()].into_iter().flatten().min()
    }

    /// The next item, if it is due at `now`, and when it was.
    pub(super) fn due(&mut self, now: Duration) -> Option<(Duration, Item)> {
        while self.next()? <= now {
            let other = self.heap.peek().map(|Reverse((at, _))| *at);
            let scripted = self
                .script
                .next()
                .is_some_and(|at| other.is_none_or(|other| at <= other));
            if !scripted {
                let Reverse((at, item)) = self.heap.pop()?;
                if let Item::Arrival(group) = item {
                    self.follow(group);
                }
                return Some((at, item));
            }
            let (at, turn) = self.script.take()?;
            match turn {
                Turn::Cue(n) => return Some((at, Item::Cue(n))),
                Turn::End => return Some((at, Item::End)),
                Turn::Until(group) => {
                    self.streams[group].began = None;
                    self.heap.retain(|Reverse((_, item))| *item != Item::Arrival(group));
                    return Some((at, Item::Until(group)));
                }
                Turn::Start(group) => {
                    let stream = &mut self.streams[group];
                    stream.began = stream.times.peek().map(|first| (*first, at));
                    self.follow(group);
                }
            }
        }
        None
    }

    /// Goes on to the next cue, if one is to come.
    pub(super) fn go_on(&mut self, now: Duration) {
        self.script.go_on(now);
    }

    /// When the timeline comes to where it waits for the presenter, or came there.
    pub(super) fn stops_at(&self) -> Option<Duration> {
        self.script.stops_at()
    }

    /// When the run's time is up; `None`: not known, or never.
    pub(super) fn ends_at(&self) -> Option<Duration> {
        self.script.ends_at()
    }

    /// Whether tasks are still to come, or somebody who could bring some.
    pub(super) fn promises_tasks(&self) -> bool {
        let arrives = |Reverse((_, item)): &Reverse<(Duration, Item)>| matches!(item, Item::Arrival(_));
        let brings = |turn| match turn {
            Turn::Cue(n) => self.awaited[n],
            Turn::Start(_) => true,
            Turn::Until(_) | Turn::End => false,
        };
        self.heap.iter().any(arrives) || self.script.turns().any(brings)
    }

    fn follow(&mut self, group: usize) {
        if let Some(at) = self.streams[group].next() {
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

    /// All that is due at `now`.
    fn due(agenda: &mut Schedule, now: u64) -> Vec<(u128, Item)> {
        let now = Duration::from_millis(now);
        let items = std::iter::from_fn(|| agenda.due(now));
        items.map(|(at, item)| (at.as_millis(), item)).collect()
    }

    const MIXED: &str = "title = 't'\nduration = '25ms'\n[[task]]\nname = 'a'\ncount = 3\nevery = '10ms'\nsteps = ['yield']\n\
         [[task]]\nname = 'b'\nstart = '15ms'\nsteps = ['yield']\n[[cue]]\nat = '5ms'\nsay = 'x'\ndo = { block = '1ms' }";

    #[test]
    fn everything_comes_once_and_in_order() {
        let mut agenda = Schedule::new(&scenario(MIXED), false);
        assert!(agenda.promises_tasks());
        assert_eq!(
            due(&mut agenda, 99),
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
        let mut agenda = Schedule::new(
            &scenario("title = 't'\n[[task]]\nname = 'a'\nstart = '15ms'\nsteps = ['yield']"),
            false,
        );
        assert_eq!(due(&mut agenda, 14), []);
        assert!(agenda.promises_tasks());
        assert_eq!(agenda.next(), Some(Duration::from_millis(15)));
    }

    #[test]
    fn a_group_that_arrives_keeps_its_pace_when_the_presenter_goes_on() {
        let mut agenda = Schedule::new(
            &scenario(
                "title = 't'\nduration = '10s'\n[[task]]\nname = 'a'\nevery = '10ms'\nsteps = ['yield']\n\
                 [[task]]\nname = 'b'\nstart = '2s'\nevery = '10ms'\nsteps = ['yield']\n[[cue]]\nat = '3s'\nsay = 'x'",
            ),
            false,
        );
        assert_eq!(due(&mut agenda, 5), [(0, Item::Arrival(0))]);
        agenda.go_on(Duration::from_millis(5));
        assert_eq!(
            due(&mut agenda, 20),
            [
                (5, Item::Cue(0)),
                (5, Item::Arrival(1)),
                (10, Item::Arrival(0)),
                (15, Item::Arrival(1)),
                (20, Item::Arrival(0))
            ],
            "b begins now, and not with a second's worth of tasks"
        );
        assert_eq!(agenda.ends_at(), Some(Duration::from_millis(7_005)));
    }

    #[test]
    fn while_the_timeline_waits_what_has_begun_goes_on() {
        let mut agenda = Schedule::new(&scenario(MIXED), true);
        assert_eq!(
            due(&mut agenda, 60),
            [(0, Item::Arrival(0)), (10, Item::Arrival(0)), (20, Item::Arrival(0))]
        );
        assert!(agenda.promises_tasks(), "the presenter has not come to an end");
        assert_eq!(agenda.stops_at(), Some(Duration::from_millis(5)));
        agenda.go_on(Duration::from_millis(60));
        assert_eq!(
            due(&mut agenda, 99),
            [(60, Item::Cue(0)), (70, Item::Arrival(1)), (80, Item::End)]
        );
    }

    #[test]
    fn a_group_that_has_ended_brings_nobody() {
        let scenario = scenario("title = 't'\n[[task]]\nname = 'a'\nevery = '10ms'\nuntil = '15ms'\nsteps = ['yield']");
        let mut agenda = Schedule::new(&scenario, false);
        assert_eq!(
            due(&mut agenda, 99),
            [(0, Item::Arrival(0)), (10, Item::Arrival(0)), (15, Item::Until(0))]
        );
        assert!(!agenda.promises_tasks());
        assert_eq!(agenda.next(), None);
    }
}
