//! Which stretch of time is on screen: the one axis that every row shares.
//!
//! A live view ends at now. A frozen one stands: it is described by its centre, so that zooming in and out again comes
//! back to where it was, and by what was known of the run when it was last moved, so that a run that goes on cannot
//! shift it.
//!
//! Columns lie on multiples of their own length, counted from the run's start. A stretch of time therefore always falls
//! into the same cells, and the picture scrolls without shimmering.

use crate::record::{Nanos, RunInstant};

/// Lengths of time per column, ascending: 1, 2, 5, 10 … from 1 µs to 500 s.
const LEVELS: [u64; 27] = {
    let mut levels = [0; 27];
    let (mut i, mut unit) = (0, 1_000);
    while i < levels.len() {
        levels[i] = unit;
        levels[i + 1] = unit * 2;
        levels[i + 2] = unit * 5;
        unit *= 10;
        i += 3;
    }
    levels
};

/// What an unzoomed view covers at least: enough for a class to follow with the eye.
const COMFORTABLE: u64 = 1_500_000_000;

/// How much of the run there is to look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// The oldest instant still held.
    pub horizon: RunInstant,
    /// The newest.
    pub now: RunInstant,
}

/// The stretch of time on screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Left edge of the first painted column.
    pub from: RunInstant,
    /// Right edge of the last column.
    pub to: RunInstant,
    /// Columns left of the run's start, which stay empty.
    pub blank: usize,
    /// Painted columns, beside the blank ones.
    pub columns: usize,
    /// Length of a column.
    pub per_column: Nanos,
}

impl Span {
    /// The column that shows this instant.
    pub fn column(&self, at: RunInstant) -> Option<usize> {
        let shown = self.from <= at && at < self.to;
        shown.then(|| self.blank + ((at - self.from).0 / self.per_column.0) as usize)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Anchor {
    Live,
    /// The centre may lie before the run's start while the run is shorter than the screen.
    Frozen {
        centre: i64,
        known: Extent,
    },
}

/// The time axis: where it ends and how long a column is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// Index into [`LEVELS`]; `None`: what is comfortable at this width.
    level: Option<usize>,
    anchor: Anchor,
    columns: u64,
}

impl View {
    /// A live view, `columns` wide.
    pub fn new(columns: usize) -> View {
        View {
            level: None,
            anchor: Anchor::Live,
            columns: columns.max(1) as u64,
        }
    }

    /// Follows the terminal's size.
    pub fn resize(&mut self, columns: usize) {
        self.columns = columns.max(1) as u64;
    }

    /// Whether the view follows the run.
    pub fn is_live(&self) -> bool {
        self.anchor == Anchor::Live
    }

    /// Stands still from now on.
    pub fn freeze(&mut self, known: Extent) {
        if self.is_live() {
            let centre = self.complete(known.now) as i64 - self.half();
            self.anchor = Anchor::Frozen { centre, known };
        }
    }

    /// Follows the run again.
    pub fn thaw(&mut self) {
        self.anchor = Anchor::Live;
    }

    /// Moves by an eighth of the screen, back (`-1`) or on (`1`), within the run; freezes.
    pub fn pan(&mut self, direction: i64, known: Extent) {
        self.freeze(known);
        let step = (self.columns / 8).max(1) * self.per_column();
        let newest = self.complete(known.now) as i64 - self.half();
        let first = known.horizon.0 / self.per_column() * self.per_column();
        let oldest = (first as i64 + self.half()).min(newest);
        let centre = self.frozen_end() as i64 - self.half() + direction * step as i64;
        let centre = centre.clamp(oldest, newest);
        self.anchor = Anchor::Frozen { centre, known };
    }

    /// One level closer.
    pub fn zoom_in(&mut self) {
        self.level = Some(self.level().saturating_sub(1));
    }

    /// One level further away, until the whole run is on screen.
    pub fn zoom_out(&mut self, known: Extent) {
        let all = LEVELS
            .iter()
            .position(|l| l * self.columns >= known.now.0)
            .unwrap_or(LEVELS.len() - 1);
        let level = self.level();
        self.level = Some(level.max((level + 1).min(all)));
    }

    /// What is on screen of a run that has come to `now`.
    pub fn span(&self, now: RunInstant) -> Span {
        let to = match self.anchor {
            Anchor::Live => self.end(now),
            Anchor::Frozen { .. } => self.frozen_end(),
        };
        let per_column = self.per_column();
        let columns = self.columns.min(to / per_column);
        Span {
            from: RunInstant::new(to - columns * per_column),
            to: RunInstant::new(to),
            blank: (self.columns - columns) as usize,
            columns: columns as usize,
            per_column: Nanos(per_column),
        }
    }

    /// The latest instant that this view shows: now, or just before where it stands.
    pub fn instant(&self, now: RunInstant) -> RunInstant {
        match self.anchor {
            Anchor::Live => now,
            Anchor::Frozen { known, .. } => RunInstant::new(self.frozen_end()).min(known.now) - Nanos(1),
        }
    }

    fn level(&self) -> usize {
        let comfortable = || LEVELS.iter().position(|l| l * self.columns >= COMFORTABLE).unwrap_or(0);
        self.level.unwrap_or_else(comfortable)
    }

    fn per_column(&self) -> u64 {
        LEVELS[self.level()]
    }

    fn half(&self) -> i64 {
        (self.per_column() * self.columns / 2) as i64
    }

    /// The end of the column that holds `now`.
    fn end(&self, now: RunInstant) -> u64 {
        (now.0 / self.per_column() + 1) * self.per_column()
    }

    /// The end of the last column that is complete: the one after it would still fill in a frozen view.
    fn complete(&self, now: RunInstant) -> u64 {
        (now.0 / self.per_column()).max(1) * self.per_column()
    }

    fn frozen_end(&self) -> u64 {
        let Anchor::Frozen { centre, known } = self.anchor else {
            return 0;
        };
        let per_column = self.per_column();
        let end = u64::try_from(centre + self.half()).unwrap_or(0).div_ceil(per_column) * per_column;
        end.clamp(per_column, self.complete(known.now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extent(now: u64) -> Extent {
        Extent {
            horizon: RunInstant::ZERO,
            now: RunInstant::new(now),
        }
    }

    #[test]
    fn an_unzoomed_view_covers_a_comfortable_time_at_any_width() {
        for (columns, level) in [(40, 50), (70, 50), (75, 20), (130, 20), (200, 10)] {
            assert_eq!(
                View::new(columns).span(RunInstant::ZERO).per_column,
                Nanos::from_millis(level),
                "{columns} columns"
            );
        }
    }

    #[test]
    fn zoom_goes_from_a_microsecond_to_the_whole_run() {
        let mut view = View::new(100);
        for _ in 0..40 {
            view.zoom_in();
        }
        assert_eq!(view.span(RunInstant::ZERO).per_column, Nanos::from_micros(1));
        for _ in 0..40 {
            view.zoom_out(extent(30_000_000_000));
        }
        let span = view.span(RunInstant::new(30_000_000_000));
        assert_eq!(
            span.per_column,
            Nanos::from_millis(500),
            "50 s is the first level that holds 30 s"
        );
        assert_eq!(span.from, RunInstant::ZERO);
        assert_eq!(span.blank, 39);
    }

    #[test]
    fn an_instant_is_in_its_own_column() {
        let span = View::new(100).span(RunInstant::from_millis(7_412));
        assert_eq!(span.column(RunInstant::from_millis(7_412)), Some(99));
        assert_eq!(span.column(span.to), None);
        assert_eq!(span.column(span.from), Some(0));
    }

    proptest! {
        #[test]
        fn freezing_hides_at_most_the_incomplete_column_and_then_stands(now in 0u64..1 << 40, more in 0u64..1 << 40, columns in 1usize..300) {
            let mut view = View::new(columns);
            let live = view.span(RunInstant::new(now));
            view.freeze(extent(now));
            let frozen = view.span(RunInstant::new(now));
            let column = live.per_column;
            prop_assert!(frozen.to == live.to || frozen.to + column == live.to, "only the incomplete column goes");
            prop_assert!(frozen.to.0 <= now.max(column.0));
            prop_assert_eq!(view.span(RunInstant::new(now + more)), frozen);
            prop_assert_eq!(view.instant(RunInstant::new(now + more)), frozen.to.min(RunInstant::new(now)) - Nanos(1));
            view.thaw();
            prop_assert_eq!(view.span(RunInstant::new(now)), live);
        }

        #[test]
        fn zooming_in_and_out_returns(
            now in 0u64..1 << 40,
            columns in 1usize..300,
            pans in 0usize..9,
            times in 1usize..6,
            freeze: bool,
        ) {
            let mut view = View::new(columns);
            if freeze {
                view.freeze(extent(now));
                for _ in 0..pans {
                    view.pan(-1, extent(now));
                }
            }
            // The first zoom makes the comfortable level the chosen one.
            let before = view.span(RunInstant::new(now));
            for _ in 0..times {
                view.zoom_in();
            }
            for _ in 0..times {
                view.zoom_out(Extent { horizon: RunInstant::ZERO, now: RunInstant::new(u64::MAX >> 10) });
            }
            prop_assert_eq!(view.span(RunInstant::new(now)), before);
        }

        #[test]
        fn panning_stays_within_the_run(
            horizon in 0u64..1 << 34,
            length in 0u64..1 << 36,
            columns in 1usize..300,
            moves in proptest::collection::vec(prop_oneof![Just(-1i64), Just(1)], 0..60),
        ) {
            let known = Extent { horizon: RunInstant::new(horizon), now: RunInstant::new(horizon + length) };
            let mut view = View::new(columns);
            view.freeze(known);
            let newest = view.span(known.now);
            for direction in moves {
                view.pan(direction, known);
                let span = view.span(known.now);
                prop_assert!(span.to <= newest.to);
                prop_assert!(span.from + span.per_column > known.horizon || span == newest);
                prop_assert_eq!(span.blank + span.columns, columns);
                prop_assert_eq!(span.from.0 % span.per_column.0, 0);
            }
            for _ in 0..10_000 {
                if view.span(known.now) == newest {
                    break;
                }
                view.pan(1, known);
            }
            prop_assert_eq!(view.span(known.now), newest);
        }
    }
}
