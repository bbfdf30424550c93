//! The schedule of a run: the scenario's timeline, the arrivals of groups that have started, and
//! repeated blocks, merged in chronological order.

use super::timeline::{Entry, Timeline};
use crate::scenario::{Cue, Repeat, Scenario, TaskSpec};
use crate::workload::ArrivalTimes;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Something that is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Item {
    /// The next task of this group arrives.
    Arrival(usize),
    /// This cue shows its caption and applies its action.
    Cue(usize),
    /// A block of a cue is due, for the first time or again. The number distinguishes this block
    /// from the blocks that it replaced.
    RepeatBlock(u64),
    /// This group ends: no further task of it arrives, and its tasks begin no further repetition.
    Until(usize),
    /// The run's time is up.
    End,
}

/// The items that have not been taken yet. All instants count from the run's start.
pub(super) struct Schedule {
    timeline: Timeline,
    /// The arrivals of each group, by the index of the group.
    streams: Vec<Stream>,
    heap: BinaryHeap<Reverse<(Duration, Item)>>,
    /// For each cue, whether the run must wait for the cue even if no task is left. True for cues
    /// that spawn tasks. If a presenter triggers the cues, true for all cues.
    awaited: Vec<bool>,
}

/// The arrivals of one group.
struct Stream {
    times: ArrivalTimes,
    /// Whether each task has one repetition. Then the pace of the arrivals is the pace of the
    /// repetitions.
    paces_repetitions: bool,
    /// The time from the first arrival to the next arrival that has not been taken.
    window: Duration,
    /// The instant of the first arrival in the scenario, and the instant of the first arrival in
    /// the run. `None` if the group has not started or has ended.
    began: Option<(Duration, Duration)>,
}

impl Stream {
    /// The instant of the next arrival. `None` if the group has not started, or if no further task
    /// arrives.
    fn next(&mut self) -> Option<Duration> {
        let (planned, actual) = self.began?;
        if let Some(due) = self.times.due() {
            self.window = due.saturating_sub(planned);
        }
        Some(actual.saturating_add(self.times.next()?.saturating_sub(planned)))
    }
}

impl Schedule {
    /// The schedule of `scenario`. If `presented` is true, the timeline waits for the presenter at
    /// each cue.
    pub(super) fn new(scenario: &Scenario, presented: bool) -> Schedule {
        let streams: Vec<_> = scenario
            .tasks
            .iter()
            .map(|spec| Stream {
                // The timeline decides when a group ends. While the timeline waits, tasks continue
                // to arrive. So the arrivals have no end of their own.
                times: ArrivalTimes::new(
                    &TaskSpec {
                        until: None,
                        ..spec.clone()
                    },
                    scenario.seed,
                ),
                paces_repetitions: spec.repeat == Repeat::Times(1),
                window: Duration::ZERO,
                began: None,
            })
            .collect();
        let starts = streams.iter().map(|stream| stream.times.due());
        let starts: Vec<_> = starts.enumerate().filter_map(|(n, at)| Some((n, at?))).collect();
        Schedule {
            timeline: Timeline::new(scenario, presented, starts.into_iter()),
            streams,
            heap: BinaryHeap::new(),
            awaited: scenario.cues.iter().map(|cue| presented || brings_tasks(cue)).collect(),
        }
    }

    /// Adds an item that is not on the timeline.
    pub(super) fn add(&mut self, at: Duration, item: Item) {
        self.heap.push(Reverse((at, item)));
    }

    /// The instant at which the next item is due. Items that wait for the presenter do not count.
    pub(super) fn next(&self) -> Option<Duration> {
        let first = self.heap.peek().map(|Reverse((at, _))| *at);
        [first, self.timeline.next()].into_iter().flatten().min()
    }

    /// Takes the next item if it is due at `now`. Also returns the instant at which the item was
    /// due.
    pub(super) fn due(&mut self, now: Duration) -> Option<(Duration, Item)> {
        while self.next()? <= now {
            let other = self.heap.peek().map(|Reverse((at, _))| *at);
            let on_timeline = self
                .timeline
                .next()
                .is_some_and(|at| other.is_none_or(|other| at <= other));
            if !on_timeline {
                let Reverse((at, item)) = self.heap.pop()?;
                if let Item::Arrival(group) = item {
                    self.add_next_arrival(group);
                }
                return Some((at, item));
            }
            let (at, entry) = self.timeline.take()?;
            match entry {
                Entry::Cue(n) => return Some((at, Item::Cue(n))),
                Entry::End => return Some((at, Item::End)),
                Entry::Until(group) => {
                    self.streams[group].began = None;
                    self.heap.retain(|Reverse((_, item))| *item != Item::Arrival(group));
                    return Some((at, Item::Until(group)));
                }
                Entry::Start(group) => {
                    let stream = &mut self.streams[group];
                    stream.began = stream.times.due().map(|first| (first, at));
                    self.add_next_arrival(group);
                }
            }
        }
        None
    }

    /// Jumps to the next cue, if there is one.
    pub(super) fn next_cue(&mut self, now: Duration) {
        self.timeline.next_cue(now);
    }

    /// The instant of the timeline's next stop. If the timeline waits at a stop, the instant of
    /// this stop.
    pub(super) fn stops_at(&self) -> Option<Duration> {
        self.timeline.stops_at()
    }

    /// The instant at which the run's time is up. `None` if this instant is not known or the run
    /// has no time limit.
    pub(super) fn ends_at(&self) -> Option<Duration> {
        self.timeline.ends_at()
    }

    /// Whether tasks may still arrive: from the scenario or from a presenter.
    pub(super) fn may_bring_tasks(&self) -> bool {
        let arrives = |Reverse((_, item)): &Reverse<(Duration, Item)>| matches!(item, Item::Arrival(_));
        let brings = |entry| match entry {
            Entry::Cue(n) => self.awaited[n],
            Entry::Start(_) => true,
            Entry::Until(_) | Entry::End => false,
        };
        self.heap.iter().any(arrives) || self.timeline.entries().any(brings)
    }

    /// The time from the first arrival of a group to the next arrival that has not been taken, even
    /// if that next arrival is not part of the run. `None` if the pace of the arrivals is not the
    /// pace of the repetitions.
    pub(super) fn arrival_window(&self, group: usize) -> Option<Duration> {
        let stream = &self.streams[group];
        stream.paces_repetitions.then_some(stream.window)
    }

    fn add_next_arrival(&mut self, group: usize) {
        if let Some(at) = self.streams[group].next() {
            self.add(at, Item::Arrival(group));
        }
    }
}

fn brings_tasks(cue: &Cue) -> bool {
    cue.action.is_some_and(|action| action.spawns_tasks())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(text: &str) -> Scenario {
        crate::scenario::read("test.toml", text).unwrap_or_else(|report| panic!("{report}"))
    }

    /// Everything that is due at `now`.
    fn due(schedule: &mut Schedule, now: u64) -> Vec<(u128, Item)> {
        let now = Duration::from_millis(now);
        let items = std::iter::from_fn(|| schedule.due(now));
        items.map(|(at, item)| (at.as_millis(), item)).collect()
    }

    const MIXED: &str = "title = 't'\nduration = '25ms'\n[[task]]\nname = 'a'\ncount = 3\nevery = '10ms'\nsteps = ['yield']\n\
         [[task]]\nname = 'b'\nstart = '15ms'\nsteps = ['yield']\n[[cue]]\nat = '5ms'\nsay = 'x'\ndo = { block = '1ms' }";

    #[test]
    fn every_item_is_due_once_and_in_order() {
        let mut schedule = Schedule::new(&scenario(MIXED), false);
        assert!(schedule.may_bring_tasks());
        assert_eq!(
            due(&mut schedule, 99),
            [
                (0, Item::Arrival(0)),
                (5, Item::Cue(0)),
                (10, Item::Arrival(0)),
                (15, Item::Arrival(1)),
                (20, Item::Arrival(0)),
                (25, Item::End)
            ]
        );
        assert!(!schedule.may_bring_tasks());
    }

    #[test]
    fn the_window_of_the_arrivals_ends_with_the_pause_after_the_last() {
        let text = "title = 't'\n[[task]]\nname = 'a'\ncount = 3\nstart = '5ms'\nevery = '10ms'\nsteps = ['yield']\n\
             [[task]]\nname = 'b'\nevery = '10ms'\nrepeat = 2\nuntil = '15ms'\nsteps = ['yield']\n\
             [[task]]\nname = 'c'\nevery = '10ms'\nuntil = '15ms'\nsteps = ['yield']";
        let mut schedule = Schedule::new(&scenario(text), false);
        let window = |schedule: &Schedule, group| schedule.arrival_window(group).map(|window| window.as_millis());
        due(&mut schedule, 20);
        assert_eq!(window(&schedule, 0), Some(20), "two tasks have arrived");
        due(&mut schedule, 99);
        assert_eq!(window(&schedule, 0), Some(30));
        assert_eq!(window(&schedule, 1), None, "the tasks repeat");
        assert_eq!(
            window(&schedule, 2),
            Some(20),
            "the pause after the last task counts fully"
        );
    }

    #[test]
    fn an_item_that_is_not_due_stays_in_the_schedule() {
        let mut schedule = Schedule::new(
            &scenario("title = 't'\n[[task]]\nname = 'a'\nstart = '15ms'\nsteps = ['yield']"),
            false,
        );
        assert_eq!(due(&mut schedule, 14), []);
        assert!(schedule.may_bring_tasks());
        assert_eq!(schedule.next(), Some(Duration::from_millis(15)));
    }

    #[test]
    fn arrivals_keep_their_pace_when_the_presenter_jumps() {
        let mut schedule = Schedule::new(
            &scenario(
                "title = 't'\nduration = '10s'\n[[task]]\nname = 'a'\nevery = '10ms'\nsteps = ['yield']\n\
                 [[task]]\nname = 'b'\nstart = '2s'\nevery = '10ms'\nsteps = ['yield']\n[[cue]]\nat = '3s'\nsay = 'x'",
            ),
            false,
        );
        assert_eq!(due(&mut schedule, 5), [(0, Item::Arrival(0))]);
        schedule.next_cue(Duration::from_millis(5));
        assert_eq!(
            due(&mut schedule, 20),
            [
                (5, Item::Cue(0)),
                (5, Item::Arrival(1)),
                (10, Item::Arrival(0)),
                (15, Item::Arrival(1)),
                (20, Item::Arrival(0))
            ],
            "b starts now, without the tasks of the skipped second"
        );
        assert_eq!(schedule.ends_at(), Some(Duration::from_millis(7_005)));
    }

    #[test]
    fn tasks_of_started_groups_still_arrive_while_the_timeline_waits() {
        let mut schedule = Schedule::new(&scenario(MIXED), true);
        assert_eq!(
            due(&mut schedule, 60),
            [(0, Item::Arrival(0)), (10, Item::Arrival(0)), (20, Item::Arrival(0))]
        );
        assert!(schedule.may_bring_tasks(), "the presenter has not reached the end");
        assert_eq!(schedule.stops_at(), Some(Duration::from_millis(5)));
        schedule.next_cue(Duration::from_millis(60));
        assert_eq!(
            due(&mut schedule, 99),
            [(60, Item::Cue(0)), (70, Item::Arrival(1)), (80, Item::End)]
        );
    }

    #[test]
    fn no_task_of_a_group_arrives_after_the_group_has_ended() {
        let scenario = scenario("title = 't'\n[[task]]\nname = 'a'\nevery = '10ms'\nuntil = '15ms'\nsteps = ['yield']");
        let mut schedule = Schedule::new(&scenario, false);
        assert_eq!(
            due(&mut schedule, 99),
            [(0, Item::Arrival(0)), (10, Item::Arrival(0)), (15, Item::Until(0))]
        );
        assert!(!schedule.may_bring_tasks());
        assert_eq!(schedule.next(), None);
    }
}
