//! The queries of the model, which all views and reports use.
//!
//! A query for an unknown task, lane or group gives the same answer as for a task, lane or group
//! without records. If a query makes an exception, its documentation says so.

use super::off_core::Hold;
use super::paint::{LanePainter, Painter};
use super::task::{LiveTask, ReadContext};
use super::*;
use crate::record::{CurrentSlice, Label, Reason};
use group::Distributions;
use std::fmt;
use strum::VariantArray;

impl Model {
    /// The information about the run that was known before its first record.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    pub(super) fn read_context(&self) -> ReadContext<'_> {
        ReadContext {
            now: self.now,
            hogging_poll: self.hogging_poll,
            arena: &self.arena,
        }
    }

    /// The latest instant of any batch or record.
    pub fn now(&self) -> RunInstant {
        self.now
    }

    /// The oldest instant whose slices are still kept. Zero until the first eviction.
    pub fn horizon(&self) -> RunInstant {
        self.horizon
    }

    /// The lanes in the order in which the screen shows them: workers, then pool threads and
    /// processes, then threads of single tasks, then blocking threads. Lanes of the same kind are
    /// sorted by id.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// The lane with this id; `None` if the lane is unknown.
    pub fn lane(&self, id: LaneId) -> Option<&Lane> {
        self.lane_indices.get(id).map(|index| &self.lanes[index])
    }

    /// The groups in the order of their ids. The index of a group determines its colour.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group with this id; `None` if the group is unknown.
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.group_indices.get(id).map(|index| &self.groups[index])
    }

    /// The tasks in the order of their spawns, without ended tasks that were evicted.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The task with this id; `None` if the task is unknown or was evicted.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.task_indices.get(id).map(|index| &self.tasks[index])
    }

    /// The name of a task: its group and index, such as `api#7`. While the group is not known, the
    /// name is `#` and the task's id.
    pub fn task_name(&self, id: TaskId) -> impl fmt::Display + '_ {
        TaskName { model: self, id }
    }

    /// The state of a task now. An unknown task is suspended for an unknown reason.
    pub fn state(&self, id: TaskId) -> State {
        self.present(id)
            .map_or(State::Suspended(Reason::Unknown), |interval| interval.state)
    }

    /// The instant at which the present state of a task began. For an unknown task, the instant is
    /// now.
    pub fn state_since(&self, id: TaskId) -> RunInstant {
        self.present(id).map_or(self.now, |interval| interval.from)
    }

    /// The last interval of a task up to now. The interval is empty if it begins now.
    fn present(&self, id: TaskId) -> Option<StateInterval> {
        let mut last = None;
        self.task(id)?
            .intervals_after_last_slice(self.read_context(), |interval| {
                if last.is_none() || !interval.is_empty() {
                    last = Some(interval);
                }
            });
        last
    }

    /// The state of a task at the instant `at`. `None` if `at` is before the task's spawn, before
    /// the [horizon](Model::horizon), or not before [now](Model::now).
    pub fn state_at(&self, id: TaskId, at: RunInstant) -> Option<State> {
        self.interval_at(id, at).map(|interval| interval.state)
    }

    /// Calls `each` with every interval of a task that overlaps `from..to`, in order. The intervals
    /// are not cut at `from` and `to`. Covers only the time from the [horizon](Model::horizon) to
    /// [now](Model::now).
    pub fn intervals(&self, id: TaskId, from: RunInstant, to: RunInstant, each: impl FnMut(StateInterval)) {
        if let Some(task) = self.task(id) {
            task.intervals(from.max(self.horizon), to.min(self.now), self.read_context(), each);
        }
    }

    /// Calls `each` with every problem of a task that overlaps `from..to`, in order. A problem is a
    /// blocking or hogging interval of any length, or a queued or unnoticed interval of at least
    /// `min_wait`. The intervals are not cut at `from` and `to`.
    ///
    /// Covers only the time from the [horizon](Model::horizon) to [now](Model::now). The call is
    /// cheap if there are few problems, because it unpacks only chunks whose summaries contain a
    /// problem.
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
            task.problems(window, self.read_context(), each);
        }
    }

    /// The name of the step that a task executes or waits for; `None` if the step is not known or
    /// the task has ended.
    pub fn current_step(&self, id: TaskId) -> Option<&str> {
        let task = self.task(id)?;
        let label = match task.live.as_deref() {
            _ if task.ended.is_some() => Label::NONE,
            Some(LiveTask::Current { label, .. }) => *label,
            _ => task.last_wait().label,
        };
        Some(self.label(label)).filter(|text| !text.is_empty())
    }

    /// The name of a step; empty if the step has no name.
    pub fn label(&self, label: Label) -> &str {
        self.labels.get(usize::from(label.0)).map_or("", String::as_str)
    }

    /// Paints the row of a task. Replaces the content of `cells` with `window.columns` cells.
    /// [`paint`] describes what a cell shows.
    pub fn paint_task(&self, id: TaskId, window: Window, cells: &mut Vec<Cell>) {
        let mut painter = Painter::new(window, self.horizon, self.now);
        if let Some(task) = self.task(id) {
            task.paint(self.read_context(), &mut painter);
        }
        painter.finish(self.task(id).is_some_and(|task| task.on_worker), cells);
    }

    /// Paints the row of a lane. Replaces the content of `cells` with `window.columns` cells.
    pub fn paint_lane(&self, id: LaneId, window: Window, cells: &mut Vec<LaneCell>) {
        let mut painter = LanePainter::new(window, self.horizon, self.now);
        if let Some(lane) = self.lane(id) {
            lane.track
                .paint(&mut painter, |task| self.task(task).map(|task| &task.blocking));
            if let Some((current, blocking)) = self.open_slice(lane) {
                painter.slice(current.task, current.start, self.now, blocking.iter().copied());
            }
        }
        let is_async = self.lane(id).is_some_and(Lane::is_async);
        painter.finish(is_async, self.hogging_poll, cells);
    }

    /// The slice of a lane that has not ended, and its blocking spans.
    pub(super) fn open_slice<'a>(
        &'a self,
        lane: &'a Lane,
    ) -> Option<(&'a CurrentSlice, &'a [(RunInstant, RunInstant)])> {
        let current = lane.current.as_ref()?;
        match self.task(current.task)?.live.as_deref() {
            Some(LiveTask::Current { lane: id, blocking, .. }) if *id == lane.id => Some((current, blocking)),
            _ => None,
        }
    }

    /// The number of tasks in each state now, including evicted tasks. The cost does not depend on
    /// the number of tasks.
    pub fn counts(&self) -> TaskCounts {
        self.present.counts()
    }

    /// The number of orphaned tasks that have not ended. A task is orphaned when another task
    /// waited for it and has stopped waiting.
    pub fn orphaned_now(&self) -> usize {
        self.orphaned_now
    }

    /// The time that a task has spent in each state, from its spawn to its end or to now.
    pub fn times(&self, id: TaskId) -> StateTimes {
        let Some(task) = self.task(id) else {
            return StateTimes::default();
        };
        let mut times = task.times.on_lane(task.on_worker);
        task.intervals_after_last_slice(self.read_context(), |interval| {
            times.add(interval.state, interval.len());
        });
        times
    }

    /// The sum of the times that the tasks of a group have spent in each state, up to now,
    /// including evicted tasks. The cost does not depend on the number of tasks.
    pub fn group_times(&self, id: GroupId) -> StateTimes {
        let Some(group) = self.group(id) else {
            return StateTimes::default();
        };
        let [other, on_worker] = group.closed_times;
        let mut times = other.on_lane(false);
        times += on_worker;
        times += group.present.times(self.now);
        times
    }

    /// Why threads waited for a core.
    pub fn core_use(&self) -> &CoreUse {
        &self.core_use
    }

    /// The work of the tasks of a group whose fate is known. The rest of
    /// [`held`](StateTimes::held) is the work of repetitions and tasks that have not ended.
    pub fn group_work(&self, id: GroupId) -> WorkSums {
        let mut sums = self.group(id).map_or(WorkSums::default(), |group| group.work);
        for task in self.live.iter().filter_map(|id| self.task(*id)) {
            if let (Some(LiveTask::Current { start, .. }), true) = (task.live.as_deref(), task.group == Some(id))
                && let Some((fate, time)) = task.work.of_open_slice(*start, self.now)
            {
                sums.times[fate as usize] += time;
            }
        }
        sums
    }

    /// The time up to now in which tasks of a group blocked their threads, by reason. The reasons
    /// are in the order of [`Reason::VARIANTS`]. The sum is [`asleep`](StateTimes::asleep) of
    /// [`group_times`](Model::group_times). If only the kernel's samples show that a thread slept,
    /// this time counts for [`Reason::Unknown`].
    pub fn group_blocked_on(&self, id: GroupId) -> [Nanos; Reason::VARIANTS.len()] {
        let mut by_reason = self.group(id).map_or(Default::default(), |group| group.blocked_on);
        for (current, _) in self.lanes.iter().filter_map(|lane| self.open_slice(lane)) {
            let is_in_group = self.task(current.task).is_some_and(|task| task.group == Some(id));
            if let Some(since) = current.blocking_since.filter(|_| is_in_group) {
                by_reason[current.blocked_on as usize] += self.now - since.max(current.start);
            }
        }
        // The slice of a recorded step may be lost. Then the time of the step counts as waiting,
        // not as blocking.
        let mut left = self.group_times(id).asleep();
        for time in &mut by_reason {
            *time = (*time).min(left);
            left = left - *time;
        }
        by_reason[Reason::Unknown as usize] += left;
        by_reason
    }

    /// The time from the spawn of a group's first task to the end of its last task. If a task is
    /// alive, the time to now.
    pub fn group_span(&self, id: GroupId) -> Nanos {
        self.group(id).map_or(Nanos::ZERO, |group| group.span(self.now))
    }

    /// The time over which the repetitions of a group are spread: its span, or the window of its
    /// arrivals if that is longer. The window includes the pause after the last arrival. Without
    /// the pause, four arrivals, one each second, would seem to be four arrivals in three seconds.
    pub fn group_pace_span(&self, id: GroupId) -> Nanos {
        let window = self.group(id).map_or(Nanos::ZERO, |group| group.arrival_window);
        self.group_span(id).max(window)
    }

    /// The combined distributions of all groups of the scenario, including the groups that they
    /// call. Tasks of libraries are not included. Branches are parts of tasks, so
    /// they are not included either.
    pub fn overall(&self) -> Overall {
        let groups = self.groups.iter().filter(|group| !group.library);
        let mut all = Distributions::new();
        for group in groups.clone() {
            group.add_distributions_to(&mut all);
        }
        all.overall(Sampled::of_groups(groups))
    }

    /// Two times up to now: the time in which tasks held a lane and computed, and the time in which
    /// they held the lane while its thread slept in the OS: `(running, blocking)`.
    pub fn lane_times(&self, id: LaneId) -> (Nanos, Nanos) {
        let Some(lane) = self.lane(id) else {
            return Default::default();
        };
        let (mut running, mut blocking) = (lane.running, lane.blocking);
        if let Some((current, spans)) = self.open_slice(lane) {
            let blocked: Nanos = spans.iter().map(|&(a, b)| b - a).sum();
            blocking += blocked;
            running += self.now - current.start - blocked;
        }
        (running, blocking)
    }

    /// The share of time in which tasks held a lane, 0–1, from `over` before now until now. The
    /// time before the [horizon](Model::horizon) is left out.
    pub fn utilisation(&self, id: LaneId, over: Nanos) -> f64 {
        let from = (self.now - over).max(self.horizon);
        let Some(lane) = self.lane(id) else { return 0.0 };
        let ended = lane.track.busy(from, self.now);
        let current = self
            .open_slice(lane)
            .map_or(Nanos::ZERO, |(current, _)| self.now - current.start.max(from));
        (ended + current).0 as f64 / (self.now - from).0.max(1) as f64
    }

    /// The figures of the last ten minutes in buckets of [`SERIES_BUCKET`], oldest first. The last
    /// bucket is still growing. Each point is computed when the iterator yields it.
    pub fn series(&self) -> impl DoubleEndedIterator<Item = SeriesPoint> + ExactSizeIterator {
        let open = |of_workers| {
            let lanes = self.lanes.iter().filter(move |lane| lane.is_worker() == of_workers);
            lanes.filter_map(|lane| self.open_slice(lane))
        };
        let busy = move |from, to| open(true).map(|(current, _)| to - current.start.max(from)).sum();
        let computing = move |from, to| {
            let running = |(current, blocking): (&CurrentSlice, _)| running(current.start.max(from), to, blocking);
            open(false).map(running).sum()
        };
        self.series.points(self.now, busy, computing, self.open_queue.times())
    }

    /// The part of a group's running time in which the group's tasks held threads that had no core.
    /// The part ends with the kernel's last samples. `None` if no thread of the group was sampled
    /// often enough.
    pub fn group_off_core(&self, id: GroupId) -> Option<Nanos> {
        let mut sum = self.group(id)?.off_core;
        for lane in &self.lanes {
            self.present_off_core(lane, |group, time| {
                if group == Some(id) {
                    *sum.get_or_insert_default() += time;
                }
            });
        }
        sum.map(|sum| sum.min(self.group_times(id).computing()))
    }

    /// The part of a lane's running time in which its thread had no core, up to the kernel's last
    /// sample. `None` if the lane was not sampled twice.
    pub fn lane_off_core(&self, id: LaneId) -> Option<Nanos> {
        let lane = self.lane(id)?;
        let mut sum = lane.off_core.closed();
        self.present_off_core(lane, |_, time| *sum.get_or_insert_default() += time);
        sum.map(|sum| sum.min(self.lane_times(id).0))
    }

    /// Calls `each` with each group and its time without a core since the last closed interval.
    fn present_off_core(&self, lane: &Lane, each: impl FnMut(Option<GroupId>, Nanos)) {
        let open = self.open_slice(lane).map(|(current, blocking)| Hold {
            group: self.task(current.task).and_then(|task| task.group),
            start: current.start,
            end: self.now,
            running: |from, to| running(from, to, blocking),
        });
        lane.off_core.present(open.as_ref(), each);
    }

    /// The number of records that arrived and the number of lost records. These numbers show
    /// whether the records are complete.
    pub fn record_counts(&self) -> RecordCounts {
        RecordCounts {
            tokio_polls: self.runtime.as_ref().map(|sample| sample.total_polls),
            lifo_slot: self.info.lifo_slot,
            ..self.record_counts
        }
    }

    /// The marks of the presenter's actions, in order of time.
    pub fn marks(&self) -> &[Marked] {
        &self.marks
    }

    /// The last [`LOG_LINES`] log messages, oldest first.
    pub fn log(&self) -> &VecDeque<LogLine> {
        &self.log
    }

    /// The last sample of tokio-metrics for the runtime; `None` if the runtime was not sampled.
    pub fn runtime(&self) -> Option<&RuntimeSample> {
        self.runtime.as_ref()
    }

    /// The totals of tokio-metrics for the runtime since the run's start; `None` if the runtime was
    /// not sampled.
    pub fn runtime_totals(&self) -> Option<&RuntimeTotals> {
        self.runtime.as_ref().map(|_| &self.runtime_totals)
    }

    /// The heap memory of slices and tasks. The call is slow because it visits every chunk.
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

/// The time between two instants, minus the spans in `blocking`.
fn running(from: RunInstant, to: RunInstant, blocking: &[(RunInstant, RunInstant)]) -> Nanos {
    let blocked = |&(start, end): &(RunInstant, RunInstant)| end.min(to) - start.max(from);
    (to - from) - blocking.iter().map(blocked).sum::<Nanos>()
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
