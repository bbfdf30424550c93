//! The order of the tasks' rows.
//!
//! By default, the tasks with the worst problems in the visible time come first: tasks that blocked
//! a lane, and then the tasks with the longest queued or unnoticed waits. The students of a class
//! cannot follow rows that move all the time. So rows move at most once a second, and durations are
//! compared only by powers of two. A frozen view keeps its order until the user pans or zooms,
//! because it shows the same problems until then. There are two exceptions. A task that begins to
//! block moves to the top soon, because viewers look for this task. While the number of tasks grows
//! fast, for example at the start of a run, all new tasks get rows at once.

use super::family;
use super::viewport::{TimeSpan, Viewport};
use crate::model::paint::NOTABLE_WAIT;
use crate::model::{Model, State, Task};
use crate::record::{Nanos, Outcome, RunInstant, TaskId};
use std::cmp::Reverse;
use strum::{IntoStaticStr, VariantArray};

/// The minimum time between two changes of the order.
const REORDER_INTERVAL: Nanos = Nanos::from_millis(1_000);
/// The minimum time between two changes of the order if a change is urgent. A change is urgent if a
/// task has no row yet, or if the row of a blocking task is too far down.
const URGENT_INTERVAL: Nanos = Nanos::from_millis(200);
/// The minimum duration of a block that makes a change of the order urgent.
const LONG_BLOCK: Nanos = Nanos::from_millis(10);
/// The maximum age of a problem that affects the order. An older problem has no effect, even if it
/// is visible. The age is measured at the visible instant.
const TROUBLE_WINDOW: Nanos = Nanos::from_millis(5_000);
/// How long a bad outcome affects the order of the tasks after the task has ended.
const BAD_END_WINDOW: Nanos = Nanos::from_millis(2_000);
/// The number of tasks that are ranked per frame. Ranking 100,000 tasks at once would take as long
/// as several frames. So the work is split over several frames, and rows move only after the last
/// task is ranked.
const RANKED_PER_FRAME: usize = 8_000;

/// The sort criterion.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr, VariantArray)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub(crate) enum SortBy {
    /// Tasks with the worst problems in the visible time come first.
    Trouble,
    /// By group, then by the index within the group.
    Name,
    /// The oldest task comes first. The children of a task follow directly after the task.
    Spawn,
}

impl SortBy {
    /// The next criterion. After the last criterion, the first criterion follows.
    pub(crate) fn next(self) -> SortBy {
        SortBy::VARIANTS[(self as usize + 1) % SortBy::VARIANTS.len()]
    }
}

/// Tasks in the order of their rows.
pub(crate) struct TaskOrder {
    sort_by: SortBy,
    tasks: Vec<TaskId>,
    sorted_at: Option<RunInstant>,
    /// The visible time at the last refresh of a live view, or at the last sort of a frozen view.
    last_span: Option<TimeSpan>,
    /// See [`TaskOrder::visible_tasks`].
    visible_tasks: Option<usize>,
    /// The ranking that is in progress, if any. A ranking may take several frames.
    ranking: Option<Ranking>,
}

/// A ranking by trouble that is in progress.
struct Ranking {
    /// The visible time.
    span: TimeSpan,
    /// Only problems after this instant affect the order.
    from: RunInstant,
    /// The tasks in the order of their spawns when the ranking began. The indices of the tasks in
    /// the model may change during the ranking.
    tasks: Vec<TaskId>,
    /// The number of tasks that have been looked up.
    done: usize,
    /// For each task that is already ranked: its rank, its index in `tasks`, and its id.
    ranks: Vec<(Rank, usize, TaskId)>,
}

/// The rank of a task. Tasks with smaller ranks have rows further up. Within a class, the task
/// whose block or wait is longer comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    class: Class,
    magnitude: Reverse<u32>,
}

/// The classes of tasks, in the order in which their tasks have rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    BlockedALane,
    EndedBadly,
    Waited,
    Alive,
    Ended,
    NotVisible,
}

impl TaskOrder {
    /// Creates an order that contains no tasks.
    pub(crate) fn new(sort_by: SortBy) -> TaskOrder {
        TaskOrder {
            sort_by,
            tasks: Vec::new(),
            sorted_at: None,
            last_span: None,
            visible_tasks: None,
            ranking: None,
        }
    }

    /// The sort criterion.
    pub(crate) fn sorted_by(&self) -> SortBy {
        self.sort_by
    }

    /// Changes the sort criterion. The next refresh uses the new criterion.
    pub(crate) fn sort_by(&mut self, sort_by: SortBy) {
        self.sort_by = sort_by;
        self.sorted_at = None;
        self.ranking = None;
    }

    /// Whether a ranking is in progress.
    pub(crate) fn is_ranking(&self) -> bool {
        self.ranking.is_some()
    }

    /// The number of tasks that exist during the visible time, for the layout. This number
    /// decreases slowly, so that the panels below do not jump.
    pub(crate) fn visible_tasks(&self, model: &Model) -> usize {
        let all = model.tasks().len();
        self.visible_tasks.filter(|_| !self.is_outgrown(all)).unwrap_or(all)
    }

    /// The tasks in the order of their rows.
    pub(crate) fn tasks(&self) -> &[TaskId] {
        &self.tasks
    }

    /// Updates the order from the model, if an update is due.
    pub(crate) fn refresh(&mut self, model: &Model, viewport: &Viewport) {
        let span = viewport.span(model.now());
        if self.ranking.is_none() && !self.begin(model, viewport.is_live(), span) {
            return;
        }
        let sorted = match self.ranking.take() {
            Some(ranking) => match ranking.advance(model) {
                Progress::Complete(sorted) => sorted,
                Progress::Incomplete(ranking) => {
                    self.ranking = Some(ranking);
                    return;
                }
            },
            None => sort_at_once(model, self.sort_by, &span),
        };
        self.tasks = family::with_branches_below(model, sorted.tasks, span.to);
        let before = self.visible_tasks.unwrap_or(0);
        self.visible_tasks = Some(sorted.visible.max(before - before.div_ceil(8)));
    }

    /// Checks whether a new order is due. If a new order is due and the criterion is trouble,
    /// starts a ranking.
    fn begin(&mut self, model: &Model, live: bool, span: TimeSpan) -> bool {
        let due = self.is_due(model, live, &span);
        if due || live {
            self.last_span = Some(span);
        }
        if due {
            self.sorted_at = Some(model.now());
            self.ranking = (self.sort_by == SortBy::Trouble).then(|| Ranking::new(model, span));
        }
        due
    }

    fn is_due(&self, model: &Model, live: bool, span: &TimeSpan) -> bool {
        let Some(sorted_at) = self.sorted_at else { return true };
        if !live {
            return self.last_span.is_none_or(|last| has_moved(&last, span));
        }
        let age = model.now() - sorted_at;
        let tasks = model.tasks().len();
        age >= REORDER_INTERVAL
            || self.is_outgrown(tasks)
            || age >= URGENT_INTERVAL && (tasks != self.tasks.len() || self.misses_a_block(model))
    }

    /// Whether there are at least twice as many tasks as rows. Then the tasks are sorted
    /// immediately. Immediate sorts are rare, because the number of tasks must double before the
    /// next one.
    fn is_outgrown(&self, tasks: usize) -> bool {
        tasks > 0 && tasks / 2 >= self.tasks.len()
    }

    /// Whether a task has blocked a lane for at least [`LONG_BLOCK`] and its row is not among the
    /// first rows.
    fn misses_a_block(&self, model: &Model) -> bool {
        let shared = || model.lanes().iter().filter(|lane| lane.is_shared());
        let mut blockers = shared().filter_map(|lane| {
            let current = lane.current?;
            let since = current.blocking_since?;
            (model.now() - since >= LONG_BLOCK).then_some(current.task)
        });
        let top = &self.tasks[..self.tasks.len().min(shared().count())];
        self.sort_by == SortBy::Trouble && model.info().async_executor && blockers.any(|task| !top.contains(&task))
    }
}

/// The result of a sort: the new order.
struct Sorted {
    tasks: Vec<TaskId>,
    /// The number of tasks that exist during the visible time. These tasks come first.
    visible: usize,
}

fn sort_at_once(model: &Model, sort_by: SortBy, span: &TimeSpan) -> Sorted {
    let mut tasks: Vec<&Task> = match sort_by {
        SortBy::Spawn => family::parents_first(model),
        SortBy::Name | SortBy::Trouble => model.tasks().iter().collect(),
    };
    if sort_by == SortBy::Name {
        tasks.sort_by_key(|task| (task.group, task.index));
    }
    let (first, last): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| is_visible(task, span));
    let visible = first.len();
    let tasks = first.into_iter().chain(last).map(|task| task.id).collect();
    Sorted { tasks, visible }
}

/// The progress of a ranking.
enum Progress {
    Complete(Sorted),
    Incomplete(Ranking),
}

impl Ranking {
    fn new(model: &Model, span: TimeSpan) -> Ranking {
        Ranking {
            span,
            from: span.from.max(span.to - TROUBLE_WINDOW),
            tasks: model.tasks().iter().map(|task| task.id).collect(),
            done: 0,
            ranks: Vec::with_capacity(model.tasks().len()),
        }
    }

    /// Ranks the next tasks. A task that is spawned before the ranking is complete gets its rank in
    /// the next ranking.
    fn advance(mut self, model: &Model) -> Progress {
        let next = self.tasks.iter().enumerate().skip(self.done).take(RANKED_PER_FRAME);
        let (span, from) = (self.span, self.from);
        // Tasks of equal rank are ordered by their indices, which is the order of their spawns.
        let ranks = next.filter_map(|(index, &id)| {
            let task = model.task(id)?;
            Some((Rank::of(model, task, from, &span), index, id))
        });
        self.ranks.extend(ranks);
        self.done += RANKED_PER_FRAME;
        if self.done < self.tasks.len() {
            return Progress::Incomplete(self);
        }
        self.ranks.sort_unstable();
        let visible = self.ranks.partition_point(|(rank, ..)| rank.class < Class::NotVisible);
        let tasks = self.ranks.into_iter().map(|(.., id)| id).collect();
        Progress::Complete(Sorted { tasks, visible })
    }
}

impl Rank {
    fn of(model: &Model, task: &Task, from: RunInstant, span: &TimeSpan) -> Rank {
        let plain = |class| Rank {
            class,
            magnitude: Reverse(0),
        };
        if !is_visible(task, span) {
            return plain(Class::NotVisible);
        }
        let to = span.to;
        // Ended branches are not searched for problems, because a task may have polled thousands of
        // such branches.
        if task.is_branch && task.ended.is_some_and(|(at, _)| at < to) {
            return plain(Class::Ended);
        }
        let (mut blocked, mut waited) = (Nanos::ZERO, Nanos::ZERO);
        model.problems(task.id, from, to, NOTABLE_WAIT, |interval| match interval.state {
            State::Blocking | State::Hogging => blocked = blocked.max(interval.len()),
            State::Queued | State::Unnoticed => waited = waited.max(interval.len()),
            _ => {}
        });
        let by_length = |class, length: Nanos| Rank {
            class,
            magnitude: Reverse(64 - (length.0 / NOTABLE_WAIT.0).leading_zeros()),
        };
        match task.ended.filter(|(at, _)| *at < to) {
            _ if blocked > Nanos::ZERO => by_length(Class::BlockedALane, blocked),
            Some((at, outcome)) if at + BAD_END_WINDOW >= to && is_bad(outcome) => plain(Class::EndedBadly),
            None if task.orphaned.is_some_and(|at| at < to) => plain(Class::EndedBadly),
            None if waited >= NOTABLE_WAIT => by_length(Class::Waited, waited),
            None => plain(Class::Alive),
            Some(_) => plain(Class::Ended),
        }
    }
}

/// Whether the user has panned or zoomed between the two spans. A freeze also moves the view, but
/// by less than the limit in this function. A pan moves the view by more.
fn has_moved(from: &TimeSpan, to: &TimeSpan) -> bool {
    let columns = (to.blank + to.columns) as u64;
    from.per_column != to.per_column || from.to.0.abs_diff(to.to.0) > to.per_column.0 * columns / 16
}

/// Whether a task exists during the visible time: the task was spawned before the right edge and
/// did not end before the left edge.
fn is_visible(task: &Task, span: &TimeSpan) -> bool {
    task.spawned_at < span.to && task.ended_at().is_none_or(|over| over > span.from)
}

/// Whether an outcome is a problem that the user should investigate.
pub(crate) fn is_bad(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Completed | Outcome::Cancelled | Outcome::Unknown => false,
        Outcome::Failed
        | Outcome::TimedOut
        | Outcome::Panicked
        | Outcome::UnobservedFailure
        | Outcome::NeverStarted
        | Outcome::Lost => true,
    }
}
