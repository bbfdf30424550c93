//! Translates a worker's batch into the ids and the clock of this run.
//!
//! A worker chooses the ids of its lanes, groups and labels, and defines a name for each id. In a
//! run, each name of a group or label has one id, even if several workers use the name. A worker
//! breaks the protocol if it uses an undefined id, sends a record of a task that it does not have,
//! or sends impossible values (see [`validate`]).

use super::log_quota::LogQuota;
use super::names::Names;
use super::task_table::TaskTable;
use super::validate;
use crate::probe::{ClockOffset, Group, Registry};
use crate::record::{
    Batch, CompactDuration, CurrentSlice, DEAD, Definition, GroupId, Label, LaneId, LaneKind, LogLine, MonotonicClock,
    ProcessClock, ProcessInstant, Reason, Record, Sample, Slice, Step, TaskId, WaitBegan, WaitEnded, Wanted,
};
use crate::text;
use parking_lot::Mutex;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The maximum number of groups of tasks in a run. A scenario always has fewer groups, even
/// together with the groups of child tasks.
const MOST_GROUPS: usize = 10_000;

/// Translates the batches of one worker.
pub(super) struct BatchTranslator {
    /// The worker's number, from 0.
    pub(super) worker: usize,
    /// The worker's process id.
    pub(super) pid: u32,
    pub(super) registry: Arc<Registry>,
    pub(super) task_table: Arc<TaskTable>,
    pub(super) names: Arc<Mutex<Names>>,
    lanes: HashMap<LaneId, Lane>,
    groups: HashMap<GroupId, Arc<Group>>,
    labels: HashMap<Label, Label>,
    /// The slices that had not ended at the time of the worker's last batch.
    open: Vec<CurrentSlice<ProcessClock>>,
    /// The slices of branches that had not ended at the time of the worker's last batch.
    open_branches: Vec<CurrentSlice<ProcessClock>>,
    /// The starts of the branches' last slices in the current batch.
    branch_starts: HashMap<TaskId, ProcessInstant>,
    /// The number of slices that had ended at the time of the worker's last batch.
    jobs: u64,
    /// The tasks that end in the current batch.
    ended: HashSet<TaskId>,
    log_quota: LogQuota,
}

struct Lane {
    id: LaneId,
    kind: LaneKind,
    name: String,
    /// The start of the lane's last slice, as the worker sent it.
    last_start: Option<ProcessInstant>,
    /// The end of the lane's last slice. The measured offset between the clocks varies from batch
    /// to batch, so the next slice may seem to start before this instant. Then the next slice is
    /// clipped.
    last_end: ProcessInstant,
}

impl BatchTranslator {
    pub(super) fn new(
        worker: usize,
        pid: u32,
        registry: Arc<Registry>,
        task_table: Arc<TaskTable>,
        names: Arc<Mutex<Names>>,
    ) -> BatchTranslator {
        BatchTranslator {
            worker,
            pid,
            registry,
            task_table,
            names,
            lanes: HashMap::new(),
            groups: HashMap::new(),
            labels: HashMap::new(),
            open: Vec::new(),
            open_branches: Vec::new(),
            branch_starts: HashMap::new(),
            jobs: 0,
            ended: HashSet::new(),
            log_quota: LogQuota::default(),
        }
    }

    /// Translates a batch to the ids of this run and to this process's clock. The instants do not
    /// count from the run's start, because the run may not have begun yet. `offset` is the offset
    /// between `CLOCK_MONOTONIC` and this process's clock.
    ///
    /// # Errors
    /// Returns how the batch breaks the protocol. The text continues a sentence that begins with
    /// "the worker": `uses lane 5, which it has not defined`.
    pub(super) fn translate(
        &mut self,
        batch: Batch<MonotonicClock>,
        offset: ClockOffset<ProcessClock>,
    ) -> Result<Batch<ProcessClock>, String> {
        let mut batch = validate::validate(batch, offset)?;
        for definition in std::mem::take(&mut batch.definitions) {
            batch.definitions.extend(self.define(definition)?);
        }
        // Spawns are processed first. Inside the worker, the spawn and the end of a task take
        // different paths, so the end may precede the spawn in the batch.
        self.ended.clear();
        self.branch_starts.clear();
        for (_, record) in &batch.records {
            if let Record::Spawned(spawned) = record {
                self.task_table.spawned(self.worker, spawned.task)?;
            }
        }
        for (lane, record) in &mut batch.records {
            self.record(lane, record)?;
        }
        for lost in &mut batch.lost {
            if lost.lane != LaneId::NONE {
                lost.lane = self.lane(lost.lane)?;
            }
        }
        for lost in &mut batch.repetitions_lost {
            lost.group = self.group(lost.group)?;
        }
        for sums in &mut batch.sums {
            self.task_table.check(self.worker, sums.task)?;
            sums.label = self.label(sums.label)?;
        }
        for sample in &mut batch.samples {
            match sample {
                Sample::Lane(sample) => sample.lane = self.lane(sample.lane)?,
                _ => return Err("sends a sample that is not about a lane".into()),
            }
        }
        self.limit_log(&mut batch);
        for line in &mut batch.log {
            line.message = text::clean(&line.message).into_owned();
            line.target = text::clean(&line.target).into_owned();
        }
        self.open.clear();
        for current in &mut batch.live.lanes {
            self.task_table.check(self.worker, current.task)?;
            let lane = self.lanes.get(&current.lane);
            let lane = lane.ok_or_else(|| undefined("lane", current.lane.0))?;
            // If a slice ended while the batch was made, the batch also contains the slice's
            // record. Then the slice is not open.
            let ended = lane.last_start.is_some_and(|start| start >= current.start);
            let start = current.start.max(lane.last_end);
            current.lane = lane.id;
            current.label = self.label(current.label)?;
            if !ended {
                self.open.push(CurrentSlice { start, ..*current });
            }
        }
        self.open_branches.clear();
        for current in &mut batch.live.branches {
            self.task_table.check(self.worker, current.task)?;
            current.lane = self.lane(current.lane)?;
            current.label = self.label(current.label)?;
            let last_start = self.branch_starts.get(&current.task);
            if last_start.is_none_or(|start| *start < current.start) {
                self.open_branches.push(*current);
            }
        }
        self.jobs = batch.jobs;
        for waiting in &batch.live.waiting {
            self.task_table.check(self.worker, waiting.task)?;
        }
        Ok(batch)
    }

    /// Closes the open slices of a dead worker. Each open slice gets a record that ends at `at`.
    ///
    /// `tasks` are the worker's tasks that have not ended, in ascending order. Also returns the
    /// worker's total number of slices.
    pub(super) fn close_open_slices(
        &self,
        at: ProcessInstant,
        tasks: &[TaskId],
    ) -> (Vec<(LaneId, Record<ProcessClock>)>, u64) {
        let mut records = Vec::new();
        let mut jobs = self.jobs;
        let of_tasks = self.open.iter().map(|current| (current, false));
        let of_branches = self.open_branches.iter().map(|current| (current, true));
        let open = of_tasks.chain(of_branches);
        for (current, branch) in open.filter(|(current, _)| tasks.binary_search(&current.task).is_ok()) {
            let CurrentSlice { lane, task, label, .. } = *current;
            if let Some(since) = current.blocking_since {
                let start = since.max(current.start);
                let step = Step {
                    start,
                    task,
                    len: CompactDuration::new(at - start),
                    label,
                    blocking: true,
                    blocked_on: current.blocked_on,
                    timer_rounding: CompactDuration::ZERO,
                };
                records.push((lane, Record::Step(step)));
            }
            let slice = Slice {
                start: current.start,
                task,
                len: CompactDuration::new(at - current.start),
                queued: current.queued,
                unnoticed: current.unnoticed,
                woken_by: None,
                label: Label::NONE,
                suspended_on: Reason::Unknown,
                branch,
            };
            records.push((lane, Record::Slice(slice)));
            jobs = jobs.saturating_add(u64::from(!branch));
        }
        (records, jobs)
    }

    /// New definitions for the lanes of a dead worker. The new names show that the worker is dead.
    pub(super) fn mark_dead(&self) -> Vec<Definition> {
        let dead = |lane: &Lane| Definition::Lane {
            id: lane.id,
            kind: lane.kind,
            name: format!("{DEAD}{}", lane.name),
        };
        self.lanes.values().map(dead).collect()
    }

    /// Removes the log messages that exceed the worker's quota, and adds a message that gives their
    /// number.
    fn limit_log(&mut self, batch: &mut Batch<ProcessClock>) {
        let (worker, pid, now) = (self.worker, self.pid, batch.now);
        let mut notes = Vec::new();
        batch.log.retain(|_| {
            let allowed = self.log_quota.take();
            notes.extend(allowed.left_out);
            allowed.keep
        });
        batch.log.extend(notes.into_iter().map(|left_out| LogLine {
            at: now,
            level: tracing::Level::WARN,
            target: module_path!().to_owned(),
            message: format!("process {worker} (pid {pid}) logs too much: {left_out} messages were left out"),
            task: None,
        }));
    }

    fn define(&mut self, definition: Definition) -> Result<Option<Definition>, String> {
        match definition {
            Definition::Lane { id, kind, name } => {
                let (worker, pid) = (self.worker, self.pid);
                let name = match kind {
                    LaneKind::Process => format!("process {worker} ({pid})"),
                    _ => format!("{} of process {worker}", text::clean(&name)),
                };
                let lane = match self.lanes.entry(id) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let id = self.registry.remote_lane();
                        new.insert(Lane {
                            id: id.ok_or("has more lanes than tasklab has ids for")?,
                            kind,
                            name,
                            last_start: None,
                            last_end: ProcessInstant::ZERO,
                        })
                    }
                };
                Ok(Some(Definition::Lane {
                    id: lane.id,
                    kind: lane.kind,
                    name: lane.name.clone(),
                }))
            }
            Definition::Group { id, name, .. } => {
                let group = self.registry.group_within(MOST_GROUPS, &text::clean(&name));
                let group = group.ok_or_else(|| format!("defines too many groups: a run can have {MOST_GROUPS}"))?;
                self.groups.insert(id, group);
                Ok(None)
            }
            Definition::Label { id, text } => {
                let mut names = self.names.lock();
                self.labels.insert(id, names.label(&text, &self.registry)?);
                Ok(None)
            }
        }
    }

    fn record(&mut self, lane: &mut LaneId, record: &mut Record<ProcessClock>) -> Result<(), String> {
        if let Record::Slice(slice) = record {
            slice.label = self.label(slice.label)?;
            if slice.branch {
                self.branch_starts.insert(slice.task, slice.start);
            }
        }
        // The slice of a branch is a part of another slice.
        if let Record::Slice(slice @ Slice { branch: false, .. }) = record {
            let lane = self.lanes.get_mut(lane).ok_or_else(|| undefined("lane", lane.0))?;
            lane.last_start = Some(slice.start);
            let end = (slice.start + slice.len.get()).max(lane.last_end);
            slice.start = slice.start.max(lane.last_end);
            slice.len = CompactDuration::new(end - slice.start);
            lane.last_end = end;
        }
        *lane = match *lane {
            LaneId::NONE => LaneId::NONE,
            lane => self.lane(lane)?,
        };
        let task = match record {
            Record::Slice(slice) => slice.task,
            Record::Step(step) => {
                step.label = self.label(step.label)?;
                step.task
            }
            Record::Spawned(spawned) => {
                spawned.group = self.group(spawned.group)?;
                spawned.task
            }
            Record::Ended(ended) => {
                if !self.ended.insert(ended.task) || self.task_table.has_ended(self.worker, ended.task) {
                    return Err(format!("ends task {} twice", ended.task.get()));
                }
                ended.task
            }
            Record::Orphaned(orphaned) => orphaned.task,
            Record::Repetition(repetition) => repetition.task,
            Record::WaitBegan(WaitBegan { task, wanted, .. }) | Record::WaitEnded(WaitEnded { task, wanted, .. })
                if *wanted == Wanted::Children =>
            {
                *task
            }
            Record::WaitBegan(_)
            | Record::WaitEnded(_)
            | Record::Acquired(_)
            | Record::Released(_)
            | Record::Notification(_)
            | Record::HolderLate(_)
            | Record::Received(_)
            | Record::Missed(_) => {
                return Err("uses a lock, semaphore or channel, but processes share no memory".into());
            }
            Record::Marked(_) => return Err("sends a mark, but only a presenter can set marks".into()),
        };
        self.task_table.check(self.worker, task)
    }

    fn lane(&self, lane: LaneId) -> Result<LaneId, String> {
        let known = self.lanes.get(&lane).map(|lane| lane.id);
        known.ok_or_else(|| undefined("lane", lane.0))
    }

    fn group(&self, group: GroupId) -> Result<GroupId, String> {
        let known = self.groups.get(&group).map(|group| group.id);
        known.ok_or_else(|| undefined("group", group.0))
    }

    fn label(&self, label: Label) -> Result<Label, String> {
        if label == Label::NONE {
            return Ok(Label::NONE);
        }
        let known = self.labels.get(&label).copied();
        known.ok_or_else(|| undefined("label", label.0))
    }
}

fn undefined(what: &str, number: u16) -> String {
    format!("uses {what} {number}, which it has not defined")
}

#[cfg(test)]
mod tests;
