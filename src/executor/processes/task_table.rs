//! A table of the tasks that each worker process has.

use crate::record::{LaneId, ProcessClock, Record, TaskId};
use crate::scenario::MOST_TASKS;
use crate::workload::{LiveTaskGuard, LiveTasks};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

/// The number of ended tasks that are remembered for each worker. A batch may end between a task's
/// end and its last slice. So a worker may still send records of a task that has already ended.
const MAX_RECENTLY_ENDED: usize = 1 << 16;

/// The tasks that have not ended, and the worker of each task. A task counts as live while it is in
/// the table.
pub(super) struct TaskTable {
    live_tasks: Arc<LiveTasks>,
    state: Mutex<State>,
}

struct State {
    tasks: HashMap<TaskId, (usize, LiveTaskGuard)>,
    workers: Vec<Worker>,
    /// Why the first worker died. The text continues a sentence that begins with "the worker": `has
    /// died (exit status: 3)`.
    first_death: Option<String>,
}

struct Worker {
    ready: bool,
    dead: bool,
    /// The number of tasks that the worker has.
    tasks: usize,
    /// The range of ids for the tasks that the worker spawns itself.
    own_ids: Range<u32>,
    /// The number of tasks that the worker has spawned itself.
    spawned: u64,
    recently_ended: RecentlyEnded,
}

/// The most recently ended tasks of a worker.
#[derive(Default)]
struct RecentlyEnded {
    tasks: HashSet<TaskId>,
    in_order: VecDeque<TaskId>,
}

impl RecentlyEnded {
    fn add(&mut self, task: TaskId) {
        if self.in_order.len() == MAX_RECENTLY_ENDED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.tasks.remove(&oldest);
        }
        self.in_order.push_back(task);
        self.tasks.insert(task);
    }
}

impl TaskTable {
    /// Creates a table of workers that are not ready yet. `own_ids` contains one range of ids per
    /// worker, for the tasks that the worker spawns itself.
    pub(super) fn new(live_tasks: Arc<LiveTasks>, own_ids: impl IntoIterator<Item = Range<u32>>) -> TaskTable {
        let worker = |own_ids| Worker {
            ready: false,
            dead: false,
            tasks: 0,
            own_ids,
            spawned: 0,
            recently_ended: RecentlyEnded::default(),
        };
        TaskTable {
            live_tasks,
            state: Mutex::new(State {
                tasks: HashMap::new(),
                workers: own_ids.into_iter().map(worker).collect(),
                first_death: None,
            }),
        }
    }

    /// Marks this worker as ready. From now on, the worker gets tasks, unless it has already died.
    pub(super) fn worker_is_ready(&self, worker: usize) {
        let worker = &mut self.state.lock().workers[worker];
        worker.ready = !worker.dead;
    }

    /// Whether any worker is ready.
    pub(super) fn has_worker(&self) -> bool {
        self.state.lock().workers.iter().any(|worker| worker.ready)
    }

    /// Assigns an arriving task to the ready worker with the fewest tasks, and returns this
    /// worker's number. Returns `None` if no worker is ready.
    pub(super) fn assign(&self, task: TaskId) -> Option<usize> {
        let guard = self.live_tasks.track();
        let mut state = self.state.lock();
        let ready = state.workers.iter().enumerate().filter(|(_, worker)| worker.ready);
        let (worker, _) = ready.min_by_key(|(_, worker)| worker.tasks)?;
        state.add(task, worker, guard);
        Some(worker)
    }

    /// Adds a task that a worker has spawned itself.
    ///
    /// # Errors
    /// Returns an error if the task's id is outside the worker's range, or if another task has this
    /// id.
    pub(super) fn spawned(&self, worker: usize, task: TaskId) -> Result<(), String> {
        let guard = self.live_tasks.track();
        let mut state = self.state.lock();
        if !state.workers[worker].own_ids.contains(&task.get()) {
            return Err(format!(
                "gives a task the id {}, which is outside its range",
                task.get()
            ));
        }
        if state.tasks.contains_key(&task) || state.workers[worker].recently_ended.tasks.contains(&task) {
            return Err(format!("gives the id {} to two tasks", task.get()));
        }
        if state.workers[worker].spawned == MOST_TASKS {
            return Err(format!(
                "spawns more than the {MOST_TASKS} tasks that its steps may spawn"
            ));
        }
        state.workers[worker].spawned += 1;
        state.add(task, worker, guard);
        Ok(())
    }

    /// Whether this task of this worker has ended recently.
    pub(super) fn has_ended(&self, worker: usize, task: TaskId) -> bool {
        let state = self.state.lock();
        !state.tasks.contains_key(&task) && state.workers[worker].recently_ended.tasks.contains(&task)
    }

    /// Checks that this worker has this task, or had this task until recently.
    ///
    /// # Errors
    /// Returns an error if the worker does not have this task and did not have this task recently.
    pub(super) fn check(&self, worker: usize, task: TaskId) -> Result<(), String> {
        let state = self.state.lock();
        let known = match state.tasks.get(&task) {
            Some((at, _)) => *at == worker,
            // The last slice of a task may arrive after its end.
            None => state.workers[worker].recently_ended.tasks.contains(&task),
        };
        if known {
            return Ok(());
        }
        Err(format!("sends a record of task {}, which it does not have", task.get()))
    }

    /// Removes the tasks that these records end. Call this only after the records have been
    /// forwarded, because the run may end when the last task is removed.
    pub(super) fn remove_ended(&self, records: &[(LaneId, Record<ProcessClock>)]) {
        let mut gone = Vec::new();
        let mut state = self.state.lock();
        for (_, record) in records {
            if let Record::Ended(ended) = record {
                gone.extend(state.remove(ended.task));
            }
        }
        // When the last guard is dropped, a callback runs, which may use this table. So the table
        // must be unlocked first.
        drop(state);
    }

    /// Why the first worker died, if any worker has died.
    pub(super) fn first_death(&self) -> Option<String> {
        self.state.lock().first_death.clone()
    }

    /// Marks this worker as dead, and returns its tasks in ascending order. `why` is the reason.
    /// The text continues a sentence that begins with "the worker": `has died (exit status: 3)`.
    /// The tasks stay in the table until their ends are recorded.
    pub(super) fn worker_died(&self, worker: usize, why: &str) -> Vec<TaskId> {
        let mut state = self.state.lock();
        state.first_death.get_or_insert_with(|| why.to_owned());
        state.workers[worker].ready = false;
        state.workers[worker].dead = true;
        let mut lost: Vec<_> = state
            .tasks
            .iter()
            .filter(|(_, (at, _))| *at == worker)
            .map(|(task, _)| *task)
            .collect();
        lost.sort_unstable();
        lost
    }
}

impl State {
    fn add(&mut self, task: TaskId, worker: usize, guard: LiveTaskGuard) {
        if self.tasks.insert(task, (worker, guard)).is_none() {
            self.workers[worker].tasks += 1;
        }
    }

    fn remove(&mut self, task: TaskId) -> Option<LiveTaskGuard> {
        let (worker, guard) = self.tasks.remove(&task)?;
        self.workers[worker].tasks -= 1;
        self.workers[worker].recently_ended.add(task);
        Some(guard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Ended, Outcome, ProcessInstant};

    fn table() -> TaskTable {
        TaskTable::new(Arc::default(), [1_000..2_000, 2_000..3_000])
    }

    fn task(id: u32) -> TaskId {
        TaskId::new(id).unwrap()
    }

    fn end(table: &TaskTable, id: u32) {
        let ended = Ended::observed(ProcessInstant::ZERO, task(id), Outcome::Completed);
        table.remove_ended(&[(LaneId::NONE, Record::Ended(ended))]);
    }

    #[test]
    fn a_worker_may_send_records_of_tasks_that_it_has_or_had_recently() {
        let table = table();
        table.worker_is_ready(1);
        assert_eq!(table.assign(task(7)), Some(1));
        table.spawned(1, task(2_000)).unwrap();
        for id in [7, 2_000] {
            assert_eq!(table.check(1, task(id)), Ok(()));
            assert!(table.check(0, task(id)).is_err(), "another worker has it");
            end(&table, id);
            assert_eq!(table.check(1, task(id)), Ok(()));
            assert!(table.check(0, task(id)).is_err(), "another worker had it");
        }
        assert!(table.check(1, task(8)).is_err(), "no worker got it");
        assert!(table.check(1, task(2_001)).is_err(), "it was never spawned");
        assert!(table.spawned(1, task(2_000)).is_err(), "the id was used before");
        assert!(table.spawned(1, task(1_000)).is_err(), "the id is outside its range");
    }

    #[test]
    fn the_first_death_explains_why_no_worker_is_left() {
        let table = table();
        table.worker_is_ready(0);
        assert!(table.has_worker());
        table.assign(task(7));
        assert_eq!(table.worker_died(0, "has died (exit status: 3)"), [task(7)]);
        table.worker_died(1, "says nothing");
        table.worker_is_ready(1);
        assert!(!table.has_worker());
        assert_eq!(table.first_death().as_deref(), Some("has died (exit status: 3)"));
    }
}
