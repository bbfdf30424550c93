//! A stretch of time as a row of cells: what each cell shows when it covers more than one thing.
//!
//! The rule is *worst news wins*, without painting a healthy task as sick:
//!
//! 1. Any blocking, however short, makes the cell blocking.
//! 2. A single stretch of waiting for a lane or for somebody to notice is *worth seeing* when it lasts, as a whole,
//!    2 ms, or half a cell if that is less. The longest such stretch that touches the cell decides. So a stretch of
//!    2 ms is never averaged away at any zoom, and one of half a cell never by straddling two cells; while the
//!    microseconds of ordinary queueing stay out of sight, and so does a timer's granularity: tokio rounds deadlines up
//!    to its next millisecond, which leaves every timer unnoticed for up to 1.1 ms.
//! 3. Many short such stretches that together fill more than half of the cell are worth seeing too.
//! 4. Running wins if it fills an eighth of the cell: a task that works is not idle.
//! 5. Otherwise that which fills most. A cell is ended only when nothing else touches it.
//!
//! Each cell also says what share of it was spent running, so that a poll of 50 µs in a cell of 25 ms can be a thin tick.

use super::state::{SliceTimes, State, Stretch};
use crate::record::{GroupId, Nanos, Outcome, Reason, TaskId};

/// Waiting for this long is always worth seeing.
pub const WORTH_SEEING: Nanos = Nanos::from_millis(2);

/// A row's worth of time: `from` inclusive, `to` exclusive, in so many cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// The first instant.
    pub from: Nanos,
    /// The first instant after it.
    pub to: Nanos,
    /// How many cells.
    pub columns: usize,
}

impl Window {
    /// The first instant of a cell; for `columns`, the end of the window.
    pub fn edge(&self, column: usize) -> Nanos {
        let (span, columns) = ((self.to - self.from).0, self.columns.max(1) as u64);
        let column = column as u64;
        self.from + Nanos(span / columns * column + span % columns * column / columns)
    }
}

/// What a cell of a task's row shows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Cell {
    /// The state; `None`: it was not spawned yet, the time is forgotten, or it has not come.
    pub state: Option<State>,
    /// The share of the cell in which it held a lane, 0–1.
    pub ran: f32,
}

/// What a cell of a lane's row shows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LaneCell {
    /// [`State::Blocking`] if a task blocked the lane at any time in the cell, else [`State::Running`] if one ran;
    /// `None`: idle, forgotten, or not come yet.
    pub state: Option<State>,
    /// Who held the lane longest at one go; if the cell is blocking, of those who blocked.
    pub task: Option<TaskId>,
    /// That task's group.
    pub group: Option<GroupId>,
    /// The share of the cell in which the lane was held, 0–1.
    pub share: f32,
}

/// The time in each state that lies in a cell, or in anything else, and the longest stretches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimeBreakdown {
    pub running: Nanos,
    pub blocking: Nanos,
    queued: Nanos,
    unnoticed: Nanos,
    suspended: Nanos,
    longest_queued: Nanos,
    longest_unnoticed: Nanos,
    longest_suspended: Nanos,
    /// Of the longest suspension.
    reason: Reason,
    ended: Option<Outcome>,
}

impl TimeBreakdown {
    /// `part` of a stretch lies in here.
    #[inline]
    pub fn add(&mut self, stretch: &Stretch, part: Nanos) {
        match stretch.state {
            State::Running => self.running += part,
            State::Blocking => self.blocking += part,
            State::Queued => {
                self.queued += part;
                self.longest_queued = self.longest_queued.max(stretch.len());
            }
            State::Unnoticed => {
                self.unnoticed += part;
                self.longest_unnoticed = self.longest_unnoticed.max(stretch.len());
            }
            State::Suspended(reason) => {
                self.suspended += part;
                self.suspension(stretch.len(), reason);
            }
            State::Ended(outcome) => self.ended = Some(outcome),
        }
    }

    /// A slice and the gap before it lie in here as a whole.
    #[inline]
    pub fn spend(&mut self, spent: &SliceTimes) {
        self.running += spent.running;
        self.blocking += spent.blocking;
        self.queued += spent.queued;
        self.longest_queued = self.longest_queued.max(spent.queued);
        self.unnoticed += spent.unnoticed;
        self.longest_unnoticed = self.longest_unnoticed.max(spent.unnoticed);
        self.suspended += spent.suspended;
        self.suspension(spent.suspended, spent.reason);
    }

    /// The longest wait for a lane or for somebody to notice.
    pub fn longest_wait(&self) -> Nanos {
        self.longest_queued.max(self.longest_unnoticed)
    }

    #[inline]
    fn suspension(&mut self, len: Nanos, reason: Reason) {
        if len >= self.longest_suspended {
            (self.longest_suspended, self.reason) = (len, reason);
        }
    }

    /// So much of what ran turns out to have been blocking.
    pub fn block(&mut self, amount: Nanos) {
        self.running = self.running - amount;
        self.blocking += amount;
    }

    /// What lies in `later` lies in here, after what is here already.
    #[inline]
    fn merge(&mut self, later: &TimeBreakdown) {
        self.running += later.running;
        self.blocking += later.blocking;
        self.queued += later.queued;
        self.unnoticed += later.unnoticed;
        self.suspended += later.suspended;
        self.longest_queued = self.longest_queued.max(later.longest_queued);
        self.longest_unnoticed = self.longest_unnoticed.max(later.longest_unnoticed);
        if later.suspended > Nanos::ZERO {
            self.suspension(later.longest_suspended, later.reason);
        }
        self.ended = later.ended.or(self.ended);
    }

    /// What a cell of this width shows: see the module.
    fn state(&self, width: Nanos) -> Option<State> {
        if self.blocking > Nanos::ZERO {
            return Some(State::Blocking);
        }
        let worth_seeing = WORTH_SEEING.min(Nanos(width.0 / 2)).max(Nanos(1));
        let (queued, unnoticed) = (self.longest_queued, self.longest_unnoticed);
        if queued.max(unnoticed) >= worth_seeing {
            return Some(if queued > unnoticed {
                State::Queued
            } else {
                State::Unnoticed
            });
        }
        let waiting = self.queued + self.unnoticed;
        let covered = self.running + waiting + self.suspended;
        if covered == Nanos::ZERO {
            return self.ended.map(State::Ended);
        }
        if waiting > covered - waiting {
            return Some(if self.queued > self.unnoticed {
                State::Queued
            } else {
                State::Unnoticed
            });
        }
        if self.running > Nanos::ZERO && (self.running.0 >= covered.0 / 8 || self.running >= self.suspended) {
            return Some(State::Running);
        }
        let suspended = (self.suspended, State::Suspended(self.reason));
        let most = [
            (self.queued, State::Queued),
            (self.unnoticed, State::Unnoticed),
            suspended,
        ];
        most.into_iter().max_by_key(|&(time, _)| time).map(|(_, state)| state)
    }
}

/// The cells of a row, and the part of time that may be painted. Goes forward only.
#[derive(Debug)]
struct Grid {
    edges: Vec<Nanos>,
    bounds: (Nanos, Nanos),
    column: usize,
}

impl Grid {
    fn new(window: Window, from: Nanos, to: Nanos) -> Grid {
        let bounds = if window.columns == 0 {
            (Nanos::ZERO, Nanos::ZERO)
        } else {
            (window.from.max(from), window.to.min(to))
        };
        Grid {
            edges: (0..=window.columns).map(|column| window.edge(column)).collect(),
            bounds,
            column: 0,
        }
    }

    /// The column that holds an instant within bounds, which is not before the last one asked for.
    #[inline]
    fn seek(&mut self, at: Nanos) -> usize {
        while self.edges[self.column + 1] <= at {
            self.column += 1;
        }
        self.column
    }

    /// The column in which all of `from..to` lies.
    #[inline]
    fn only(&mut self, from: Nanos, to: Nanos) -> Option<usize> {
        if from < self.bounds.0 || to > self.bounds.1 || from >= to {
            return None;
        }
        let column = self.seek(from);
        (to <= self.edges[column + 1]).then_some(column)
    }

    /// The columns that `from..to` touches, each with how much of it lies there.
    #[inline]
    fn spread(&mut self, from: Nanos, to: Nanos, mut each: impl FnMut(usize, Nanos)) {
        let (mut at, to) = (from.max(self.bounds.0), to.min(self.bounds.1));
        if at >= to {
            return;
        }
        let mut column = self.seek(at);
        while at < to {
            let edge = self.edges[column + 1];
            if edge > at {
                each(column, edge.min(to) - at);
                at = edge;
            }
            column += 1;
        }
    }

    fn width(&self, column: usize) -> Nanos {
        self.edges[column + 1] - self.edges[column]
    }

    /// The part of a column that `time` is, 0–1.
    fn share(&self, column: usize, time: Nanos) -> f32 {
        (time.0 as f64 / self.width(column).0.max(1) as f64).min(1.0) as f32
    }
}

/// Puts the stretches of a task, in order, into the cells of its row.
#[derive(Debug)]
pub(super) struct Painter {
    grid: Grid,
    mixes: Vec<TimeBreakdown>,
}

impl Painter {
    /// Paints nothing outside of `from..to`.
    pub fn new(window: Window, from: Nanos, to: Nanos) -> Painter {
        Painter {
            grid: Grid::new(window, from, to),
            mixes: vec![TimeBreakdown::default(); window.columns],
        }
    }

    /// The part of time that is painted.
    pub fn bounds(&self) -> (Nanos, Nanos) {
        self.grid.bounds
    }

    /// The cell in which all of `from..to` lies.
    #[inline]
    pub fn only(&mut self, from: Nanos, to: Nanos) -> Option<&mut TimeBreakdown> {
        let column = self.grid.only(from, to)?;
        Some(&mut self.mixes[column])
    }

    /// Takes all of `from..to` at once if it lies in one cell. Whether it did.
    #[inline]
    pub fn mix(&mut self, from: Nanos, to: Nanos, mix: &TimeBreakdown) -> bool {
        let cell = self.only(from, to).map(|cell| cell.merge(mix));
        cell.is_some()
    }

    #[inline]
    pub fn stretch(&mut self, stretch: &Stretch) {
        let mixes = &mut self.mixes;
        self.grid.spread(stretch.from, stretch.to, |column, part| {
            mixes[column].add(stretch, part)
        });
    }

    pub fn finish(self, cells: &mut Vec<Cell>) {
        cells.clear();
        cells.extend(self.mixes.iter().enumerate().map(|(column, mix)| Cell {
            state: mix.state(self.grid.width(column)),
            ran: self.grid.share(column, mix.running + mix.blocking),
        }));
    }
}

/// What lies in a lane's cell, or in anything else.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LaneMix {
    pub busy: Nanos,
    /// The longest slice.
    longest: Option<(Nanos, TaskId)>,
    /// The longest slice that blocks in here.
    blocker: Option<(Nanos, TaskId)>,
}

impl LaneMix {
    /// `part` of a slice of length `len` lies in here.
    #[inline]
    pub fn add(&mut self, task: TaskId, len: Nanos, part: Nanos) {
        if part > Nanos::ZERO {
            self.busy += part;
            self.longest = self.longest.max(Some((len, task)));
        }
    }

    /// Some of that slice is blocking.
    #[inline]
    pub fn block(&mut self, task: TaskId, len: Nanos) {
        self.blocker = self.blocker.max(Some((len, task)));
    }

    /// Whether any of it is blocking.
    pub fn is_blocked(&self) -> bool {
        self.blocker.is_some()
    }

    #[inline]
    fn merge(&mut self, other: &LaneMix) {
        self.busy += other.busy;
        self.longest = self.longest.max(other.longest);
        self.blocker = self.blocker.max(other.blocker);
    }
}

/// Puts the slices of a lane, in order, into the cells of its row.
#[derive(Debug)]
pub(super) struct LanePainter {
    grid: Grid,
    mixes: Vec<LaneMix>,
}

impl LanePainter {
    /// Paints nothing outside of `from..to`.
    pub fn new(window: Window, from: Nanos, to: Nanos) -> LanePainter {
        LanePainter {
            grid: Grid::new(window, from, to),
            mixes: vec![LaneMix::default(); window.columns],
        }
    }

    /// The part of time that is painted.
    pub fn bounds(&self) -> (Nanos, Nanos) {
        self.grid.bounds
    }

    /// Takes all of `from..to` at once if it lies in one cell. Whether it did.
    #[inline]
    pub fn mix(&mut self, from: Nanos, to: Nanos, mix: &LaneMix) -> bool {
        let only = self.grid.only(from, to);
        if let Some(column) = only {
            self.mixes[column].merge(mix);
        }
        only.is_some()
    }

    /// A slice, and the parts of it that are blocking, in order.
    #[inline]
    pub fn slice(&mut self, task: TaskId, from: Nanos, to: Nanos, blocking: impl Iterator<Item = (Nanos, Nanos)>) {
        let (mixes, len) = (&mut self.mixes, to - from);
        self.grid
            .spread(from, to, |column, part| mixes[column].add(task, len, part));
        for (from, to) in blocking {
            self.grid.spread(from, to, |column, _| mixes[column].block(task, len));
        }
    }

    pub fn finish(self, cells: &mut Vec<LaneCell>, group: impl Fn(TaskId) -> Option<GroupId>) {
        cells.clear();
        cells.extend(self.mixes.iter().enumerate().map(|(column, mix)| {
            let task = mix.blocker.or(mix.longest).map(|(_, task)| task);
            LaneCell {
                state: task.map(|_| {
                    if mix.is_blocked() {
                        State::Blocking
                    } else {
                        State::Running
                    }
                }),
                task,
                group: task.and_then(&group),
                share: self.grid.share(column, mix.busy),
            }
        }));
    }
}
