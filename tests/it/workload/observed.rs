//! What the probe recorded of a run, and queries on it.

use std::collections::HashMap;
use tasklab::record::{Batch, Definition, Ended, Label, Outcome, Record, RunInstant, Slice, Spawned, TaskId};

/// The records of a run.
pub(super) struct Observed {
    pub records: Vec<Record>,
    /// The latest task of each group.
    pub tasks: HashMap<String, TaskId>,
    all: HashMap<String, Vec<(u32, TaskId)>>,
    labels: HashMap<Label, String>,
}

impl Observed {
    /// The records in the batches of a run.
    ///
    /// # Panics
    /// If a record was lost.
    pub(super) fn of(batches: Vec<Batch>, labels: HashMap<Label, String>) -> Observed {
        let mut observed = Observed {
            records: Vec::new(),
            tasks: HashMap::new(),
            all: HashMap::new(),
            labels,
        };
        let mut groups = HashMap::new();
        for batch in batches {
            assert!(batch.lost.is_empty(), "{:?}", batch.lost);
            groups.extend(batch.definitions.into_iter().filter_map(|definition| match definition {
                Definition::Group { id, name, .. } => Some((id, name)),
                _ => None,
            }));
            observed
                .records
                .extend(batch.records.into_iter().map(|(_, record)| record));
        }
        for record in &observed.records {
            if let Record::Spawned(spawned) = record {
                let group = &groups[&spawned.group];
                observed.tasks.insert(group.clone(), spawned.task);
                observed
                    .all
                    .entry(group.clone())
                    .or_default()
                    .push((spawned.index, spawned.task));
            }
        }
        observed
    }

    /// How the latest task of a group ended.
    pub(super) fn outcome(&self, group: &str) -> Outcome {
        self.end_of(self.tasks[group]).outcome
    }

    /// How the tasks of a group ended, in the order of their indexes.
    pub(super) fn outcomes(&self, group: &str) -> Vec<Outcome> {
        self.ends(group).into_iter().map(|end| end.outcome).collect()
    }

    /// The ends of the tasks of a group, in the order of their indexes.
    pub(super) fn ends(&self, group: &str) -> Vec<Ended> {
        let mut all = self.all.get(group).cloned().unwrap_or_default();
        all.sort();
        all.into_iter().map(|(_, task)| self.end_of(task)).collect()
    }

    /// When the latest task of a group ended.
    pub(super) fn ended_at(&self, group: &str) -> RunInstant {
        self.end_of(self.tasks[group]).at
    }

    fn end_of(&self, task: TaskId) -> Ended {
        let ends = self.records.iter().filter_map(|record| match record {
            Record::Ended(e) if e.task == task => Some(*e),
            _ => None,
        });
        let ends: Vec<_> = ends.collect();
        assert_eq!(ends.len(), 1, "{task:?} ended {ends:?}");
        ends[0]
    }

    /// The indexes of the tasks of a group that were orphaned.
    pub(super) fn orphans(&self, group: &str) -> Vec<u32> {
        let orphaned = |task| {
            let orphan = |record: &&Record| matches!(record, Record::Orphaned(o) if o.task == task);
            self.records.iter().filter(orphan).count()
        };
        let all = self.all.get(group).into_iter().flatten();
        let mut orphans: Vec<_> = all.flat_map(|&(index, task)| vec![index; orphaned(task)]).collect();
        orphans.sort();
        orphans
    }

    /// The outcomes of the repetitions of a group's latest task, in the order of their ends.
    pub(super) fn repetitions(&self, group: &str) -> Vec<Outcome> {
        let task = self.tasks[group];
        let of_task = self.records.iter().filter_map(|record| match record {
            Record::Repetition(r) if r.task == task => Some((r.start, r.outcome)),
            _ => None,
        });
        let mut all: Vec<_> = of_task.collect();
        all.sort_by_key(|(start, _)| *start);
        all.into_iter().map(|(_, outcome)| outcome).collect()
    }

    pub(super) fn label(&self, label: Label) -> &str {
        &self.labels[&label]
    }

    /// The names of the steps of a group's latest task, in the order of their ends.
    pub(super) fn steps(&self, group: &str) -> Vec<&str> {
        let task = self.tasks[group];
        let of_task = self.records.iter().filter_map(|record| match record {
            Record::Step(s) if s.task == task => Some((s.start + s.len.get(), s.label)),
            _ => None,
        });
        let mut all: Vec<_> = of_task.collect();
        all.sort_by_key(|(end, _)| *end);
        all.iter().map(|(_, label)| self.labels[label].as_str()).collect()
    }

    /// The slices of a group's latest task, in the order of time.
    pub(super) fn slices(&self, group: &str) -> Vec<Slice> {
        let task = self.tasks[group];
        let of_task = self.records.iter().filter_map(|record| match record {
            Record::Slice(s) if s.task == task => Some(*s),
            _ => None,
        });
        let mut all: Vec<_> = of_task.collect();
        all.sort_by_key(|slice| slice.start);
        all
    }

    /// The start and end of each step of a group's latest task, in order of time. Only steps with
    /// this name are returned. A task may move between workers, and the records of one worker
    /// precede the records of the next.
    pub(super) fn spans(&self, group: &str, name: &str) -> Vec<(RunInstant, RunInstant)> {
        let task = self.tasks[group];
        let of_task = self.records.iter().filter_map(|record| match record {
            Record::Step(s) if s.task == task && self.labels[&s.label] == name => {
                Some((s.start, s.start + s.len.get()))
            }
            _ => None,
        });
        let mut spans: Vec<_> = of_task.collect();
        spans.sort();
        spans
    }

    /// The spawn record of the latest task of a group.
    fn spawned(&self, group: &str) -> Spawned {
        let mut spawns = self.records.iter().filter_map(|record| match record {
            Record::Spawned(s) if s.task == self.tasks[group] => Some(*s),
            _ => None,
        });
        spawns.next().expect("every known task has a spawn record")
    }

    pub(super) fn spawned_at(&self, group: &str) -> RunInstant {
        self.spawned(group).at
    }

    pub(super) fn parent(&self, group: &str) -> Option<TaskId> {
        self.spawned(group).parent
    }

    /// When the last repetition of a group's latest task ended.
    pub(super) fn repetition_end(&self, group: &str) -> RunInstant {
        let task = self.tasks[group];
        let ends = self.records.iter().filter_map(|record| match record {
            Record::Repetition(r) if r.task == task => Some(r.start + r.len.get()),
            _ => None,
        });
        ends.max().expect("the task had a repetition")
    }
}
