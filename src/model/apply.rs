//! Taking in a batch.

use super::sums::Sums;
use super::wait_state::PlacedSlice;
use super::*;
use crate::record::{
    Batch, Definition, Ended, LaneKind, LaneSample, Orphaned, Repetition, Sample, Slice, Spawned, Step,
};

/// Records kept for a task whose spawn is not known yet. Beyond that its spawn was probably lost, and its group's
/// distributions go without it.
const ORPHAN_RECORDS: usize = 1024;

/// Records whose tasks are fetched from memory together.
const AT_ONCE: usize = 32;

/// The places of the records in order of time.
///
/// The answers would be the same in any order. But a batch holds one lane's records after the other's, and a task that
/// went from lane to lane would have its slices come late by the dozen. Lanes are sorted in themselves, which this sort
/// makes use of.
fn in_order(records: &[(LaneId, Record)]) -> Vec<(Nanos, u32)> {
    let mut places: Vec<(Nanos, u32)> = records
        .iter()
        .zip(0..)
        .map(|((_, record), place)| (record.written_at(), place))
        .collect();
    places.sort_by_key(|&(at, _)| at);
    places
}

/// What changes with a task.
pub(super) struct Around<'a> {
    /// Its group, where that is known.
    group: Option<&'a mut Group>,
    /// The times of all tasks whose group is not known.
    unclaimed: &'a mut Times,
    lanes: &'a mut [Lane],
    lane_at: &'a IdMap<LaneId>,
    blocks: &'a mut ByteArena,
}

impl Around<'_> {
    /// The task's times with those of its group.
    #[inline]
    pub fn sums<'a>(&'a mut self, own: &'a mut Times) -> (Sums<'a>, &'a mut ByteArena) {
        let all = match &mut self.group {
            Some(group) => &mut group.closed,
            None => &mut *self.unclaimed,
        };
        (Sums { own, all }, self.blocks)
    }
}

impl Model {
    /// Takes in everything since the batch before.
    pub fn apply(&mut self, batch: &Batch) {
        self.unset_live();
        self.now = self.now.max(batch.now);
        for definition in &batch.definitions {
            self.define(definition);
        }
        if batch.definitions.iter().any(|d| matches!(d, Definition::Lane { .. })) {
            self.sort_lanes();
        }
        for places in in_order(&batch.records).chunks(AT_ONCE) {
            let records = || places.iter().map(|&(_, place)| &batch.records[place as usize]);
            let tasks = self.warm(records());
            for (&(lane, ref record), task) in records().zip(tasks) {
                self.record(lane, record, task);
            }
        }
        for lost in &batch.lost {
            // A worker from elsewhere may claim any number.
            let add = |sum: &mut u64, more| *sum = sum.saturating_add(more);
            add(&mut self.accounts.dropped, lost.slices);
            add(&mut self.accounts.other_dropped, lost.others);
            if let Some(at) = self.lane_at.get(lost.lane) {
                add(&mut self.lanes[at].dropped, lost.slices);
            }
        }
        for lost in &batch.repetitions_lost {
            let at = self.group_index(lost.group);
            self.groups[at].count_repetitions(lost.outcome, lost.count);
        }
        self.accounts.jobs = self.accounts.jobs.max(batch.jobs);
        for sample in &batch.samples {
            self.sample(sample);
        }
        for line in &batch.log {
            if self.log.len() == LOG_LINES {
                self.log.pop_front();
            }
            self.log.push_back(line.clone());
        }
        self.series.reach(self.now);
        self.sort_tasks();
        self.evict();
        self.set_live(&batch.live);
    }

    /// The places of the tasks of some slices, whose memory is near afterwards.
    ///
    /// Each slice changes its task, and with many tasks each lies somewhere else in memory. One after the other, most of the time
    /// would go by waiting for them; the processor waits for several at once if nothing else stands between the reads, and if
    /// none needs what another reads. So all places are read first, then all tasks, then the ends of all open runs.
    fn warm<'a>(&self, records: impl Iterator<Item = &'a (LaneId, Record)>) -> [Option<usize>; AT_ONCE] {
        let mut places = [None; AT_ONCE];
        for (place, (_, record)) in places.iter_mut().zip(records) {
            if let Record::Slice(slice) = record {
                *place = self.task_at.get(slice.task);
            }
        }
        for &at in places.iter().flatten() {
            std::hint::black_box(self.tasks[at].warm());
        }
        for &at in places.iter().flatten() {
            std::hint::black_box(self.tasks[at].track.warm(&self.blocks));
        }
        places
    }

    fn define(&mut self, definition: &Definition) {
        match definition {
            Definition::Lane { id, kind, name } => {
                let at = self.lane_index(*id);
                self.lanes[at].kind = *kind;
                self.lanes[at].name.clone_from(name);
            }
            Definition::Group { id, name, library } => {
                let at = self.group_index(*id);
                self.groups[at].name.clone_from(name);
                self.groups[at].library = *library;
            }
            Definition::Label { id, text } => {
                let at = usize::from(id.0);
                if self.labels.len() <= at {
                    self.labels.resize(at + 1, String::new());
                }
                self.labels[at].clone_from(text);
            }
        }
    }

    /// Once a batch: thousands of threads may become lanes together.
    fn sort_lanes(&mut self) {
        self.lanes.sort_by_key(|lane| (lane.rank(), lane.id));
        self.lane_at.reset(self.lanes.iter().map(|lane| lane.id));
    }

    fn lane_index(&mut self, id: LaneId) -> usize {
        if let Some(at) = self.lane_at.get(id) {
            return at;
        }
        self.lanes
            .push(Lane::new(id, LaneKind::Worker, format!("lane {}", id.0)));
        self.lane_at.set(id, self.lanes.len() - 1);
        self.lanes.len() - 1
    }

    fn group_index(&mut self, id: GroupId) -> usize {
        if let Some(at) = self.group_at.get(id) {
            return at;
        }
        let at = self.groups.partition_point(|group| group.id < id);
        self.groups.insert(at, Group::new(id, format!("group {}", id.0), false));
        self.group_at.reset(self.groups.iter().map(|group| group.id));
        at
    }

    /// The place of a task of which something is heard at `at`.
    fn task_index(&mut self, id: TaskId, heard: Nanos) -> usize {
        if let Some(at) = self.task_at.get(id) {
            return at;
        }
        let at = self.tasks.len();
        let task = Task::new(id, heard);
        self.present.enter(&task.standing());
        self.out_of_order((heard, id));
        if at == self.tasks.capacity() {
            self.tasks.reserve_exact((at / 4).max(64));
        }
        self.tasks.push(task);
        self.task_at.set(id, at);
        at
    }

    /// Notes where a task belongs that is not the last by this key.
    fn out_of_order(&mut self, key: (Nanos, TaskId)) {
        if self.tasks.last().is_some_and(|last| last.order() > key) {
            let sorted = &self.tasks[..self.disorder.min(self.tasks.len())];
            self.disorder = sorted.partition_point(|task| task.order() < key);
        }
    }

    /// Changes a task, and every sum that it is part of with it.
    pub(super) fn change<R>(&mut self, id: TaskId, heard: Nanos, change: impl FnOnce(&mut Task, Around) -> R) -> R {
        let at = self.task_index(id, heard);
        self.change_at(at, heard, change)
    }

    /// The same of the task in this place.
    #[inline]
    fn change_at<R>(&mut self, at: usize, heard: Nanos, change: impl FnOnce(&mut Task, Around) -> R) -> R {
        let task = &self.tasks[at];
        if heard < task.spawned_at {
            self.out_of_order((heard, task.id));
        }
        let task = &mut self.tasks[at];
        let (was_in, before) = (task.group, task.standing());
        let group = was_in.and_then(|id| self.group_at.get(id));
        let mut around = Around {
            group: group.map(|group| &mut self.groups[group]),
            unclaimed: &mut self.unclaimed,
            lanes: &mut self.lanes,
            lane_at: &self.lane_at,
            blocks: &mut self.blocks,
        };
        if heard < task.spawned_at {
            task.is_older(heard, &mut around);
        }
        let result = change(task, around);
        let (is_in, after, times) = (task.group, task.standing(), &task.times);
        self.present.change(&before, &after);
        if is_in == was_in {
            if let Some(group) = group {
                self.groups[group].present.change(&before, &after);
            }
            return result;
        }
        let times = *times;
        match group {
            Some(group) => self.groups[group].leave(&before, times),
            None => self.unclaimed -= times,
        }
        if let Some(group) = is_in {
            let group = self.group_index(group);
            self.groups[group].enter(&after, times);
        }
        result
    }

    /// Takes in a record; of a slice, `task` is the place of its task where that is known.
    fn record(&mut self, lane: LaneId, record: &Record, task: Option<usize>) {
        match *record {
            Record::Slice(ref slice) => self.slice(lane, slice, task),
            Record::Step(step) => self.step(step),
            Record::Spawned(spawned) => self.spawned(spawned),
            Record::Ended(ended) => self.ended(lane, ended),
            Record::Orphaned(orphaned) => self.orphaned(orphaned),
            Record::Repetition(repetition) => self.repetition(repetition),
            Record::Marked(marked) => {
                self.now = self.now.max(marked.at);
                let at = self.marks.partition_point(|other| other.at <= marked.at);
                self.marks.insert(at, marked);
            }
        }
    }

    fn slice(&mut self, lane: LaneId, slice: &Slice, task: Option<usize>) {
        let end = slice.start + slice.len.get();
        self.now = self.now.max(end);
        self.accounts.written += 1;
        let at = self.lane_index(lane);
        let (worker, shared) = (self.lanes[at].is_worker(), self.lanes[at].is_shared());
        self.lanes[at].count(slice);
        self.series.slice(slice, worker);
        let task = task.unwrap_or_else(|| self.task_index(slice.task, slice.start));
        let (grouped, held) = self.change_at(task, slice.start, |task, mut around| {
            task.polls += 1;
            task.on_shared_lane |= shared;
            if let Some(group) = &mut around.group {
                group.record(slice);
            }
            let grouped = around.group.is_some();
            let held = PlacedSlice { slice: *slice, lane };
            let (mut sums, blocks) = around.sums(&mut task.times);
            let blocking = task.track.insert(held, &task.blocking, &mut sums, blocks);
            if let Some(blocking) = blocking {
                around.lanes[at].record(slice, blocking);
            }
            (grouped, blocking.is_some())
        });
        self.held += usize::from(held);
        if !grouped {
            self.orphan(slice.task, Record::Slice(*slice));
        }
        let proofs: Vec<_> = self.lanes[at].asleep.contained(slice.start, end).collect();
        for (from, to) in proofs {
            self.block(slice.task, from, to);
        }
    }

    /// Keeps a record for the statistics of a group that is not known yet.
    fn orphan(&mut self, task: TaskId, record: Record) {
        let records = self.orphans.entry(task).or_default();
        if records.len() < ORPHAN_RECORDS {
            records.push(record);
        }
    }

    fn step(&mut self, step: Step) {
        let end = step.start + step.len.get();
        self.now = self.now.max(end);
        if step.blocking {
            self.block(step.task, step.start, end);
        }
    }

    /// The thread that held `task` slept in the OS from `from` to `to`.
    fn block(&mut self, task: TaskId, from: Nanos, to: Nanos) {
        self.change(task, from, |task, mut around| {
            let (lanes, lane_at) = (std::mem::take(&mut around.lanes), around.lane_at);
            let (mut sums, blocks) = around.sums(&mut task.times);
            let (id, track) = (task.id, &mut task.track);
            task.blocking.add(from, to, |from, to| {
                track.block(id, from, to, blocks, |held, amount| {
                    sums.block(amount);
                    if let Some(at) = lane_at.get(held.lane) {
                        lanes[at].block(&held.slice, amount);
                    }
                });
            });
        });
    }

    fn spawned(&mut self, spawned: Spawned) {
        self.now = self.now.max(spawned.at);
        let (ended, orphaned, unheard) = self.change(spawned.task, spawned.at, |task, _| {
            task.index = spawned.index;
            task.parent = spawned.parent;
            task.group = Some(spawned.group);
            (task.ended, task.orphaned, task.unheard)
        });
        let at = self.group_index(spawned.group);
        let group = &mut self.groups[at];
        group.spawned_at(spawned.at);
        // Another lane may have told of these first.
        if let Some((at, _)) = ended {
            group.ended_at(at);
        }
        group.orphaned += u64::from(orphaned.is_some());
        group.failures_lost += u64::from(unheard);
        for record in self.orphans.remove(&spawned.task).into_iter().flatten() {
            match record {
                Record::Slice(slice) => group.record(&slice),
                Record::Repetition(repetition) => group.repeat(&repetition),
                _ => {}
            }
        }
    }

    fn ended(&mut self, lane: LaneId, ended: Ended) {
        self.now = self.now.max(ended.at);
        let (group, was_orphan) = self.change(ended.task, ended.at, |task, _| {
            if task.ended.is_some() {
                return (None, false);
            }
            task.ended = Some((ended.at, ended.outcome));
            task.ended_on = lane;
            task.unheard = ended.unheard;
            (task.group, task.orphaned.is_some())
        });
        self.orphaned_now -= usize::from(was_orphan);
        if let Some(group) = group {
            let at = self.group_index(group);
            self.groups[at].ended_at(ended.at);
            self.groups[at].failures_lost += u64::from(ended.unheard);
        }
    }

    fn orphaned(&mut self, orphaned: Orphaned) {
        self.now = self.now.max(orphaned.at);
        let (group, is_orphan) = self.change(orphaned.task, orphaned.at, |task, _| {
            let first = task.orphaned.is_none();
            task.orphaned.get_or_insert(orphaned.at);
            (task.group.filter(|_| first), first && task.ended.is_none())
        });
        self.orphaned_now += usize::from(is_orphan);
        if let Some(group) = group {
            let at = self.group_index(group);
            self.groups[at].orphaned += 1;
        }
    }

    fn repetition(&mut self, repetition: Repetition) {
        self.now = self.now.max(repetition.start + repetition.len.get());
        self.series.repetition(&repetition);
        let grouped = self.change(repetition.task, repetition.start, |task, around| {
            task.repetitions[repetition.outcome as usize] += 1;
            around.group.map(|group| group.repeat(&repetition)).is_some()
        });
        if !grouped {
            self.orphan(repetition.task, Record::Repetition(repetition));
        }
    }

    fn sample(&mut self, sample: &Sample) {
        match sample {
            Sample::Lane(sample) => self.lane_sample(sample),
            Sample::Runtime(sample) => {
                self.series.runtime(sample);
                self.runtime_totals.add(sample);
                self.runtime = Some(sample.clone());
            }
            Sample::Group(sample) => {
                let at = self.group_index(sample.group);
                self.groups[at].totals.get_or_insert_default().add(sample);
            }
            Sample::Channel(sample) => match self.channels.iter_mut().find(|c| c.latest.label == sample.label) {
                Some(known) => known.look(*sample),
                None => self.channels.push(Channel::new(*sample)),
            },
        }
    }

    fn lane_sample(&mut self, sample: &LaneSample) {
        let Some(at) = self.lane_at.get(sample.lane) else {
            return;
        };
        let Some((from, to)) = self.lanes[at].sample(sample) else {
            return;
        };
        self.lanes[at].asleep.add(from, to, |_, _| ());
        let within: Vec<_> = self.lanes[at].track.within(from, to).collect();
        for slice in within {
            if slice.start <= from && to <= slice.end {
                self.block(slice.task, from, to);
            }
        }
    }

    fn sort_tasks(&mut self) {
        let from = std::mem::replace(&mut self.disorder, usize::MAX);
        if from < self.tasks.len() {
            self.tasks[from..].sort_unstable_by_key(Task::order);
            for (at, task) in self.tasks.iter().enumerate().skip(from) {
                self.task_at.set(task.id, at);
            }
        }
    }
}
