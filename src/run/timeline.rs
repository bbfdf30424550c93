//! The scenario's timeline: the instants of each cue, of the first arrival in each group, of the
//! end of each group, and of the end of the run.
//!
//! All these instants move together. When a presenter jumps to the next cue, groups that start
//! before that cue start immediately. The jump does not affect running tasks and groups that have
//! already started.
//!
//! ```text
//!   timeline  ├── cue 0 ── group a ──── cue 1 ── group b ── cue 2 ── end
//!   presented ───────────────────────▶▏ stops here until the presenter continues; b, cue 2 and the end wait
//!   `n`       ────────▶┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶  jumps to cue 1; skipped items are due at once
//! ```

use crate::scenario::Scenario;
use std::collections::VecDeque;
use std::time::Duration;

/// An entry of the timeline. If several entries have the same instant, cues come first. When the
/// timeline waits at a cue, the other entries must wait too. The end comes last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Entry {
    /// This cue shows its caption and applies its action.
    Cue(usize),
    /// This group's first task arrives.
    Start(usize),
    /// This group ends.
    Until(usize),
    /// The run's time is up.
    End,
}

/// The timeline and the run's position on it. The instants of the entries are the scenario's
/// instants. Unless stated otherwise, all other instants count from the run's start.
pub(super) struct Timeline {
    entries: VecDeque<(Duration, Entry)>,
    /// An instant of the run, and the scenario's instant that the timeline had reached at that
    /// time.
    anchor: (Duration, Duration),
    /// Whether the timeline stops at each cue.
    presented: bool,
    /// The next stop, as an instant of the scenario.
    stop: Option<Duration>,
    /// The presenter has released the timeline up to this instant of the scenario.
    released: Duration,
}

impl Timeline {
    /// The timeline of `scenario`. `starts` contains the index and the first arrival of each group
    /// that has arrivals.
    pub(super) fn new(
        scenario: &Scenario,
        presented: bool,
        starts: impl Iterator<Item = (usize, Duration)>,
    ) -> Timeline {
        let cues = scenario.cues.iter().enumerate();
        let groups = scenario.tasks.iter().enumerate();
        let mut entries: Vec<_> = cues
            .map(|(n, cue)| (cue.at, Entry::Cue(n)))
            .chain(starts.map(|(n, at)| (at, Entry::Start(n))))
            .chain(groups.filter_map(|(n, group)| Some((group.until?, Entry::Until(n)))))
            .chain(scenario.duration.map(|end| (end, Entry::End)))
            .collect();
        entries.sort_unstable();
        // Entries after the end are never due.
        if let Some(end) = entries.iter().position(|(_, entry)| *entry == Entry::End) {
            entries.truncate(end + 1);
        }
        let mut timeline = Timeline {
            entries: entries.into(),
            anchor: (Duration::ZERO, Duration::ZERO),
            presented,
            stop: None,
            // A cue at the very beginning does not wait.
            released: Duration::ZERO,
        };
        timeline.stop = timeline.next_stop();
        timeline
    }

    /// The instant at which the next entry is due. `None` if there is no next entry, or if the next
    /// entry waits for the presenter.
    pub(super) fn next(&self) -> Option<Duration> {
        let (at, _) = self.entries.front()?;
        self.stop.is_none_or(|stop| *at < stop).then(|| self.run_time(*at))
    }

    /// Takes the next entry. Also returns the instant at which the entry was due.
    pub(super) fn take(&mut self) -> Option<(Duration, Entry)> {
        let due = self.next()?;
        let (_, entry) = self.entries.pop_front()?;
        Some((due, entry))
    }

    /// The instant of the timeline's next stop. If the timeline waits at a stop, the instant of
    /// this stop.
    pub(super) fn stops_at(&self) -> Option<Duration> {
        self.stop.map(|stop| self.run_time(stop))
    }

    /// The instant at which the run's time is up, if this instant is known.
    pub(super) fn ends_at(&self) -> Option<Duration> {
        let (at, entry) = self.entries.back()?;
        (*entry == Entry::End && self.stop.is_none()).then(|| self.run_time(*at))
    }

    /// Jumps to the next cue, if there is one.
    pub(super) fn next_cue(&mut self, now: Duration) {
        if let Some(at) = self.find_cue(Duration::ZERO) {
            self.released = at;
            self.anchor = (now, at);
            self.stop = self.next_stop();
        }
    }

    /// The entries that have not been taken yet.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.entries.iter().map(|(_, entry)| *entry)
    }

    fn next_stop(&self) -> Option<Duration> {
        let beyond = self.released + Duration::from_nanos(1);
        self.find_cue(beyond).filter(|_| self.presented)
    }

    /// The instant of the first cue at or after `from`.
    fn find_cue(&self, from: Duration) -> Option<Duration> {
        let is_cue = |(at, entry): &&(Duration, Entry)| *at >= from && matches!(entry, Entry::Cue(_));
        self.entries.iter().find(is_cue).map(|(at, _)| *at)
    }

    /// The instant of the run at which the timeline reaches `at`. Skipped entries are due at the
    /// instant of the jump.
    fn run_time(&self, at: Duration) -> Duration {
        self.anchor.0.saturating_add(at.saturating_sub(self.anchor.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title = 't'\nduration = '20s'\n\
        [[task]]\nname = 'a'\nuntil = '12s'\nsteps = ['yield']\n[[task]]\nname = 'b'\nstart = '8s'\nsteps = ['yield']\n\
        [[cue]]\nat = '0s'\nsay = 'one'\n[[cue]]\nat = '5s'\nsay = 'two'\n[[cue]]\nat = '10s'\nsay = 'three'\n\
        [[cue]]\nat = '30s'\nsay = 'never'";

    fn timeline(presented: bool) -> Timeline {
        let scenario = crate::scenario::read("test.toml", TEXT).unwrap_or_else(|report| panic!("{report}"));
        let starts = [Duration::ZERO, Duration::from_secs(8)];
        Timeline::new(&scenario, presented, starts.into_iter().enumerate())
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Everything that is due at `now`.
    fn due(timeline: &mut Timeline, now: Duration) -> Vec<(u64, Entry)> {
        let next = || (timeline.next()? <= now).then(|| timeline.take()).flatten();
        std::iter::from_fn(next)
            .map(|(at, entry)| (at.as_secs(), entry))
            .collect()
    }

    #[test]
    fn without_a_presenter_the_timeline_follows_the_clock_to_its_end() {
        let mut timeline = timeline(false);
        assert_eq!((timeline.stops_at(), timeline.ends_at()), (None, Some(at(20))));
        assert_eq!(
            due(&mut timeline, Duration::MAX),
            [
                (0, Entry::Cue(0)),
                (0, Entry::Start(0)),
                (5, Entry::Cue(1)),
                (8, Entry::Start(1)),
                (10, Entry::Cue(2)),
                (12, Entry::Until(0)),
                (20, Entry::End)
            ]
        );
    }

    #[test]
    fn a_jump_to_the_next_cue_moves_all_later_entries_forward() {
        let mut timeline = timeline(false);
        assert_eq!(due(&mut timeline, at(6)).len(), 3);
        timeline.next_cue(at(6));
        assert_eq!(due(&mut timeline, at(6)), [(6, Entry::Start(1)), (6, Entry::Cue(2))]);
        timeline.next_cue(at(7));
        assert_eq!(
            due(&mut timeline, at(15)),
            [(8, Entry::Until(0))],
            "there is no further cue"
        );
        assert_eq!(timeline.ends_at(), Some(at(16)));
    }

    #[test]
    fn with_a_presenter_the_timeline_stops_before_each_cue_except_the_first() {
        let mut timeline = timeline(true);
        assert_eq!(due(&mut timeline, at(90)).len(), 2);
        assert_eq!(
            (timeline.next(), timeline.stops_at(), timeline.ends_at()),
            (None, Some(at(5)), None)
        );
        timeline.next_cue(at(90));
        assert_eq!(due(&mut timeline, at(90)), [(90, Entry::Cue(1))]);
        assert_eq!(timeline.stops_at(), Some(at(95)));
        assert_eq!(due(&mut timeline, at(500)), [(93, Entry::Start(1))]);
        timeline.next_cue(at(500));
        assert_eq!(timeline.stops_at(), None);
        assert_eq!(due(&mut timeline, at(501)), [(500, Entry::Cue(2))]);
        assert_eq!(timeline.ends_at(), Some(at(510)));
    }

    #[test]
    fn a_presenter_can_jump_before_the_stop() {
        let mut timeline = timeline(true);
        due(&mut timeline, at(1));
        timeline.next_cue(at(1));
        assert_eq!(due(&mut timeline, at(1)), [(1, Entry::Cue(1))]);
    }
}
