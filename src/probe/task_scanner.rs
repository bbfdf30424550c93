//! Reads the stamps of tasks, to find the tasks that are queued, unnoticed or overdue.
//!
//! A read of a stamp takes the stamp's cache line away from the core that writes it. With many
//! thousands of tasks, reading all stamps at once would take longer than a ring takes to fill. So
//! the scanner works in rounds: each scan reads the stamps of some of the tasks, and a round ends
//! when all tasks have been read. Between two readings of a task, the model learns from the records
//! whether that task has run or ended.

use super::registry::RegisteredTask;
use crate::record::{
    CompactDuration, CurrentSlice, Nanos, Outcome, ProcessClock, ProcessInstant, Repetition, TaskId, TaskSums, Waiting,
};
use std::collections::HashMap;
use std::sync::Arc;

/// The number of tasks that are read per millisecond, on average. If there is a scan every 32 ms,
/// each scan reads up to 16,000 tasks.
const TASKS_PER_MS: u64 = 512;

/// The minimum number of tasks that a scan reads, even shortly after the previous scan. So a run
/// with few tasks always shows their present state.
const MIN_TASKS: u64 = 256;

/// The number of tasks whose sums are read per millisecond, on average, if records are lost. The
/// model takes about a microsecond for the sums of one task. If records are lost, the model needs
/// this time for slices.
const SUMS_PER_MS: u64 = 64;

/// The maximum duration of a round, in milliseconds, for any number of tasks.
const MAX_ROUND_MS: u64 = 250;

/// The tasks that are not known to have ended, with the result of the latest reading of each task.
#[derive(Default)]
pub(super) struct TaskScanner {
    tasks: Vec<Arc<RegisteredTask>>,
    /// The instant of the last scan.
    last_scan: ProcessInstant,
    /// The index of the task that is read next.
    next: usize,
    /// The results of this round, for the tasks before `next`.
    this_round: Found,
    /// The results of the previous round.
    last_round: Found,
    /// The index of the task whose sums are read next, if it has lost records.
    next_sums: usize,
    /// The number of tasks from `next_sums` on that may have lost records since their sums were
    /// read.
    unread: usize,
    /// The sums that have been read since the last [`take_sums`](TaskScanner::take_sums).
    sums: Vec<TaskSums<ProcessClock>>,
}

/// The results of one round. Each result has the index of its task, and the indexes are in
/// ascending order.
#[derive(Default)]
struct Found {
    waiting: Vec<(usize, Waiting<ProcessClock>)>,
    overdue: Vec<(usize, Overdue)>,
}

#[derive(Clone, Copy)]
struct Overdue {
    task: TaskId,
    /// The time limit that the task has exceeded.
    since: ProcessInstant,
    /// When the task's slot was read.
    read_at: ProcessInstant,
}

impl TaskScanner {
    /// Adds tasks to scan.
    pub(super) fn watch(&mut self, tasks: impl IntoIterator<Item = Arc<RegisteredTask>>) {
        self.tasks.extend(tasks);
    }

    /// The repetitions that are open at the end of the run, cut at this instant.
    pub(super) fn open_repetitions(&self, end: ProcessInstant) -> impl Iterator<Item = Repetition<ProcessClock>> {
        self.tasks
            .iter()
            .filter(|task| !task.has_ended())
            .filter_map(move |task| {
                let start = task.repetition_since().filter(|&start| start < end)?;
                let outcome = match task.overdue(end) {
                    Some(_) => Outcome::TimedOut,
                    None => Outcome::Cancelled,
                };
                Some(Repetition {
                    start,
                    task: task.id()?,
                    len: CompactDuration::new(end - start),
                    outcome,
                })
            })
    }

    /// Reads the stamps of the next tasks, and drops tasks that have ended. The time from the last
    /// scan to `now` determines the number of tasks.
    pub(super) fn scan(&mut self, now: ProcessInstant) {
        let all = self.tasks.len() as u64;
        let per_ms = TASKS_PER_MS.max(all.div_ceil(MAX_ROUND_MS));
        let elapsed = now - self.last_scan;
        let due = elapsed.0.saturating_mul(per_ms) / 1_000_000;
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
                    if task.has_new_loss() {
                        self.unread = self.tasks.len();
                    }
                    self.next += 1;
                }
                None => break,
            }
        }
        self.read_sums(elapsed);
    }

    /// Reads the sums of the next tasks that have lost records since their sums were read. The time
    /// since the last scan determines the number of tasks.
    fn read_sums(&mut self, elapsed: Nanos) {
        let due = elapsed.0.saturating_mul(SUMS_PER_MS) / 1_000_000;
        // The scan may have dropped tasks.
        self.unread = self.unread.min(self.tasks.len());
        for _ in 0..due.max(MIN_TASKS).min(self.unread as u64) {
            if self.next_sums >= self.tasks.len() {
                self.next_sums = 0;
            }
            let task = &self.tasks[self.next_sums];
            self.next_sums += 1;
            self.unread -= 1;
            // A task that has ended hands over its sums itself.
            if !task.has_ended() {
                self.sums.extend(task.sums_after_loss());
            }
        }
    }

    /// Reads the sums of all tasks that have not ended and have lost records since their sums were
    /// read. Tasks that have ended hand over their sums themselves.
    pub(super) fn read_all_sums(&mut self) {
        let living = self.tasks.iter().filter(|task| !task.has_ended());
        self.sums.extend(living.filter_map(|task| task.sums_after_loss()));
    }

    /// Takes the sums that have been read since the last call. These sums belong to tasks that have
    /// lost records.
    pub(super) fn take_sums(&mut self) -> impl Iterator<Item = TaskSums<ProcessClock>> {
        std::mem::take(&mut self.sums).into_iter()
    }

    /// The tasks that should run but hold no lane.
    ///
    /// If tasks have been dropped, another task may be listed twice, with its newer reading first.
    /// A task that has ended may be listed until the end of the round. The model corrects both
    /// cases.
    pub(super) fn waiting(&self) -> Vec<Waiting<ProcessClock>> {
        newest(&self.this_round.waiting, &self.last_round.waiting, self.next)
            .copied()
            .collect()
    }

    /// Sets `overdue_since` of these slices. A reading from before the start of a slice is not used
    /// for that slice.
    pub(super) fn mark_overdue(&self, slices: &mut [CurrentSlice<ProcessClock>]) {
        let overdue: Vec<_> = newest(&self.this_round.overdue, &self.last_round.overdue, self.next).collect();
        // The order is reversed, so that the newest reading of a task is inserted last and replaces
        // older readings.
        let overdue: HashMap<TaskId, &Overdue> = overdue.into_iter().rev().map(|o| (o.task, o)).collect();
        for slice in slices {
            slice.overdue_since = overdue
                .get(&slice.task)
                .filter(|overdue| slice.start <= overdue.read_at)
                .map(|overdue| overdue.since);
        }
    }
}

/// The results of this round, followed by the results of the last round for the tasks that this
/// round has not read yet.
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
    use crate::record::LaneId;

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

    /// The instant that is `ms` milliseconds after the present.
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
    fn a_single_task_is_read_again_in_every_scan() {
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
    fn all_waiting_tasks_are_found_and_all_ended_tasks_are_dropped() {
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
    fn a_round_of_many_tasks_ends_within_the_maximum_duration() {
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
    fn the_sums_of_all_tasks_that_have_lost_records_are_read_in_turn() {
        let tasks = tasks(4 * MIN_TASKS as usize);
        let mut scanner = scanner(&tasks);
        let mut now = later(0);
        scanner.scan(now);
        assert_eq!(scanner.take_sums().count(), 0);
        tasks.iter().skip(1).for_each(|task| task.slot().note_loss());
        let mut read: Vec<TaskId> = Vec::new();
        for _ in 0..6 {
            now += Nanos(MS);
            scanner.scan(now);
            let sums = scanner.take_sums();
            let before = read.len();
            read.extend(sums.map(|sums| sums.task));
            assert!(read.len() - before <= MIN_TASKS as usize);
        }
        read.sort_unstable();
        read.dedup();
        let lost: Vec<_> = tasks.iter().skip(1).map(TaskHandle::id).collect();
        assert_eq!(read, lost);
    }

    #[test]
    fn the_sums_of_a_task_are_read_again_only_after_another_loss() {
        let tasks = tasks(3);
        let mut scanner = scanner(&tasks);
        let mut now = later(0);
        let mut scan = || {
            now += Nanos(MS);
            scanner.scan(now);
            scanner.take_sums().map(|sums| sums.task).collect::<Vec<_>>()
        };
        let [_, second, third] = [0, 1, 2].map(|index| tasks[index].id());
        for lost in [vec![second, third], vec![], vec![third], vec![]] {
            for task in tasks.iter().filter(|task| lost.contains(&task.id())) {
                task.slot().note_loss();
            }
            assert_eq!(scan(), lost);
        }
    }

    #[test]
    fn a_slice_that_began_after_the_reading_is_not_marked_overdue() {
        let task = &tasks(1)[0];
        let mut scanner = scanner(std::slice::from_ref(task));
        let limit = probe::now();
        task.tighten_limit(limit);
        let read_at = later(1);
        scanner.scan(read_at);
        let slice = |start| CurrentSlice::new(LaneId(0), task.id(), start);
        let mut lanes = [slice(limit), slice(read_at + Nanos(1))];
        scanner.mark_overdue(&mut lanes);
        assert_eq!(lanes.map(|lane| lane.overdue_since), [Some(limit), None]);
    }
}
