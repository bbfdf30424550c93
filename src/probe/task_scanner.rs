//! Looking at tasks' stamps: who waits for a lane or to be noticed, and who should have been over.
//!
//! A look takes the stamps out of the cache of the core that writes them, and a look at very many tasks at once would take longer
//! than a ring takes to fill. So the looks go round, a stretch of the tasks each time. Between two looks at a task the model knows
//! from the records alone whether it has run or ended.

use super::task::TaskSlot;
use crate::record::{CurrentSlice, ProcessClock, ProcessInstant, TaskId, Waiting};
use std::collections::HashMap;
use std::sync::Arc;

/// Tasks looked at in a millisecond, over time: of up to 16,000 tasks each in every frame.
const LOOKS_PER_MS: u64 = 512;

/// Tasks looked at each time, however soon: of few tasks the newest is always known.
const LEAST: u64 = 256;

/// What a round takes at most, in milliseconds, however many tasks there are.
const ROUND_MS: u64 = 250;

/// The tasks that are not known to be over, and what the last look at each has found.
#[derive(Default)]
pub(super) struct TaskScanner {
    tasks: Vec<Arc<TaskSlot>>,
    /// When there were looks last.
    at: ProcessInstant,
    /// Whose turn it is.
    next: usize,
    /// What has been found in this round, of the tasks before `next`.
    found: Found,
    /// What the round before has found.
    before: Found,
}

/// What one round has found, in the order of the tasks' places.
#[derive(Default)]
struct Found {
    waiting: Vec<(usize, Waiting<ProcessClock>)>,
    overdue: Vec<(usize, Overdue)>,
}

#[derive(Clone, Copy)]
struct Overdue {
    task: TaskId,
    /// Since when it should have been over.
    since: ProcessInstant,
    /// When it was looked at.
    at: ProcessInstant,
}

impl TaskScanner {
    /// More tasks to look at.
    pub(super) fn watch(&mut self, tasks: impl IntoIterator<Item = Arc<TaskSlot>>) {
        self.tasks.extend(tasks);
    }

    /// Looks at those whose turn has come by `now`, and lets go of those that are over.
    pub(super) fn look(&mut self, now: ProcessInstant) {
        let all = self.tasks.len() as u64;
        let per_ms = LOOKS_PER_MS.max(all.div_ceil(ROUND_MS));
        let due = (now - self.at).0.saturating_mul(per_ms) / 1_000_000;
        self.at = now;
        for _ in 0..due.max(LEAST).min(all) {
            if self.next >= self.tasks.len() {
                self.before = std::mem::take(&mut self.found);
                self.next = 0;
            }
            match self.tasks.get(self.next) {
                Some(task) if task.is_over() => {
                    self.tasks.swap_remove(self.next);
                }
                Some(task) => {
                    let overdue = task.overdue(now).map(|(task, since)| Overdue { task, since, at: now });
                    self.found.waiting.extend(task.waiting(now).map(|w| (self.next, w)));
                    self.found.overdue.extend(overdue.map(|o| (self.next, o)));
                    self.next += 1;
                }
                None => break,
            }
        }
    }

    /// Who waits. Where somebody before it has gone, a task may be told twice, the newest first; and who is over may be told until the
    /// end of the round. The model knows better of both.
    pub(super) fn waiting(&self) -> Vec<Waiting<ProcessClock>> {
        newest(&self.found.waiting, &self.before.waiting, self.next)
            .copied()
            .collect()
    }

    /// Notes of these slices since when what their tasks do should have been over. What was found before a slice began is not of
    /// that slice.
    pub(super) fn note_overdue(&self, lanes: &mut [CurrentSlice<ProcessClock>]) {
        let overdue: Vec<_> = newest(&self.found.overdue, &self.before.overdue, self.next).collect();
        // The newest comes last, and stays.
        let overdue: HashMap<TaskId, &Overdue> = overdue.into_iter().rev().map(|o| (o.task, o)).collect();
        for current in lanes {
            current.overdue_since = overdue
                .get(&current.task)
                .filter(|overdue| current.start <= overdue.at)
                .map(|overdue| overdue.since);
        }
    }
}

/// What this round has found, and then what the last has found of those whose turn has not come in this one.
fn newest<'a, T>(found: &'a [(usize, T)], before: &'a [(usize, T)], next: usize) -> impl Iterator<Item = &'a T> {
    let rest = before.partition_point(|&(place, _)| place < next);
    found.iter().chain(&before[rest..]).map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{self, Registry, TaskHandle};
    use crate::record::{CompactDuration, Label, LaneId, Nanos, Outcome};

    const MS: u64 = 1_000_000;

    fn tasks(count: usize) -> Vec<TaskHandle> {
        let registry = Registry::new();
        let group = registry.group_named("many");
        (0..count).map(|_| TaskHandle::new(&registry, &group)).collect()
    }

    fn looks(tasks: &[TaskHandle]) -> TaskScanner {
        let mut looks = TaskScanner::default();
        looks.watch(tasks.iter().map(|task| task.slot().clone()));
        looks
    }

    /// An instant after everything so far.
    fn later(ms: u64) -> ProcessInstant {
        probe::now() + Nanos(ms * MS)
    }

    fn ids(looks: &TaskScanner) -> Vec<TaskId> {
        let mut ids: Vec<_> = looks.waiting().iter().map(|waiting| waiting.task).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    #[test]
    fn of_a_task_that_is_alone_nothing_old_is_said_however_often_somebody_looks() {
        let tasks = tasks(1);
        let mut looks = looks(&tasks);
        let now = later(0);
        for ready in [None, Some(ProcessInstant::new(1)), None] {
            tasks[0].ready_at(ready.unwrap_or(ProcessInstant::ZERO));
            looks.look(now);
            assert_eq!(looks.waiting()[0].ready, ready);
        }
    }

    #[test]
    fn however_many_tasks_there_are_each_that_waits_is_found_and_each_that_is_over_let_go() {
        let tasks = tasks(10 * LOOKS_PER_MS as usize);
        let mut looks = looks(&tasks);
        let mut now = later(10);
        looks.look(now);
        let all: Vec<_> = tasks.iter().map(TaskHandle::id).collect();
        assert_eq!(ids(&looks), all, "nobody has looked before: all are due");

        let (over, left) = tasks.split_at(tasks.len() / 2);
        for task in over {
            probe::ended(task, Outcome::Completed);
        }
        for _ in 0..20 {
            let before = looks.tasks.len();
            now += Nanos(MS);
            looks.look(now);
            let told = ids(&looks);
            assert!(
                left.iter().all(|task| told.contains(&task.id())),
                "one that waits is always told"
            );
            assert!(
                before - looks.tasks.len() <= LOOKS_PER_MS as usize,
                "so many in a millisecond and no more"
            );
        }
        assert_eq!((ids(&looks).len(), looks.tasks.len()), (left.len(), left.len()));
    }

    #[test]
    fn those_who_come_in_the_middle_of_a_round_are_found_within_a_round() {
        let (old, new) = (tasks(4 * LOOKS_PER_MS as usize), tasks(LOOKS_PER_MS as usize));
        let mut looks = looks(&old);
        let mut now = later(0);
        looks.look(now);
        now += Nanos(2 * MS);
        looks.look(now);
        looks.watch(new.iter().map(|task| task.slot().clone()));
        for _ in 0..5 {
            now += Nanos(MS);
            looks.look(now);
        }
        assert_eq!(looks.waiting().len(), old.len() + new.len());
    }

    #[test]
    fn a_round_has_a_longest_time_however_many_there_are() {
        let tasks = tasks(3 * (LOOKS_PER_MS * ROUND_MS) as usize);
        let mut looks = looks(&tasks);
        let now = later(0);
        looks.look(now);
        for task in &tasks {
            probe::ended(task, Outcome::Completed);
        }
        looks.look(now + Nanos(ROUND_MS * MS));
        assert!(looks.tasks.is_empty());
    }

    #[test]
    fn what_was_overdue_before_a_slice_began_is_not_said_of_the_slice() {
        let task = &tasks(1)[0];
        let mut looks = looks(std::slice::from_ref(task));
        let limit = probe::now();
        task.tighten_limit(limit);
        let looked = later(1);
        looks.look(looked);
        let slice = |start| CurrentSlice {
            lane: LaneId(0),
            task: task.id(),
            start,
            queued: CompactDuration::ZERO,
            unnoticed: CompactDuration::ZERO,
            blocking_since: None,
            overdue_since: None,
            label: Label::NONE,
        };
        let mut lanes = [slice(limit), slice(looked + Nanos(1))];
        looks.note_overdue(&mut lanes);
        assert_eq!(lanes.map(|lane| lane.overdue_since), [Some(limit), None]);
    }
}
