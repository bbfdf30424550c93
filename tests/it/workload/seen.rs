//! What the probe saw of a run, and questions to it.

use std::collections::HashMap;
use tasklab::record::{Batch, Definition, Ended, Label, Outcome, Record, RunInstant, Slice, Spawned, TaskId};

/// What was seen of a run.
pub struct Seen {
    pub records: Vec<Record>,
    /// The last task of each group.
    pub tasks: HashMap<String, TaskId>,
    all: HashMap<String, Vec<(u32, TaskId)>>,
    labels: HashMap<Label, String>,
}

impl Seen {
    /// From the batches of a run in which no record was lost.
    pub fn of(batches: Vec<Batch>, labels: HashMap<Label, String>) -> Seen {
        let mut seen = Seen {
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
            seen.records.extend(batch.records.into_iter().map(|(_, record)| record));
        }
        for record in &seen.records {
            if let Record::Spawned(spawned) = record {
                let group = &groups[&spawned.group];
                seen.tasks.insert(group.clone(), spawned.task);
                seen.all
                    .entry(group.clone())
                    .or_default()
                    .push((spawned.index, spawned.task));
            }
        }
        seen
    }

    /// How the last task of a group ended.
    pub fn outcome(&self, group: &str) -> Outcome {
        self.end_of(self.tasks[group]).outcome
    }

    /// How the tasks of a group ended, by their numbers.
    pub fn outcomes(&self, group: &str) -> Vec<Outcome> {
        self.ends(group).into_iter().map(|end| end.outcome).collect()
    }

    /// The ends of a group's tasks, by their numbers.
    pub fn ends(&self, group: &str) -> Vec<Ended> {
        let mut all = self.all.get(group).cloned().unwrap_or_default();
        all.sort();
        all.into_iter().map(|(_, task)| self.end_of(task)).collect()
    }

    /// When the last task of a group ended.
    pub fn ended_at(&self, group: &str) -> RunInstant {
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

    /// Tasks of a group that were orphaned, by their numbers.
    pub fn orphans(&self, group: &str) -> Vec<u32> {
        let orphaned = |task| {
            let orphan = |record: &&Record| matches!(record, Record::Orphaned(o) if o.task == task);
            self.records.iter().filter(orphan).count()
        };
        let all = self.all.get(group).into_iter().flatten();
        let mut orphans: Vec<_> = all.flat_map(|&(index, task)| vec![index; orphaned(task)]).collect();
        orphans.sort();
        orphans
    }

    pub fn repetitions(&self, group: &str) -> Vec<Outcome> {
        let task = self.tasks[group];
        let of_task = self.records.iter().filter_map(|record| match record {
            Record::Repetition(r) if r.task == task => Some((r.start, r.outcome)),
            _ => None,
        });
        let mut all: Vec<_> = of_task.collect();
        all.sort_by_key(|(start, _)| *start);
        all.into_iter().map(|(_, outcome)| outcome).collect()
    }

    pub fn label(&self, label: Label) -> &str {
        &self.labels[&label]
    }

    /// The names of the steps that ended, by their ends.
    pub fn steps(&self, group: &str) -> Vec<&str> {
        let task = self.tasks[group];
        let of_task = self.records.iter().filter_map(|record| match record {
            Record::Step(s) if s.task == task => Some((s.start + s.len.get(), s.label)),
            _ => None,
        });
        let mut all: Vec<_> = of_task.collect();
        all.sort_by_key(|(end, _)| *end);
        all.iter().map(|(_, label)| self.labels[label].as_str()).collect()
    }

    pub fn slices(&self, group: &str) -> Vec<Slice> {
        let task = self.tasks[group];
        let of_task = self.records.iter().filter_map(|record| match record {
            Record::Slice(s) if s.task == task => Some(*s),
            _ => None,
        });
        let mut all: Vec<_> = of_task.collect();
        all.sort_by_key(|slice| slice.start);
        all
    }

    /// From when to when steps of this name lasted.
    pub fn spans(&self, group: &str, name: &str) -> Vec<(RunInstant, RunInstant)> {
        let task = self.tasks[group];
        let of_task = self.records.iter().filter_map(|record| match record {
            Record::Step(s) if s.task == task && self.labels[&s.label] == name => {
                Some((s.start, s.start + s.len.get()))
            }
            _ => None,
        });
        of_task.collect()
    }

    /// The record of the birth of the last task of a group.
    fn spawned(&self, group: &str) -> Spawned {
        let mut births = self.records.iter().filter_map(|record| match record {
            Record::Spawned(s) if s.task == self.tasks[group] => Some(*s),
            _ => None,
        });
        births.next().expect("a task that is known was spawned")
    }

    pub fn spawned_at(&self, group: &str) -> RunInstant {
        self.spawned(group).at
    }

    pub fn parent(&self, group: &str) -> Option<TaskId> {
        self.spawned(group).parent
    }

    /// When the last repetition of a group's last task ended.
    pub fn repetition_end(&self, group: &str) -> RunInstant {
        let task = self.tasks[group];
        let ends = self.records.iter().filter_map(|record| match record {
            Record::Repetition(r) if r.task == task => Some(r.start + r.len.get()),
            _ => None,
        });
        ends.max().expect("it had a repetition")
    }
}
