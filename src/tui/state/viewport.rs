//! The visible time span. All rows share this time axis.
//!
//! A live view ends at the present. A frozen view does not move while the run goes on. Two values
//! describe a frozen view: its centre, and the part of the run that was known when the user last
//! moved the view. Because the centre is stored, zooming in and then out returns to the same view.
//!
//! Each column starts at a multiple of the time that one column covers, counted from the start of
//! the run. Therefore an instant always belongs to the same column, and the picture scrolls without
//! flicker.

use crate::record::{Nanos, RunInstant};

/// Nanoseconds per column at each zoom level, in ascending order: 1 µs, 2 µs, 5 µs, 10 µs … 500 s.
const ZOOM_LEVELS: [u64; 27] = {
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

/// The minimum time that a view covers before the user zooms, in nanoseconds. This time is long
/// enough that viewers can follow the moving picture.
const DEFAULT_SPAN: u64 = 1_500_000_000;

/// The part of the run that the user can look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct KnownTime {
    /// The oldest instant whose slices are still in the model.
    pub(crate) oldest: RunInstant,
    /// The newest instant of the run.
    pub(crate) now: RunInstant,
}

/// The visible time span, and the columns that show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TimeSpan {
    /// The left edge of the first painted column.
    pub(crate) from: RunInstant,
    /// The right edge of the last column.
    pub(crate) to: RunInstant,
    /// The number of empty columns at the left. Empty columns represent the time before the start
    /// of the run.
    pub(crate) blank: usize,
    /// The number of painted columns, without the empty columns.
    pub(crate) columns: usize,
    /// The time that one column covers.
    pub(crate) per_column: Nanos,
}

impl TimeSpan {
    /// The index of the column that shows the instant `at`, if `at` is visible.
    pub(crate) fn column(&self, at: RunInstant) -> Option<usize> {
        let visible = self.from <= at && at < self.to;
        visible.then(|| self.blank + ((at - self.from).0 / self.per_column.0) as usize)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Anchor {
    Live,
    /// The view is frozen around the instant `centre`, in nanoseconds. `centre` is negative if the
    /// centre is before the start of the run. The centre is before the start only if the run is
    /// shorter than the visible time.
    Frozen {
        centre: i64,
        known: KnownTime,
    },
}

/// What a frozen view shows, apart from its width. The value changes only when the user pans or
/// zooms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FrozenView {
    centre: i64,
    known: KnownTime,
    level: usize,
}

/// The end of the time axis, and the time that one column covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Viewport {
    /// The index into [`ZOOM_LEVELS`]. Until the user zooms, the index is `None`, and the view uses
    /// the first level that covers [`DEFAULT_SPAN`].
    level: Option<usize>,
    anchor: Anchor,
    columns: u64,
}

impl Viewport {
    /// Creates a live view that is `columns` columns wide.
    pub(crate) fn new(columns: usize) -> Viewport {
        Viewport {
            level: None,
            anchor: Anchor::Live,
            columns: columns.max(1) as u64,
        }
    }

    /// Sets the width of the view, in columns.
    pub(crate) fn resize(&mut self, columns: usize) {
        self.columns = columns.max(1) as u64;
    }

    /// Whether the view follows the run.
    pub(crate) fn is_live(&self) -> bool {
        self.anchor == Anchor::Live
    }

    /// What a frozen view shows; `None` if the view is live.
    pub(crate) fn frozen(&self) -> Option<FrozenView> {
        match self.anchor {
            Anchor::Live => None,
            Anchor::Frozen { centre, known } => Some(FrozenView {
                centre,
                known,
                level: self.level(),
            }),
        }
    }

    /// Freezes the view. The last complete column becomes the right edge.
    pub(crate) fn freeze(&mut self, known: KnownTime) {
        if self.is_live() {
            let centre = self.last_complete_end(known.now) as i64 - self.half_width();
            self.anchor = Anchor::Frozen { centre, known };
        }
    }

    /// Makes the view follow the run again.
    pub(crate) fn go_live(&mut self) {
        self.anchor = Anchor::Live;
    }

    /// Freezes the view and moves it by an eighth of its width, but not outside the known time.
    /// `direction` is −1 for back in time and 1 for forward. After a zoom out, a part of the view
    /// may be outside the known time. Even then, a pan never moves the view in the opposite
    /// direction.
    pub(crate) fn pan(&mut self, direction: i64, known: KnownTime) {
        self.freeze(known);
        let step = (self.columns / 8).max(1) * self.per_column();
        let newest = self.last_complete_end(known.now) as i64 - self.half_width();
        let first_column = known.oldest.0 / self.per_column() * self.per_column();
        let oldest = (first_column as i64 + self.half_width()).min(newest);
        let centre = self.frozen_end() as i64 - self.half_width();
        let moved = (centre + direction * step as i64).clamp(oldest, newest);
        if (moved - centre).signum() == direction {
            self.anchor = Anchor::Frozen { centre: moved, known };
        }
    }

    /// Zooms in by one level.
    pub(crate) fn zoom_in(&mut self) {
        self.level = Some(self.level().saturating_sub(1));
    }

    /// Zooms out by one level, unless the whole run is already visible.
    pub(crate) fn zoom_out(&mut self, known: KnownTime) {
        let whole_run = self.first_level_that_covers(known.now.0);
        let whole_run = whole_run.unwrap_or(ZOOM_LEVELS.len() - 1);
        let level = self.level();
        self.level = Some(level.max((level + 1).min(whole_run)));
    }

    /// The visible time span, if the present of the run is `now`.
    pub(crate) fn span(&self, now: RunInstant) -> TimeSpan {
        let to = match self.anchor {
            Anchor::Live => self.live_end(now),
            Anchor::Frozen { .. } => self.frozen_end(),
        };
        let per_column = self.per_column();
        let columns = self.columns.min(to / per_column);
        TimeSpan {
            from: RunInstant::new(to - columns * per_column),
            to: RunInstant::new(to),
            blank: (self.columns - columns) as usize,
            columns: columns as usize,
            per_column: Nanos(per_column),
        }
    }

    /// The latest visible instant: In a live view, `now`. In a frozen view, the instant just before
    /// the right edge.
    pub(crate) fn instant(&self, now: RunInstant) -> RunInstant {
        match self.anchor {
            Anchor::Live => now,
            Anchor::Frozen { known, .. } => RunInstant::new(self.frozen_end()).min(known.now) - Nanos(1),
        }
    }

    fn level(&self) -> usize {
        let default = || self.first_level_that_covers(DEFAULT_SPAN).unwrap_or(0);
        self.level.unwrap_or_else(default)
    }

    /// The index of the first zoom level at which the view covers at least `nanos` nanoseconds.
    fn first_level_that_covers(&self, nanos: u64) -> Option<usize> {
        ZOOM_LEVELS.iter().position(|level| level * self.columns >= nanos)
    }

    fn per_column(&self) -> u64 {
        ZOOM_LEVELS[self.level()]
    }

    /// Half of the visible time, in nanoseconds.
    fn half_width(&self) -> i64 {
        (self.per_column() * self.columns / 2) as i64
    }

    /// The end of the column that contains `now`.
    fn live_end(&self, now: RunInstant) -> u64 {
        (now.0 / self.per_column() + 1) * self.per_column()
    }

    /// The end of the last complete column. A frozen view ends there, because the next column can
    /// still change.
    fn last_complete_end(&self, now: RunInstant) -> u64 {
        (now.0 / self.per_column()).max(1) * self.per_column()
    }

    fn frozen_end(&self) -> u64 {
        let Anchor::Frozen { centre, known } = self.anchor else {
            return 0;
        };
        let per_column = self.per_column();
        let end = u64::try_from(centre + self.half_width()).unwrap_or(0);
        let end = end.div_ceil(per_column) * per_column;
        end.clamp(per_column, self.last_complete_end(known.now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(now: u64) -> KnownTime {
        KnownTime {
            oldest: RunInstant::ZERO,
            now: RunInstant::new(now),
        }
    }

    #[test]
    fn before_the_first_zoom_a_view_of_any_width_covers_at_least_1500_ms() {
        for (columns, level) in [(40, 50), (70, 50), (75, 20), (130, 20), (200, 10)] {
            assert_eq!(
                Viewport::new(columns).span(RunInstant::ZERO).per_column,
                Nanos::from_millis(level),
                "{columns} columns"
            );
        }
    }

    #[test]
    fn zoom_levels_range_from_1_us_per_column_to_the_whole_run() {
        let mut view = Viewport::new(100);
        for _ in 0..40 {
            view.zoom_in();
        }
        assert_eq!(view.span(RunInstant::ZERO).per_column, Nanos::from_micros(1));
        for _ in 0..40 {
            view.zoom_out(known(30_000_000_000));
        }
        let span = view.span(RunInstant::new(30_000_000_000));
        assert_eq!(
            span.per_column,
            Nanos::from_millis(500),
            "at 500 ms per column, 100 columns are enough for 30 s"
        );
        assert_eq!(span.from, RunInstant::ZERO);
        assert_eq!(span.blank, 39);
    }

    #[test]
    fn each_instant_belongs_to_the_column_that_covers_it() {
        let span = Viewport::new(100).span(RunInstant::from_millis(7_412));
        assert_eq!(span.column(RunInstant::from_millis(7_412)), Some(99));
        assert_eq!(span.column(span.to), None);
        assert_eq!(span.column(span.from), Some(0));
    }

    proptest! {
        #[test]
        fn a_freeze_hides_at_most_the_incomplete_column_and_then_the_view_does_not_move(now in 0u64..1 << 40, more in 0u64..1 << 40, columns in 1usize..300) {
            let mut view = Viewport::new(columns);
            let live = view.span(RunInstant::new(now));
            view.freeze(known(now));
            let frozen = view.span(RunInstant::new(now));
            let column = live.per_column;
            prop_assert!(frozen.to == live.to || frozen.to + column == live.to, "a freeze hides at most the incomplete column");
            prop_assert!(frozen.to.0 <= now.max(column.0));
            prop_assert_eq!(view.span(RunInstant::new(now + more)), frozen);
            prop_assert_eq!(view.instant(RunInstant::new(now + more)), frozen.to.min(RunInstant::new(now)) - Nanos(1));
            view.go_live();
            prop_assert_eq!(view.span(RunInstant::new(now)), live);
        }

        #[test]
        fn zooming_in_and_out_returns_to_the_same_view(
            now in 0u64..1 << 40,
            columns in 1usize..300,
            pans in 0usize..9,
            times in 1usize..6,
            freeze: bool,
        ) {
            let mut view = Viewport::new(columns);
            if freeze {
                view.freeze(known(now));
                for _ in 0..pans {
                    view.pan(-1, known(now));
                }
            }
            let before = view.span(RunInstant::new(now));
            for _ in 0..times {
                view.zoom_in();
            }
            for _ in 0..times {
                view.zoom_out(KnownTime { oldest: RunInstant::ZERO, now: RunInstant::new(u64::MAX >> 10) });
            }
            prop_assert_eq!(view.span(RunInstant::new(now)), before);
        }

        #[test]
        fn a_pan_never_moves_a_view_in_the_opposite_direction(
            now in 1u64..1 << 36,
            more in 0u64..1 << 36,
            columns in 1usize..300,
            moves in proptest::collection::vec(prop::sample::select(vec![-1i64, 1, 10, -10]), 0..40),
        ) {
            let mut view = Viewport::new(columns);
            view.freeze(known(now));
            for action in moves {
                let before = view.span(RunInstant::new(now));
                match action {
                    10 => view.zoom_in(),
                    -10 => view.zoom_out(known(now + more)),
                    direction => {
                        view.pan(direction, known(now + more));
                        let after = view.span(RunInstant::new(now));
                        prop_assert!(if direction < 0 { after.to <= before.to } else { after.to >= before.to }, "{before:?} {after:?}");
                    }
                }
            }
        }

        #[test]
        fn panning_stays_within_the_run(
            oldest in 0u64..1 << 34,
            length in 0u64..1 << 36,
            columns in 1usize..300,
            moves in proptest::collection::vec(prop_oneof![Just(-1i64), Just(1)], 0..60),
        ) {
            let known = KnownTime { oldest: RunInstant::new(oldest), now: RunInstant::new(oldest + length) };
            let mut view = Viewport::new(columns);
            view.freeze(known);
            let newest = view.span(known.now);
            for direction in moves {
                view.pan(direction, known);
                let span = view.span(known.now);
                prop_assert!(span.to <= newest.to);
                prop_assert!(span.from + span.per_column > known.oldest || span == newest);
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
