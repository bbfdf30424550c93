//! A worker's batch, in this run's words: its lanes, groups and labels under this run's numbers, its instants after this run's
//! start.
//!
//! A worker numbers what it names as it likes, and tells the names. Here the same name has one number, whoever said it. What a
//! worker says is not believed beyond that: who uses a number that it has not defined, or tells of a task that it does not have,
//! breaks the protocol; so does who [claims](claims) what cannot be.

use super::task_table::TaskTable;
use super::validate;
use crate::probe::{ClockOffset, Group, Registry};
use crate::record::{
    Batch, CompactDuration, CurrentSlice, DEAD, Definition, GroupId, Label, LaneId, LaneKind, Nanos, Reason, Record,
    Sample, Slice, Step, TaskId,
};
use crate::text;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

/// The lowest number that a label has which only a worker knows: the scenario's are numbered from below.
const LOWEST: u16 = 1 << 15;

/// The labels of a run by their texts. Those that only a worker knows are numbered from the top, where nobody else numbers.
pub(super) struct Names {
    known: HashMap<String, Label>,
    next: u16,
}

impl Names {
    /// With the labels that these definitions define.
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

    /// The label of this text. A new one is defined at the registry at once: the next worker that uses it may be heard first.
    ///
    /// # Errors
    /// When there are no numbers left.
    fn label(&mut self, text: &str, registry: &Registry) -> Result<Label, String> {
        let text = text::clean(text);
        if let Some(&label) = self.known.get(&*text) {
            return Ok(label);
        }
        if self.next < LOWEST {
            return Err("defines more labels than can be told apart".into());
        }
        let id = Label(self.next);
        self.next -= 1;
        let text = text.into_owned();
        self.known.insert(text.clone(), id);
        registry.define([Definition::Label { id, text }]);
        Ok(id)
    }
}

/// Turns the batches of one worker.
pub(super) struct BatchTranslator {
    /// The worker's number and its process.
    pub(super) worker: usize,
    pub(super) pid: u32,
    pub(super) registry: Arc<Registry>,
    pub(super) roster: Arc<TaskTable>,
    pub(super) names: Arc<Mutex<Names>>,
    lanes: HashMap<LaneId, Lane>,
    groups: HashMap<GroupId, Arc<Group>>,
    labels: HashMap<Label, Label>,
    /// The slices that had not ended in its last batch, and how many had.
    open: Vec<CurrentSlice>,
    jobs: u64,
}

struct Lane {
    id: LaneId,
    kind: LaneKind,
    name: String,
    /// Where its last slice began, as it was told.
    began: Option<Nanos>,
    /// Where its last slice ended. The rate between the clocks changes from batch to batch, and no slice may begin before.
    end: Nanos,
}

impl BatchTranslator {
    pub(super) fn new(
        worker: usize,
        pid: u32,
        registry: Arc<Registry>,
        roster: Arc<TaskTable>,
        names: Arc<Mutex<Names>>,
    ) -> BatchTranslator {
        BatchTranslator {
            worker,
            pid,
            registry,
            roster,
            names,
            lanes: HashMap::new(),
            groups: HashMap::new(),
            labels: HashMap::new(),
            open: Vec::new(),
            jobs: 0,
        }
    }

    /// In this run's words, but with instants by this process's clock: the run may not have begun yet. `ahead` is how far
    /// `CLOCK_MONOTONIC` is ahead of that.
    ///
    /// # Errors
    /// How the batch breaks the protocol, in a sentence without a subject.
    pub(super) fn turn(&mut self, batch: Batch, ahead: ClockOffset) -> Result<Batch, String> {
        let mut batch = validate::believed(batch, ahead)?;
        let told = std::mem::take(&mut batch.definitions);
        for definition in told {
            batch.definitions.extend(self.define(definition)?);
        }
        // First of all who has come to be: a task's end takes another way than its beginning, and may be told before.
        for (_, record) in &batch.records {
            if let Record::Spawned(spawned) = record {
                self.roster.born(self.worker, spawned.task)?;
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
                _ => return Err("sends a sample that is not of a lane".into()),
            }
        }
        for line in &mut batch.log {
            line.message = text::clean(&line.message).into_owned();
            line.target = text::clean(&line.target).into_owned();
        }
        self.open.clear();
        for current in &mut batch.live.lanes {
            self.roster.check(self.worker, current.task)?;
            let lane = self.lanes.get(&current.lane);
            let lane = lane.ok_or_else(|| undefined("lane", current.lane.0))?;
            // One that ends while the batch is made is a record, too.
            let over = lane.began.is_some_and(|began| began >= current.start);
            let start = current.start.max(lane.end);
            current.lane = lane.id;
            current.label = self.label(current.label)?;
            if !over {
                self.open.push(CurrentSlice { start, ..*current });
            }
        }
        self.jobs = batch.jobs;
        for waiting in &batch.live.waiting {
            self.roster.check(self.worker, waiting.task)?;
        }
        Ok(batch)
    }

    /// The records of what it had begun and will not end itself, now that the process is dead: each slice lasted until `at`, for who
    /// knows of nothing newer. `tasks`, in order, have not ended. And how many slices that makes, with all that it has told of.
    pub(super) fn broken_off(&self, at: Nanos, tasks: &[TaskId]) -> (Vec<(LaneId, Record)>, u64) {
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

    /// The names of its lanes, said anew now that the process is dead.
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
                        let id = self.registry.lane_elsewhere();
                        new.insert(Lane {
                            id: id.ok_or("has more lanes than can be told apart")?,
                            kind,
                            name,
                            began: None,
                            end: Nanos::ZERO,
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
                let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
                self.labels.insert(id, names.label(&text, &self.registry)?);
                Ok(None)
            }
        }
    }

    fn record(&mut self, lane: &mut LaneId, record: &mut Record) -> Result<(), String> {
        if let Record::Slice(slice) = record {
            slice.label = self.label(slice.label)?;
            let lane = self.lanes.get_mut(lane).ok_or_else(|| undefined("lane", lane.0))?;
            lane.began = Some(slice.start);
            let end = (slice.start + slice.len.get()).max(lane.end);
            slice.start = slice.start.max(lane.end);
            slice.len = CompactDuration::new(end - slice.start);
            lane.end = end;
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
            Record::Marked(_) => return Err("marks what only the presenter does".into()),
        };
        self.roster.check(self.worker, task)
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
    format!("uses {what} {number} before it has said what that is")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::monotonic_ahead;
    use crate::record::{Ended, Outcome, RepetitionsLost, Spawned};
    use crate::workload::Alive;

    fn intake() -> BatchTranslator {
        let roster = Arc::new(TaskTable::new(Arc::<Alive>::default(), std::iter::once(100..200)));
        let names = Names::new([Definition::Label {
            id: Label(4),
            text: "yield".into(),
        }]);
        roster.born(0, TaskId::new(100).unwrap()).unwrap();
        BatchTranslator::new(0, 7, Registry::new(), roster, Arc::new(Mutex::new(names)))
    }

    fn slice(start: u64, len: u64, task: u32, label: u16) -> (LaneId, Record) {
        let slice = Slice {
            start: Nanos(start),
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
    fn slices_of_a_lane_never_overlap_however_the_clocks_drift() {
        let mut intake = intake();
        let ahead = monotonic_ahead();
        let at = ahead.to_monotonic(Nanos(1_000_000)).0;
        let label = Definition::Label {
            id: Label(1),
            text: "yield".into(),
        };
        let first = Batch {
            definitions: vec![lane(), label],
            records: vec![slice(at, 500, 100, 1)],
            ..Batch::default()
        };
        // By the clock of this batch, the slice before has not quite ended.
        let second = Batch {
            records: vec![slice(at + 400, 300, 100, 0), slice(at + 450, 10, 100, 0)],
            ..Batch::default()
        };
        let mut spans = Vec::new();
        for batch in [first, second] {
            for (_, record) in intake.turn(batch, ahead).expect("sound").records {
                let Record::Slice(slice) = record else {
                    panic!("{record:?}")
                };
                spans.push((slice.start.0, slice.len.get().0, slice.label.0));
            }
        }
        assert_eq!(spans, [(1_000_000, 500, 4), (1_000_500, 200, 0), (1_000_700, 0, 0)]);
    }

    #[test]
    fn labels_and_tasks_cannot_be_made_up_without_end() {
        let mut intake = intake();
        let labels = (0..40_000).map(|n| Definition::Label {
            id: Label(n),
            text: format!("label {n}"),
        });
        let batch = Batch {
            definitions: labels.collect(),
            ..Batch::default()
        };
        assert_eq!(
            intake.turn(batch, monotonic_ahead()).unwrap_err(),
            "defines more labels than can be told apart"
        );
    }

    #[test]
    fn a_tasks_end_may_be_told_before_its_beginning_but_not_its_beginning_twice() {
        let mut intake = intake();
        let task = TaskId::new(101).unwrap();
        let group = Definition::Group {
            id: GroupId(0),
            name: "a".into(),
            library: false,
        };
        let ended = Record::Ended(Ended::heard(Nanos(2), task, Outcome::Completed));
        let spawned = Record::Spawned(Spawned {
            at: Nanos(1),
            task,
            parent: None,
            index: 0,
            group: GroupId(0),
        });
        let batch = |definitions, records: &[Record]| Batch {
            definitions,
            records: records.iter().map(|&record| (LaneId::NONE, record)).collect(),
            ..Batch::default()
        };
        intake
            .turn(batch(vec![group], &[ended, spawned]), monotonic_ahead())
            .expect("one batch");
        let twice = intake.turn(batch(Vec::new(), &[spawned]), monotonic_ahead());
        assert_eq!(twice.unwrap_err(), "gives the identity 101 to two tasks");
    }

    #[test]
    fn lost_repetitions_are_those_of_this_runs_group() {
        let mut intake = intake();
        intake.registry.group_named("another");
        let lost = |group| Batch {
            repetitions_lost: vec![RepetitionsLost {
                group: GroupId(group),
                outcome: Outcome::Completed,
                count: 3,
            }],
            ..Batch::default()
        };
        let unknown = intake.turn(lost(0), monotonic_ahead());
        assert_eq!(unknown.unwrap_err(), "uses group 0 before it has said what that is");
        let definitions = vec![Definition::Group {
            id: GroupId(0),
            name: "a".into(),
            library: false,
        }];
        let batch = Batch { definitions, ..lost(0) };
        let turned = intake.turn(batch, monotonic_ahead()).expect("a batch");
        let ours = intake.registry.group_named("a").id;
        assert_eq!(
            (ours, &turned.repetitions_lost),
            (GroupId(1), &lost(1).repetitions_lost)
        );
    }

    #[test]
    fn what_was_not_defined_or_is_not_its_own_breaks_the_protocol() {
        for (batch, why) in [
            (slice(1, 1, 100, 0), "uses lane 5 before it has said what that is"),
            (slice(1, 1, 100, 3), "uses label 3 before it has said what that is"),
        ] {
            let batch = Batch {
                records: vec![batch],
                ..Batch::default()
            };
            let mut intake = intake();
            let ahead = monotonic_ahead();
            assert_eq!(intake.turn(batch, ahead).unwrap_err(), why);
        }
        let mut intake = intake();
        let ahead = monotonic_ahead();
        let strange = Batch {
            definitions: vec![lane()],
            records: vec![slice(1, 1, u32::MAX, 0)],
            ..Batch::default()
        };
        assert_eq!(
            intake.turn(strange, ahead).unwrap_err(),
            "tells of task 4294967295, which it does not have"
        );
    }
}
