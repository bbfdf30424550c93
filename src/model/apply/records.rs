//! Applies each kind of record to the model.

use super::super::blame::SleptInSlice;
use super::super::off_core::Hold;
use super::super::wait_state::{Division, Lateness, PlacedSlice};
use super::super::*;
use super::ChangeContext;
use crate::record::{
    CompactDuration, Ended, LostSlices, Orphaned, Outcome, Repetition, Slice, Spawned, Step, TaskSums,
};

/// The maximum number of records kept for a task whose spawn is not known yet. If a task has more
/// records, the record of its spawn was probably lost. The further records do not enter the
/// distributions of the task's group.
const MAX_PENDING_RECORDS: usize = 1024;

/// Who reports that the thread of a lane slept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::model) enum SleepSource<'a> {
    /// The record of a blocking step.
    Step(LaneId, &'a Step),
    /// Samples of the kernel.
    Kernel(LaneId),
}

impl Model {
    /// Applies a record. If the record is a slice, `task` is the index of its task, or `None` if
    /// the task is unknown.
    pub(super) fn record(&mut self, lane: LaneId, record: &Record, task: Option<usize>) {
        match *record {
            Record::Slice(ref slice) if slice.branch => self.branch_slice(lane, slice),
            Record::Slice(ref slice) => self.slice(lane, slice, task),
            Record::Step(step) => self.step(lane, step),
            Record::Spawned(spawned) => self.spawned(spawned),
            Record::Ended(ended) => self.ended(lane, ended, false),
            Record::Orphaned(orphaned) => self.orphaned(orphaned),
            Record::Repetition(repetition) => self.repetition(repetition, false),
            Record::WaitBegan(began) => {
                self.advance(began.at);
                self.resources.wait_began(&began, lane);
            }
            Record::WaitEnded(ended) => {
                self.advance(ended.at);
                self.resources.wait_ended(&ended);
            }
            Record::Acquired(acquired) => {
                self.advance(acquired.at);
                self.resources.acquired(&acquired);
            }
            Record::Released(released) => {
                self.advance(released.at);
                self.resources.released(&released);
            }
            Record::Notification(notification) => {
                self.advance(notification.at);
                self.resources.notified(&notification);
            }
            Record::HolderLate(late) => {
                self.advance(late.at);
                self.resources.holder_late(&late);
            }
            Record::Received(received) => {
                self.advance(received.at);
                self.resources.received(&received);
            }
            Record::Missed(missed) => {
                self.advance(missed.at);
                self.resources.missed(&missed);
            }
            Record::Marked(marked) => {
                self.advance(marked.at);
                let index = self.marks.partition_point(|other| other.at <= marked.at);
                self.marks.insert(index, marked);
            }
        }
    }

    pub(super) fn slice(&mut self, lane: LaneId, slice: &Slice, task: Option<usize>) {
        let end = slice.start + slice.len.get();
        self.advance(end);
        self.record_counts.recorded += 1;
        let lane_index = self.lane_index_or_insert(lane);
        let (worker, is_async) = (self.lanes[lane_index].is_worker(), self.lanes[lane_index].is_async());
        self.lanes[lane_index].count_slice();
        self.series.slice(slice, worker);
        if let Some(pool) = &mut self.resources.pool {
            pool.slice(self.lanes[lane_index].kind, slice);
        }
        let task = task.unwrap_or_else(|| self.task_index_or_insert(slice.task, slice.start));
        let mut off_core = Vec::new();
        let (grouped, kept) = self.change_at(task, slice.start, |task, mut context| {
            task.polls += 1;
            context.note_lane(task, is_async);
            if let Some(group) = &mut context.group {
                group.record_slice(slice);
            }
            let grouped = context.group.is_some();
            let placed = PlacedSlice { slice: *slice, lane };
            let before = task.times.held();
            let division = Division {
                asleep: &task.blocking,
                hogging_poll: context.hogging_poll,
            };
            let (mut sums, arena) = context.sums(&mut task.times, task.on_worker);
            let blocking = task.track.insert(placed, division, &mut sums, arena);
            let held = task.times.held() - before;
            let (work, sums) = context.work(task);
            work.slice(slice.start, end, held, sums);
            if let Some(blocking) = blocking {
                context.lanes[lane_index].record(slice, blocking);
            }
            // A task ends within its last slice, and holds its lane until the end of this slice.
            let ended_at = task.ended.and_then(|_| task.ended_at());
            if let (Some(group), Some(ended_at)) = (&mut context.group, ended_at) {
                group.note_end(ended_at);
            }
            let hold = Hold {
                group: task.group,
                start: slice.start,
                end,
                running: |from, to| (to - from) - task.blocking.covered(from, to),
            };
            let lane = &mut context.lanes[lane_index];
            lane.off_core.hold(&hold, |group, time| off_core.push((group, time)));
            (grouped, blocking.is_some())
        });
        self.slices_kept += usize::from(kept);
        if grouped {
            self.blame_slice(lane, lane_index, task, slice);
        } else {
            self.keep_pending(lane, slice.task, Record::Slice(*slice));
        }
        self.add_off_core(off_core);
        if !worker {
            for (from, to) in self.tasks[task].blocking.gaps(slice.start, end) {
                self.series.computing(from, to);
            }
        }
        let slept: Vec<_> = self.lanes[lane_index].asleep.contained(slice.start, end).collect();
        for (from, to) in slept {
            self.block(slice.task, from, to, SleepSource::Kernel(lane));
        }
    }

    /// Applies a slice of a branch. The task polls the branch within a slice of its own, so the
    /// lane, the number of polls and the series do not change.
    fn branch_slice(&mut self, lane: LaneId, slice: &Slice) {
        let end = slice.start + slice.len.get();
        self.advance(end);
        let lane_index = self.lane_index_or_insert(lane);
        let is_async = self.lanes[lane_index].is_async();
        let (grouped, kept) = self.change(slice.task, slice.start, |task, mut context| {
            task.is_branch = true;
            task.polls += 1;
            context.note_lane(task, is_async);
            if let Some(group) = &mut context.group {
                group.record_slice(slice);
            }
            let grouped = context.group.is_some();
            let placed = PlacedSlice { slice: *slice, lane };
            let before = task.times.held();
            let division = Division {
                asleep: &task.blocking,
                hogging_poll: context.hogging_poll,
            };
            let (mut sums, arena) = context.sums(&mut task.times, task.on_worker);
            let blocking = task.track.insert(placed, division, &mut sums, arena);
            let held = task.times.held() - before;
            let (work, sums) = context.work(task);
            work.slice(slice.start, end, held, sums);
            (grouped, blocking.is_some())
        });
        self.branch_slices_kept += usize::from(kept);
        if !grouped {
            self.keep_pending(lane, slice.task, Record::Slice(*slice));
        }
    }

    /// Adds times in which tasks held a lane whose thread had no core.
    fn add_off_core(&mut self, times: Vec<(Option<GroupId>, Nanos)>) {
        for (group, time) in times {
            if let Some(index) = group.and_then(|id| self.group_indices.get(id)) {
                *self.groups[index].off_core.get_or_insert_default() += time;
            }
        }
    }

    /// Keeps a record for the distributions of a group that is not known yet.
    fn keep_pending(&mut self, lane: LaneId, task: TaskId, record: Record) {
        let records = self.pending_records.entry(task).or_default();
        if records.len() < MAX_PENDING_RECORDS {
            records.push((lane, record));
        }
    }

    pub(super) fn step(&mut self, lane: LaneId, step: Step) {
        let end = step.start + step.len.get();
        self.advance(end);
        self.note_long_step(&step, end);
        if step.blocking {
            self.block(step.task, step.start, end, SleepSource::Step(lane, &step));
        } else {
            self.blames.long_step(lane, &step);
        }
        if !step.blocking && step.timer_rounding == CompactDuration::ZERO {
            return;
        }
        let group = self.task(step.task).and_then(|task| task.group);
        match group.and_then(|group| self.group_indices.get(group)) {
            Some(group) => self.groups[group].record_step(&step),
            None => self.keep_pending(lane, step.task, Record::Step(step)),
        }
    }

    /// Keeps a long step for the question what a task did while it held a lane. A step that began
    /// before the end of the task's last slice contains a wait, so it does not answer this
    /// question. The query leaves out the steps whose waits are recorded later.
    fn note_long_step(&mut self, step: &Step, end: RunInstant) {
        let contains_wait = |task: &Task| task.last_wait().since > step.start;
        if step.blocking || !self.task(step.task).is_some_and(contains_wait) {
            self.long_steps.add(step.task, step.start, end, step.label);
        }
    }

    /// Counts `from..to` as blocking: the thread slept in the OS while `task` held the thread.
    pub(super) fn block(&mut self, id: TaskId, from: RunInstant, to: RunInstant, source: SleepSource<'_>) {
        let (mut new, mut in_slices) = (Vec::new(), Vec::new());
        self.change(id, from, |task, mut context| {
            let (lanes, lane_indices) = (std::mem::take(&mut context.lanes), context.lane_indices);
            let hogging_poll = context.hogging_poll;
            let (mut sums, arena) = context.sums(&mut task.times, task.on_worker);
            let (id, track, is_branch) = (task.id, &mut task.track, task.is_branch);
            // The exact sums contain the blocking steps, but not the sleeps that only the kernel's
            // samples show.
            let counted_from = match source {
                SleepSource::Step(..) => track.note_step(from, to),
                SleepSource::Kernel(_) => RunInstant::ZERO,
            };
            task.blocking.add(from, to, |from, to| {
                new.push((from, to));
                if let SleepSource::Kernel(_) = source {
                    track.note_asleep(from, to);
                }
                track.block(id, from, to, arena, |placed, amount| {
                    in_slices.push(SleptInSlice {
                        lane: placed.lane,
                        len: placed.slice.len.get(),
                        span: (placed.slice.start.max(from), placed.end().min(to)),
                    });
                    let from = placed.slice.start.max(from).max(counted_from);
                    let is_long = placed.slice.len.get() >= hogging_poll;
                    sums.block(placed.end().min(to) - from, is_long);
                    // Only the slice of the polling task blocks the lane, not the slice of a
                    // branch.
                    if let Some(index) = lane_indices.get(placed.lane).filter(|_| !is_branch) {
                        lanes[index].block(&placed.slice, amount);
                    }
                    is_long
                });
            });
        });
        self.blame_block(id, source, &new, &in_slices);
    }

    /// Applies the sums of a task that has lost records.
    pub(super) fn sums(&mut self, sums: &TaskSums) {
        let end = self.end.as_ref().map_or(RunInstant::MAX, |end| end.at);
        let until = sums.until.min(end);
        let sums = TaskSums { until, ..*sums };
        self.lose(sums.task, until, |task, context| {
            context.note_lane(task, sums.on_worker);
            let division = Division {
                asleep: &task.blocking,
                hogging_poll: context.hogging_poll,
            };
            let (mut times, arena) = context.sums(&mut task.times, task.on_worker);
            task.track
                .set_exact(&sums, task.spawned_at, division, &mut times, arena)
        });
    }

    /// Applies the lost slices of a task without sums.
    pub(super) fn lost_slices(&mut self, lost: &LostSlices) {
        self.lose(lost.task, lost.until, |task, context| {
            context.note_lane(task, lost.on_worker);
            let (mut times, _) = context.sums(&mut task.times, task.on_worker);
            task.track.add_lost(lost, task.spawned_at, &mut times);
            lost.slices
        });
    }

    /// Changes the times of a task that has lost records. `change` returns the number of lost
    /// slices that were not known before. The record of a spawn is never lost, so the group is
    /// known.
    fn lose(&mut self, id: TaskId, until: RunInstant, change: impl FnOnce(&mut Task, &mut ChangeContext<'_>) -> u64) {
        let Some(index) = self.task_indices.get(id) else {
            return;
        };
        let task = &self.tasks[index];
        let Some(group) = task.group.and_then(|group| self.group_indices.get(group)) else {
            return;
        };
        self.advance(until);
        let lost = self.change_at(index, RunInstant::MAX, |task, mut context| {
            let lost = change(task, &mut context);
            let held = task.times.held();
            let (work, sums) = context.work(task);
            work.lost(until, held, sums);
            lost
        });
        let (task, group) = (&mut self.tasks[index], &mut self.groups[group]);
        task.polls = task.polls.saturating_add(lost);
        group.lost = group.lost.saturating_add(lost);
        if let Some(end) = task.ended_at() {
            group.note_end(end);
        }
    }

    pub(super) fn spawned(&mut self, spawned: Spawned) {
        self.advance(spawned.at);
        let (ended, orphaned, unobserved) = self.change(spawned.task, spawned.at, |task, _| {
            task.index = spawned.index;
            task.parent = spawned.parent;
            task.group = Some(spawned.group);
            task.is_branch |= spawned.branch;
            (task.ended_at(), task.orphaned, task.unobserved)
        });
        if let Some(parent) = spawned.parent.filter(|_| ended.is_none()) {
            self.resources.count_child(parent, spawned.task, 1);
        }
        let index = self.group_index_or_insert(spawned.group);
        let group = &mut self.groups[index];
        group.note_spawn(spawned.at);
        group.branches += u64::from(spawned.branch);
        // Records of another lane may have reported the end and the orphaning before the spawn.
        if let Some(at) = ended {
            group.note_end(at);
        }
        group.orphaned += u64::from(orphaned.is_some());
        group.failures_lost += u64::from(unobserved);
        let pending = self.pending_records.remove(&spawned.task).unwrap_or_default();
        for (_, record) in &pending {
            match record {
                Record::Slice(slice) => group.record_slice(slice),
                Record::Step(step) => group.record_step(step),
                Record::Repetition(repetition) => {
                    group.record_repetition(repetition, spawned.branch);
                    if !spawned.branch {
                        self.series.repetition(repetition);
                    }
                }
                Record::Ended(ended) => group.record_wait(end_lateness(ended), spawned.branch),
                _ => {}
            }
        }
        self.blame_pending(spawned.task, &pending);
    }

    /// Applies the end of a task. `is_cut` says whether the task ended only because the run ended.
    pub(super) fn ended(&mut self, lane: LaneId, ended: Ended, is_cut: bool) {
        self.advance(ended.at);
        let wait = end_lateness(&ended);
        let (is_first, is_task, grouped, parent, was_orphan) =
            self.change(ended.task, ended.at, |task, mut context| {
                if task.ended.is_some() {
                    return (false, false, false, None, false);
                }
                let (held, fate) = (task.times.held(), fate(task, ended.outcome, ended.at, is_cut));
                let (work, sums) = context.work(task);
                work.ended(fate, held, sums);
                task.last_lateness = wait;
                task.ended = Some((ended.at, ended.outcome));
                task.ended_on = lane;
                task.unobserved = ended.unobserved;
                let end = ended.at.max(task.last_wait().since);
                let group = context.group.map(|group| {
                    group.note_end(end);
                    group.failures_lost += u64::from(ended.unobserved);
                    group.record_wait(wait, task.is_branch);
                });
                let was_orphan = task.orphaned.is_some();
                (true, !task.is_branch, group.is_some(), task.parent, was_orphan)
            });
        if is_task {
            self.series.queued(ended.at - wait.queued, ended.at);
        }
        if is_task
            && grouped
            && let Some(index) = self.task_indices.get(ended.task)
        {
            self.blame_end(index, &ended);
        }
        if let Some(parent) = parent {
            self.resources.count_child(parent, ended.task, -1);
        }
        self.orphaned_now -= usize::from(was_orphan);
        if is_first && !grouped && wait != Lateness::default() {
            self.keep_pending(lane, ended.task, Record::Ended(ended));
        }
    }

    fn orphaned(&mut self, orphaned: Orphaned) {
        self.advance(orphaned.at);
        let (group, is_orphan) = self.change(orphaned.task, orphaned.at, |task, mut context| {
            let first = task.orphaned.is_none();
            task.orphaned.get_or_insert(orphaned.at);
            let ended_at = task.ended.map(|(at, _)| at);
            let (work, sums) = context.work(task);
            work.orphaned(orphaned.at, ended_at, sums);
            (task.group.filter(|_| first), first && task.ended.is_none())
        });
        self.orphaned_now += usize::from(is_orphan);
        if let Some(group) = group {
            let index = self.group_index_or_insert(group);
            self.groups[index].orphaned += 1;
        }
    }

    /// Applies the end of a repetition. `is_cut` says whether the repetition ended only because the
    /// run ended.
    pub(super) fn repetition(&mut self, repetition: Repetition, is_cut: bool) {
        let end = repetition.start + repetition.len.get();
        self.advance(end);
        let is_of_task = self.change(repetition.task, repetition.start, |task, mut context| {
            task.repetitions[repetition.outcome as usize] += 1;
            let (held, fate) = (task.times.held(), fate(task, repetition.outcome, end, is_cut));
            let (work, sums) = context.work(task);
            work.repetition(end, fate, held, sums);
            context.group.map(|group| {
                group.record_repetition(&repetition, task.is_branch);
                !task.is_branch
            })
        });
        match is_of_task {
            Some(true) => self.series.repetition(&repetition),
            Some(false) => {}
            None => self.keep_pending(LaneId::NONE, repetition.task, Record::Repetition(repetition)),
        }
    }
}

/// The fate of the work of a task or a repetition that ended at `at`. `None` if the task or
/// repetition ended only because the run ended: then the work is still open.
fn fate(task: &Task, outcome: Outcome, at: RunInstant, is_cut: bool) -> Option<Fate> {
    let is_orphan = task.orphaned.is_some_and(|orphaned| orphaned <= at);
    Fate::of(outcome, is_orphan && !is_cut).filter(|fate| !is_cut || *fate != Fate::Cancelled)
}

/// The last parts of the wait in which a task ended.
fn end_lateness(ended: &Ended) -> Lateness {
    Lateness {
        unnoticed: ended.unnoticed.get(),
        queued: ended.queued.get(),
    }
}
