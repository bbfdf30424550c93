//! The scenario's timeline: what is said and done when, beside what tasks do of themselves.
//!
//! Cues, the groups' first arrivals and ends, and the end of the run stand on it. They move together: a presenter who goes
//! on to the next cue takes the groups along that begin before it. What is under way (tasks, groups that arrive already)
//! keeps its own pace.
//!
//! ```text
//!   timeline  ├── cue 0 ── group a ──── cue 1 ── group b ── cue 2 ── end
//!   presented ───────────────────────▶▏ stops here until the presenter goes on; b, cue 2 and the end wait
//!   `n`       ────────▶┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶  jumps to cue 1; what was jumped over is due at once
//! ```

use crate::scenario::Scenario;
use std::collections::VecDeque;
use std::time::Duration;

/// What stands on the timeline. At one instant cues come first, for what stands behind a cue waits with it, and the end
/// comes last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Turn {
    /// This cue speaks and acts.
    Cue(usize),
    /// This group's first task arrives.
    Start(usize),
    /// This group ends.
    Until(usize),
    /// The run's time is up.
    End,
}

/// The timeline, and where on it the run is. Instants on it are the scenario's; all others are the run's own clock.
pub(super) struct Timeline {
    turns: VecDeque<(Duration, Turn)>,
    /// At the first instant, of the run's clock, the timeline stood at the second.
    anchor: (Duration, Duration),
    /// It stops at each cue.
    presented: bool,
    /// Where it stops next.
    stop: Option<Duration>,
    /// The presenter has let it come as far as this.
    released: Duration,
}

impl Timeline {
    /// The timeline of `scenario`, on which the groups begin whose first arrival `starts` tells.
    pub(super) fn new(
        scenario: &Scenario,
        presented: bool,
        starts: impl Iterator<Item = (usize, Duration)>,
    ) -> Timeline {
        let cues = scenario.cues.iter().enumerate();
        let groups = scenario.tasks.iter().enumerate();
        let mut turns: Vec<_> = cues
            .map(|(n, cue)| (cue.at, Turn::Cue(n)))
            .chain(starts.map(|(n, at)| (at, Turn::Start(n))))
            .chain(groups.filter_map(|(n, group)| Some((group.until?, Turn::Until(n)))))
            .chain(scenario.duration.map(|end| (end, Turn::End)))
            .collect();
        turns.sort_unstable();
        // What lies behind the end never comes.
        if let Some(end) = turns.iter().position(|(_, turn)| *turn == Turn::End) {
            turns.truncate(end + 1);
        }
        let mut script = Timeline {
            turns: turns.into(),
            anchor: (Duration::ZERO, Duration::ZERO),
            presented,
            stop: None,
            // What is said at the very beginning waits for nobody.
            released: Duration::ZERO,
        };
        script.stop = script.next_stop();
        script
    }

    /// When the next turn is due; `None`: never, or not before the presenter goes on.
    pub(super) fn next(&self) -> Option<Duration> {
        let (at, _) = self.turns.front()?;
        self.stop.is_none_or(|stop| *at < stop).then(|| self.clock(*at))
    }

    /// Takes the next turn, and when it was due.
    pub(super) fn take(&mut self) -> Option<(Duration, Turn)> {
        let due = self.next()?;
        let (_, turn) = self.turns.pop_front()?;
        Some((due, turn))
    }

    /// When the timeline comes to its next stop, or came to the one where it stands.
    pub(super) fn stops_at(&self) -> Option<Duration> {
        self.stop.map(|stop| self.clock(stop))
    }

    /// When the run's time is up, as far as that is known.
    pub(super) fn ends_at(&self) -> Option<Duration> {
        let (at, turn) = self.turns.back()?;
        (*turn == Turn::End && self.stop.is_none()).then(|| self.clock(*at))
    }

    /// Goes on to the next cue, if one is to come.
    pub(super) fn go_on(&mut self, now: Duration) {
        if let Some(at) = self.next_cue(Duration::ZERO) {
            self.released = at;
            self.anchor = (now, at);
            self.stop = self.next_stop();
        }
    }

    /// What is still to come.
    pub(super) fn turns(&self) -> impl Iterator<Item = Turn> {
        self.turns.iter().map(|(_, turn)| *turn)
    }

    fn next_stop(&self) -> Option<Duration> {
        let beyond = self.released + Duration::from_nanos(1);
        self.next_cue(beyond).filter(|_| self.presented)
    }

    /// The first cue that is to come, from this instant on.
    fn next_cue(&self, from: Duration) -> Option<Duration> {
        let is_cue = |(at, turn): &&(Duration, Turn)| *at >= from && matches!(turn, Turn::Cue(_));
        self.turns.iter().find(is_cue).map(|(at, _)| *at)
    }

    /// The run's clock when the timeline comes to `at`; what was jumped over is due at the jump.
    fn clock(&self, at: Duration) -> Duration {
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

    fn script(presented: bool) -> Timeline {
        let scenario = crate::scenario::read("test.toml", TEXT).unwrap_or_else(|report| panic!("{report}"));
        let starts = [Duration::ZERO, Duration::from_secs(8)];
        Timeline::new(&scenario, presented, starts.into_iter().enumerate())
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// All that is due at `now`.
    fn due(script: &mut Timeline, now: Duration) -> Vec<(u64, Turn)> {
        let next = || (script.next()? <= now).then(|| script.take()).flatten();
        std::iter::from_fn(next)
            .map(|(at, turn)| (at.as_secs(), turn))
            .collect()
    }

    #[test]
    fn left_alone_it_follows_the_clock_to_its_end() {
        let mut script = script(false);
        assert_eq!((script.stops_at(), script.ends_at()), (None, Some(at(20))));
        assert_eq!(
            due(&mut script, Duration::MAX),
            [
                (0, Turn::Cue(0)),
                (0, Turn::Start(0)),
                (5, Turn::Cue(1)),
                (8, Turn::Start(1)),
                (10, Turn::Cue(2)),
                (12, Turn::Until(0)),
                (20, Turn::End)
            ]
        );
    }

    #[test]
    fn going_on_jumps_to_the_next_cue_and_all_that_follows_comes_sooner() {
        let mut script = script(false);
        assert_eq!(due(&mut script, at(6)).len(), 3);
        script.go_on(at(6));
        assert_eq!(due(&mut script, at(6)), [(6, Turn::Start(1)), (6, Turn::Cue(2))]);
        script.go_on(at(7));
        assert_eq!(
            due(&mut script, at(15)),
            [(8, Turn::Until(0))],
            "there is no cue to go on to"
        );
        assert_eq!(script.ends_at(), Some(at(16)));
    }

    #[test]
    fn presented_it_stops_before_each_cue_but_the_first() {
        let mut script = script(true);
        assert_eq!(due(&mut script, at(90)).len(), 2);
        assert_eq!(
            (script.next(), script.stops_at(), script.ends_at()),
            (None, Some(at(5)), None)
        );
        script.go_on(at(90));
        assert_eq!(due(&mut script, at(90)), [(90, Turn::Cue(1))]);
        assert_eq!(script.stops_at(), Some(at(95)));
        assert_eq!(due(&mut script, at(500)), [(93, Turn::Start(1))]);
        script.go_on(at(500));
        assert_eq!(script.stops_at(), None);
        assert_eq!(due(&mut script, at(501)), [(500, Turn::Cue(2))]);
        assert_eq!(script.ends_at(), Some(at(510)));
    }

    #[test]
    fn a_presenter_in_a_hurry_need_not_wait_for_the_stop() {
        let mut script = script(true);
        due(&mut script, at(1));
        script.go_on(at(1));
        assert_eq!(due(&mut script, at(1)), [(1, Turn::Cue(1))]);
    }
}
