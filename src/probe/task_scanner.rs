//! Scans the stamps of tasks: which tasks wait for a lane or to be noticed, and which should have
//! been over.
//!
//! Reading a stamp takes its cache line from the core that writes it, and reading those of very
//! many tasks at once would take longer than a ring takes to fill. So the scanner goes round: each
//! scan reads the stamps of a part of the tasks. Between two readings of a task, the model knows
//! from the records alone whether it has run or ended.

use super::registry::RegisteredTask;
use crate::record::{CurrentSlice, ProcessClock, ProcessInstant, TaskId, Waiting};
use std::collections::HashMap;
use std::sync::Arc;

/// Tasks that are read per millisecond on average. With a scan every 32 ms, up to 16,000 tasks are
/// read in each.
const TASKS_PER_MS: u64 = 512;

/// Tasks that are read in each scan, however soon it follows the scan before. With few tasks, what
/// is shown is always new.
const MIN_TASKS: u64 = 256;

/// The longest time of a round, in milliseconds, however many tasks there are.
const MAX_ROUND_MS: u64 = 250;

/// The tasks that are not known to have ended, and what the last reading of each has found.
#[derive(Default)]
pub(super) struct TaskScanner {
    tasks: Vec<Arc<RegisteredTask>>,
    /// When the last scan was.
    last_scan: ProcessInstant,
    /// The index of the task that is read next.
    next: usize,
    /// What this round has found, for the tasks before `next`.
    this_round: Found,
    /// What the round before has found.
    last_round: Found,
}

/// What one round has found, each with the index of its task, in ascending order.
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
    /// When its stamps were read.
    read_at: ProcessInstant,
}

impl TaskScanner {
    /// Adds tasks to scan.
    pub(super) fn watch(&mut self, tasks: impl IntoIterator<Item = Arc<RegisteredTask>>) {
        self.tasks.extend(tasks);
    }

    /// Reads the stamps of the tasks that are due by `now`, and drops the tasks that have ended.
    pub(super) fn scan(&mut self, now: ProcessInstant) {
        let all = self.tasks.len() as u64;
        let per_ms = TASKS_PER_MS.max(all.div_ceil(MAX_ROUND_MS));
        let due = (now - self.last_scan).0.saturating_mul(per_ms) / 1_000_000;
        self.last_scan = now;
        for _ in 0..due.max(MIN_TASKS).min(all) {
            if self.next >= self.tasks.len() {
                self.last_round = std::mem::take(&mut self.this_round);
                self.next = 0;
            }
            match self.tasks.get(self.next) {
                Some(task) if task.has_ended() => {
                    self.tasks.swap_remove(self.next);
                }
                Some(task) => {
                    let overdue = task.overdue(now).map(|(task, since)| Overdue {
                        task,
                        since,
                        read_at: now,
                    });
                    let (found, index) = (&mut self.this_round, self.next);
                    found.waiting.extend(task.waiting(now).map(|waiting| (index, waiting)));
                    found.overdue.extend(overdue.map(|overdue| (index, overdue)));
                    self.next += 1;
                }
                None => break,
            }
        }
    }

    /// The tasks that wait.
    ///
    /// A task may be listed twice, the newest reading first, after tasks before it were dropped. A
    /// task that has ended may be listed until the end of the round. The model knows better in both
    /// cases.
    pub(super) fn waiting(&self) -> Vec<Waiting<ProcessClock>> {
        newest(&self.this_round.waiting, &self.last_round.waiting, self.next)
            .copied()
            .collect()
    }

    /// Sets `overdue_since` of these slices. What was read before a slice began does not hold for
    /// that slice.
    pub(super) fn mark_overdue(&self, slices: &mut [CurrentSlice<ProcessClock>]) {
        let overdue: Vec<_> = newest(&self.this_round.overdue, &self.last_round.overdue, self.next).collect();
        // In reverse, so that the newest reading of a task is inserted last and stays.
        let overdue: HashMap<TaskId, &Overdue> = overdue.into_iter().rev().map(|o| (o.task, o)).collect();
        for slice in slices {
            slice.overdue_since = overdue
                .get(&slice.task)
                .filter(|overdue| slice.start <= overdue.read_at)
                .map(|overdue| overdue.since);
        }
    }
}

/// What this round has found, and then what the last round has found for the tasks that this round
/// has not read yet.
fn newest<'a, T>(
    this_round: &'a [(usize, T)],
    last_round: &'a [(usize, T)],
    next: usize,
) -> impl Iterator<Item = &'a T> {
    let rest = last_round.partition_point(|&(index, _)| index < next);
    this_round.iter().chain(&last_round[rest..]).map(|(_, found)| found)
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

    fn scanner(tasks: &[TaskHandle]) -> TaskScanner {
        let mut scanner = TaskScanner::default();
        scanner.watch(tasks.iter().map(|task| task.slot().clone()));
        scanner
    }

    /// An instant after all instants so far.
    fn later(ms: u64) -> ProcessInstant {
        probe::now() + Nanos(ms * MS)
    }

    fn ids(scanner: &TaskScanner) -> Vec<TaskId> {
        let mut ids: Vec<_> = scanner.waiting().iter().map(|waiting| waiting.task).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    #[test]
    fn a_single_task_is_read_anew_in_every_scan_however_soon() {
        let tasks = tasks(1);
        let mut scanner = scanner(&tasks);
        let now = later(0);
        for ready in [None, Some(ProcessInstant::new(1)), None] {
            tasks[0].ready_at(ready.unwrap_or(ProcessInstant::ZERO));
            scanner.scan(now);
            assert_eq!(scanner.waiting()[0].ready, ready);
        }
    }

    #[test]
    fn of_many_tasks_every_waiting_one_is_found_and_every_ended_one_is_dropped() {
        let tasks = tasks(10 * TASKS_PER_MS as usize);
        let mut scanner = scanner(&tasks);
        let mut now = later(10);
        scanner.scan(now);
        let all: Vec<_> = tasks.iter().map(TaskHandle::id).collect();
        assert_eq!(ids(&scanner), all, "the first scan reads all tasks");

        let (ended, left) = tasks.split_at(tasks.len() / 2);
        for task in ended {
            task.end(Outcome::Completed);
        }
        for _ in 0..20 {
            let before = scanner.tasks.len();
            now += Nanos(MS);
            scanner.scan(now);
            let listed = ids(&scanner);
            assert!(
                left.iter().all(|task| listed.contains(&task.id())),
                "a task that waits is always listed"
            );
            assert!(
                before - scanner.tasks.len() <= TASKS_PER_MS as usize,
                "a scan reads no more tasks than are due"
            );
        }
        assert_eq!((ids(&scanner).len(), scanner.tasks.len()), (left.len(), left.len()));
    }

    #[test]
    fn tasks_added_during_a_round_are_found_within_a_round() {
        let (old, new) = (tasks(4 * TASKS_PER_MS as usize), tasks(TASKS_PER_MS as usize));
        let mut scanner = scanner(&old);
        let mut now = later(0);
        scanner.scan(now);
        now += Nanos(2 * MS);
        scanner.scan(now);
        scanner.watch(new.iter().map(|task| task.slot().clone()));
        for _ in 0..5 {
            now += Nanos(MS);
            scanner.scan(now);
        }
        assert_eq!(scanner.waiting().len(), old.len() + new.len());
    }

    #[test]
    fn a_round_of_very_many_tasks_ends_within_its_longest_time() {
        let tasks = tasks(3 * (TASKS_PER_MS * MAX_ROUND_MS) as usize);
        let mut scanner = scanner(&tasks);
        let now = later(0);
        scanner.scan(now);
        for task in &tasks {
            task.end(Outcome::Completed);
        }
        scanner.scan(now + Nanos(MAX_ROUND_MS * MS));
        assert!(scanner.tasks.is_empty());
    }

    #[test]
    fn a_slice_that_began_after_the_reading_is_not_marked_overdue() {
        let task = &tasks(1)[0];
        let mut scanner = scanner(std::slice::from_ref(task));
        let limit = probe::now();
        task.tighten_limit(limit);
        let read_at = later(1);
        scanner.scan(read_at);
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
        let mut lanes = [slice(limit), slice(read_at + Nanos(1))];
        scanner.mark_overdue(&mut lanes);
        assert_eq!(lanes.map(|lane| lane.overdue_since), [Some(limit), None]);
    }
}
