//! Translates a worker's batch into the ids and the clock of this run.
//!
//! A worker chooses the ids of its lanes, groups and labels, and defines a name for each id. In a
//! run, each name of a group or label has one id, even if several workers use the name. A worker
//! breaks the protocol if it uses an undefined id, sends a record of a task that it does not have,
//! or sends impossible values (see [`validate`]).

use super::task_table::TaskTable;
use super::validate;
use crate::probe::{ClockOffset, Group, Registry};
use crate::record::{
    Batch, CompactDuration, CurrentSlice, DEAD, Definition, GroupId, Label, LaneId, LaneKind, MonotonicClock,
    ProcessClock, ProcessInstant, Reason, Record, Sample, Slice, Step, TaskId,
};
use crate::text;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// The lowest id of a label that only workers define. The labels of the scenario have ids from 1
/// upwards.
const LOWEST_WORKER_LABEL: u16 = 1 << 15;

/// The labels of a run, by their texts. A new label that a worker defines gets the highest free id,
/// because the scenario's labels use the low ids.
pub(super) struct Names {
    known: HashMap<String, Label>,
    next: u16,
}

impl Names {
    /// Creates a table with the labels in `definitions`.
    pub(super) fn new(definitions: impl IntoIterator<Item = Definition>) -> Names {
        let label = |definition| match definition {
            Definition::Label { id, text } => Some((text, id)),
            _ => None,
        };
        Names {
            known: definitions.into_iter().filter_map(label).collect(),
            next: u16::MAX,
        }
    }

    /// The label with this text. A new label is defined at the registry immediately, because
    /// another worker's batch with the same label may reach the model first.
    ///
    /// # Errors
    /// Returns an error if no id is left.
    fn label(&mut self, text: &str, registry: &Registry) -> Result<Label, String> {
        let text = text::clean(text);
        if let Some(&label) = self.known.get(&*text) {
            return Ok(label);
        }
        if self.next < LOWEST_WORKER_LABEL {
            return Err("defines more labels than tasklab has ids for".into());
        }
        let id = Label(self.next);
        self.next -= 1;
        let text = text.into_owned();
        self.known.insert(text.clone(), id);
        registry.define([Definition::Label { id, text }]);
        Ok(id)
    }
}

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
    /// The number of slices that had ended at the time of the worker's last batch.
    jobs: u64,
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
            jobs: 0,
        }
    }

    /// Translates a batch to the ids of this run and to this process's clock. The instants do not
    /// count from the run's start, because the run may not have begun yet. `offset` is the offset
    /// between `CLOCK_MONOTONIC` and this process's clock.
    ///
    /// # Errors
    /// Returns how the batch breaks the protocol, as a predicate of "the worker": `uses lane 5,
    /// which it has not defined`.
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
        for sample in &mut batch.samples {
            match sample {
                Sample::Lane(sample) => sample.lane = self.lane(sample.lane)?,
                _ => return Err("sends a sample of something other than a lane".into()),
            }
        }
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
        for current in self
            .open
            .iter()
            .filter(|current| tasks.binary_search(&current.task).is_ok())
        {
            let CurrentSlice { lane, task, label, .. } = *current;
            if let Some(since) = current.blocking_since {
                let start = since.max(current.start);
                let step = Step {
                    start,
                    task,
                    len: CompactDuration::new(at - start),
                    label,
                    blocking: true,
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
            };
            records.push((lane, Record::Slice(slice)));
            jobs = jobs.saturating_add(1);
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
                let group = self.registry.group_named(&text::clean(&name));
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
            Record::Ended(ended) => ended.task,
            Record::Orphaned(orphaned) => orphaned.task,
            Record::Repetition(repetition) => repetition.task,
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
mod tests {
    use super::*;
    use crate::record::{Ended, MonotonicInstant, Nanos, Outcome, RepetitionsLost, Spawned};
    use crate::workload::LiveTasks;

    fn translator() -> BatchTranslator {
        let task_table = Arc::new(TaskTable::new(Arc::<LiveTasks>::default(), std::iter::once(100..200)));
        let names = Names::new([Definition::Label {
            id: Label(4),
            text: "yield".into(),
        }]);
        task_table.spawned(0, TaskId::new(100).unwrap()).unwrap();
        BatchTranslator::new(0, 7, Registry::new(), task_table, Arc::new(Mutex::new(names)))
    }

    fn slice(start: u64, len: u64, task: u32, label: u16) -> (LaneId, Record<MonotonicClock>) {
        let slice = Slice {
            start: MonotonicInstant::new(start),
            task: TaskId::new(task).unwrap(),
            len: CompactDuration::new(Nanos(len)),
            queued: CompactDuration::ZERO,
            unnoticed: CompactDuration::ZERO,
            woken_by: None,
            label: Label(label),
            suspended_on: Reason::Yield,
        };
        (LaneId(5), Record::Slice(slice))
    }

    fn lane() -> Definition {
        Definition::Lane {
            id: LaneId(5),
            kind: LaneKind::Process,
            name: "mine".into(),
        }
    }

    #[test]
    fn slices_of_a_lane_never_overlap_when_the_clocks_drift() {
        let mut translator = translator();
        let offset = ClockOffset::of_process();
        let at = offset.to_monotonic(ProcessInstant::new(1_000_000)).0;
        let label = Definition::Label {
            id: Label(1),
            text: "yield".into(),
        };
        let first = Batch {
            definitions: vec![lane(), label],
            records: vec![slice(at, 500, 100, 1)],
            ..Batch::default()
        };
        // According to the clock of this batch, the previous slice ends later.
        let second = Batch {
            records: vec![slice(at + 400, 300, 100, 0), slice(at + 450, 10, 100, 0)],
            ..Batch::default()
        };
        let mut spans = Vec::new();
        for batch in [first, second] {
            for (_, record) in translator.translate(batch, offset).expect("a valid batch").records {
                let Record::Slice(slice) = record else {
                    panic!("{record:?}")
                };
                spans.push((slice.start.0, slice.len.get().0, slice.label.0));
            }
        }
        assert_eq!(spans, [(1_000_000, 500, 4), (1_000_500, 200, 0), (1_000_700, 0, 0)]);
    }

    #[test]
    fn a_worker_cannot_define_labels_without_limit() {
        let mut translator = translator();
        let labels = (0..40_000).map(|n| Definition::Label {
            id: Label(n),
            text: format!("label {n}"),
        });
        let batch = Batch {
            definitions: labels.collect(),
            ..Batch::default()
        };
        assert_eq!(
            translator.translate(batch, ClockOffset::of_process()).unwrap_err(),
            "defines more labels than tasklab has ids for"
        );
    }

    #[test]
    fn the_end_of_a_task_may_precede_its_spawn_but_no_task_is_spawned_twice() {
        let mut translator = translator();
        let task = TaskId::new(101).unwrap();
        let group = Definition::Group {
            id: GroupId(0),
            name: "a".into(),
            library: false,
        };
        let ended = Record::Ended(Ended::observed(MonotonicInstant::new(2), task, Outcome::Completed));
        let spawned = Record::Spawned(Spawned {
            at: MonotonicInstant::new(1),
            task,
            parent: None,
            index: 0,
            group: GroupId(0),
        });
        let batch = |definitions, records: &[Record<MonotonicClock>]| Batch {
            definitions,
            records: records.iter().map(|&record| (LaneId::NONE, record)).collect(),
            ..Batch::default()
        };
        translator
            .translate(batch(vec![group], &[ended, spawned]), ClockOffset::of_process())
            .expect("one batch");
        let twice = translator.translate(batch(Vec::new(), &[spawned]), ClockOffset::of_process());
        assert_eq!(twice.unwrap_err(), "gives the id 101 to two tasks");
    }

    #[test]
    fn lost_repetitions_count_for_the_runs_own_group() {
        let mut translator = translator();
        translator.registry.group_named("another");
        let lost = |group| Batch {
            repetitions_lost: vec![RepetitionsLost {
                group: GroupId(group),
                outcome: Outcome::Completed,
                count: 3,
            }],
            ..Batch::default()
        };
        let unknown = translator.translate(lost(0), ClockOffset::of_process());
        assert_eq!(unknown.unwrap_err(), "uses group 0, which it has not defined");
        let definitions = vec![Definition::Group {
            id: GroupId(0),
            name: "a".into(),
            library: false,
        }];
        let batch = Batch { definitions, ..lost(0) };
        let translated = translator.translate(batch, ClockOffset::of_process()).expect("a batch");
        let ours = translator.registry.group_named("a").id;
        assert_eq!(
            (ours, &translated.repetitions_lost),
            (GroupId(1), &lost(1).repetitions_lost)
        );
    }

    #[test]
    fn undefined_ids_and_unknown_tasks_break_the_protocol() {
        for (batch, why) in [
            (slice(1, 1, 100, 0), "uses lane 5, which it has not defined"),
            (slice(1, 1, 100, 3), "uses label 3, which it has not defined"),
        ] {
            let batch = Batch {
                records: vec![batch],
                ..Batch::default()
            };
            let mut translator = translator();
            let offset = ClockOffset::of_process();
            assert_eq!(translator.translate(batch, offset).unwrap_err(), why);
        }
        let mut translator = translator();
        let offset = ClockOffset::of_process();
        let strange = Batch {
            definitions: vec![lane()],
            records: vec![slice(1, 1, u32::MAX, 0)],
            ..Batch::default()
        };
        assert_eq!(
            translator.translate(strange, offset).unwrap_err(),
            "sends a record of task 4294967295, which it does not have"
        );
    }
}
