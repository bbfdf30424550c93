//! The answers.

use super::paint::{LanePainter, Painter};
use super::task::LiveTask;
use super::*;
use crate::record::{Label, Outcome, RunInstant};
use hist::Hist;
use std::fmt;

impl Model {
    /// What was known before the first record.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// The latest instant that any batch or record tells of.
    pub fn now(&self) -> RunInstant {
        self.now
    }

    /// The oldest instant whose slices are still held; zero until something was forgotten.
    pub fn horizon(&self) -> RunInstant {
        self.horizon
    }

    /// The lanes in the order of the screen: workers, pool threads, blocking threads.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// A lane.
    pub fn lane(&self, id: LaneId) -> Option<&Lane> {
        self.lane_indices.get(id).map(|at| &self.lanes[at])
    }

    /// The groups in the order of their ids, which never changes: a group's place is its colour.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// A group.
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.group_indices.get(id).map(|at| &self.groups[at])
    }

    /// The tasks in the order of their spawns, but for those that were over by the [horizon](Model::horizon).
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// A task.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.task_indices.get(id).map(|at| &self.tasks[at])
    }

    /// A task's name: `api#7`, or `#` and its id where its group is not known.
    pub fn task_name(&self, id: TaskId) -> impl fmt::Display + '_ {
        TaskName { model: self, id }
    }

    /// What a task does now; a task that nobody knows is suspended for unknown reasons.
    pub fn state(&self, id: TaskId) -> State {
        self.present(id)
            .map_or(State::Suspended(crate::record::Reason::Unknown), |interval| {
                interval.state
            })
    }

    /// Since when a task has been in its present state.
    pub fn state_since(&self, id: TaskId) -> RunInstant {
        self.present(id).map_or(self.now, |interval| interval.from)
    }

    /// The last interval of a task up to now. May be empty: it began this very instant.
    fn present(&self, id: TaskId) -> Option<StateInterval> {
        let mut last = None;
        self.task(id)?.open(self.now, |interval| {
            if last.is_none() || !interval.is_empty() {
                last = Some(interval);
            }
        });
        last
    }

    /// What a task did at an instant; `None` before its spawn, before the horizon, and after now.
    pub fn state_at(&self, id: TaskId, at: RunInstant) -> Option<State> {
        let task = self.task(id)?;
        if at < self.horizon || at >= self.now {
            return None;
        }
        let mut state = None;
        task.intervals(at, at + Nanos(1), self.now, &self.arena, |interval| {
            state = Some(interval.state)
        });
        state
    }

    /// Every interval of a task that touches `from..to`, in order and as a whole, as far as its slices are held.
    pub fn intervals(&self, id: TaskId, from: RunInstant, to: RunInstant, each: impl FnMut(StateInterval)) {
        if let Some(task) = self.task(id) {
            task.intervals(from.max(self.horizon), to.min(self.now), self.now, &self.arena, each);
        }
    }

    /// Every interval in which a task blocked, or waited for at least `worth` for a lane or for somebody to notice, that
    /// touches `from..to`, in order and as a whole, as far as its slices are held. Looks at summaries first: cheap where there are none.
    pub fn problems(
        &self,
        id: TaskId,
        from: RunInstant,
        to: RunInstant,
        min_wait: Nanos,
        each: impl FnMut(StateInterval),
    ) {
        if let Some(task) = self.task(id) {
            let window = (from.max(self.horizon), to.min(self.now), min_wait);
            task.problems(window, self.now, &self.arena, each);
        }
    }

    /// The name of the step that a task is in or waits for, where that is known.
    pub fn current_step(&self, id: TaskId) -> Option<&str> {
        let task = self.task(id)?;
        let label = match task.live.as_deref() {
            _ if task.ended.is_some() => Label::NONE,
            Some(LiveTask::Current { label, .. }) => *label,
            _ => task.last_wait().label,
        };
        Some(self.label(label)).filter(|text| !text.is_empty())
    }

    /// A step's name; empty where it has none.
    pub fn label(&self, label: Label) -> &str {
        self.labels.get(usize::from(label.0)).map_or("", String::as_str)
    }

    /// Paints a task's row into `cells`, which is cleared first and has `window.columns` cells afterwards.
    pub fn paint_task(&self, id: TaskId, window: Window, cells: &mut Vec<Cell>) {
        let mut painter = Painter::new(window, self.horizon, self.now);
        if let Some(task) = self.task(id) {
            task.paint(self.now, &self.arena, &mut painter);
        }
        painter.finish(cells);
    }

    /// Paints a lane's row into `cells`, which is cleared first and has `window.columns` cells afterwards.
    pub fn paint_lane(&self, id: LaneId, window: Window, cells: &mut Vec<LaneCell>) {
        let mut painter = LanePainter::new(window, self.horizon, self.now);
        if let Some(lane) = self.lane(id) {
            lane.track
                .paint(&mut painter, |task| self.task(task).map(|task| &task.blocking));
            if let Some((current, blocking)) = self.current(lane) {
                painter.slice(current.task, current.start, self.now, blocking.iter().copied());
            }
        }
        painter.finish(cells, |task| self.task(task)?.group);
    }

    /// A lane's slice that has not ended, and its blocking spans.
    pub(super) fn current<'a>(
        &'a self,
        lane: &'a Lane,
    ) -> Option<(&'a crate::record::CurrentSlice, &'a [(RunInstant, RunInstant)])> {
        let current = lane.current.as_ref()?;
        match self.task(current.task)?.live.as_deref() {
            Some(LiveTask::Current { lane: at, blocking, .. }) if *at == lane.id => Some((current, blocking)),
            _ => None,
        }
    }

    /// How many tasks are in each state now. Does not look at the tasks.
    pub fn counts(&self) -> TaskCounts {
        self.present.counts()
    }

    /// How many tasks run on although nobody waits for them any more.
    pub fn orphaned_now(&self) -> usize {
        self.orphaned_now
    }

    /// Time a task has spent in each state, up to now.
    pub fn times(&self, id: TaskId) -> StateTimes {
        let Some(task) = self.task(id) else {
            return StateTimes::default();
        };
        let mut times = task.times;
        task.open(self.now, |interval| times.add(interval.state, interval.len()));
        times
    }

    /// Time the tasks of a group have spent in each state, up to now, in sum. Does not look at the tasks.
    pub fn group_times(&self, id: GroupId) -> StateTimes {
        let Some(group) = self.group(id) else {
            return StateTimes::default();
        };
        let mut times = group.closed_times;
        times += group.present.times(self.now);
        times
    }

    /// From the spawn of a group's first task to the end of its last, or to now while one is alive.
    pub fn group_span(&self, id: GroupId) -> Nanos {
        self.group(id).map_or(Nanos::ZERO, |group| group.span(self.now))
    }

    /// What the scenario's own groups have in common, all that their tasks called included; libraries' tasks are not.
    pub fn overall(&self) -> Overall {
        let (mut repetition, mut delay, mut lateness) = (Hist::fine(), Hist::fine(), Hist::fine());
        let mut repetitions = [0; Outcome::ALL.len()];
        for group in self.groups.iter().filter(|group| !group.library) {
            group.pool(&mut repetition, &mut delay, &mut lateness);
            repetitions
                .iter_mut()
                .zip(group.repetitions)
                .for_each(|(all, its)| *all = u64::saturating_add(*all, its));
        }
        Overall {
            repetitions,
            repetition_time: repetition.percentiles(),
            delay: delay.percentiles(),
            lateness: lateness.percentiles(),
        }
    }

    /// Time a lane has been held by running and by blocking tasks, up to now.
    pub fn lane_times(&self, id: LaneId) -> (Nanos, Nanos) {
        let Some(lane) = self.lane(id) else {
            return Default::default();
        };
        let (mut running, mut blocking) = (lane.running, lane.blocking);
        if let Some((current, spans)) = self.current(lane) {
            let blocked: Nanos = spans.iter().map(|&(a, b)| b - a).sum();
            blocking += blocked;
            running += self.now - current.start - blocked;
        }
        (running, blocking)
    }

    /// The share of the last `over` in which a lane was held, 0–1.
    pub fn utilisation(&self, id: LaneId, over: Nanos) -> f64 {
        let from = (self.now - over).max(self.horizon);
        let Some(lane) = self.lane(id) else { return 0.0 };
        let ended = lane.track.busy(from, self.now);
        let current = self
            .current(lane)
            .map_or(Nanos::ZERO, |(current, _)| self.now - current.start.max(from));
        (ended + current).0 as f64 / (self.now - from).0.max(1) as f64
    }

    /// Steps of [`SERIES_BUCKET`], oldest first, the last one unfinished; ten minutes of them. Each costs when it is asked for.
    pub fn series(&self) -> impl DoubleEndedIterator<Item = SeriesPoint> + ExactSizeIterator {
        self.series.points(self.now, |from, to| {
            self.lanes
                .iter()
                .filter(|lane| lane.is_worker())
                .filter_map(|lane| self.current(lane))
                .map(|(current, _)| to - current.start.max(from))
                .sum()
        })
    }

    /// Whether the records are complete.
    pub fn record_counts(&self) -> RecordCounts {
        RecordCounts {
            tokio_polls: self.runtime.as_ref().map(|sample| sample.total_polls),
            lifo_slot: self.info.lifo_slot,
            ..self.record_counts
        }
    }

    /// What the presenter did, in order of time.
    pub fn marks(&self) -> &[Marked] {
        &self.marks
    }

    /// The last [`LOG_LINES`] lines of the event log, oldest first.
    pub fn log(&self) -> &VecDeque<LogLine> {
        &self.log
    }

    /// What tokio-metrics last said of the runtime.
    pub fn runtime(&self) -> Option<&RuntimeSample> {
        self.runtime.as_ref()
    }

    /// What tokio-metrics has said of the runtime since the run's start; `None` where it was not asked.
    pub fn runtime_totals(&self) -> Option<&RuntimeTotals> {
        self.runtime.as_ref().map(|_| &self.runtime_totals)
    }

    /// What the slices and the tasks take on the heap. Looks at every chunk.
    pub fn memory(&self) -> Memory {
        let lanes: usize = self.lanes.iter().map(|lane| lane.track.heap_bytes()).sum();
        let tracks: usize = self.tasks.iter().map(Task::heap_bytes).sum();
        Memory {
            slices: self.slices_kept,
            slice_bytes: lanes + tracks + self.arena.heap_bytes(),
            tasks: self.tasks.len(),
            task_bytes: self.tasks.capacity() * size_of::<Task>() + self.task_indices.heap_bytes(),
        }
    }
}

struct TaskName<'a> {
    model: &'a Model,
    id: TaskId,
}

impl fmt::Display for TaskName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = self.model.task(self.id);
        match task.and_then(|task| Some((task, self.model.group(task.group?)?))) {
            Some((task, group)) => write!(f, "{}#{}", group.name, task.index),
            None => write!(f, "#{}", self.id.get()),
        }
    }
}
