//! Which task is in which worker process.

use crate::record::{LaneId, Record, TaskId};
use crate::workload::{Alive, Presence};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many ended tasks of a worker are remembered: what it tells of them a little after their end, when a batch was cut in
/// between, is not taken for a lie.
const REMEMBERED: usize = 1 << 16;

/// The tasks that have not ended and where each of them is; a task counts as alive as long as it is in here.
pub(super) struct TaskTable {
    alive: Arc<Alive>,
    state: Mutex<State>,
}

struct State {
    tasks: HashMap<TaskId, (usize, Presence)>,
    workers: Vec<Worker>,
    /// How the first that is dead died, in a sentence without a subject.
    first_death: Option<String>,
}

struct Worker {
    works: bool,
    dead: bool,
    /// How many tasks it has.
    tasks: usize,
    /// The identities of the tasks that come to be in it.
    own: Range<u32>,
    over: Over,
}

/// The last tasks of a worker that have ended.
#[derive(Default)]
struct Over {
    tasks: HashSet<TaskId>,
    in_order: VecDeque<TaskId>,
}

impl Over {
    fn enter(&mut self, task: TaskId) {
        if self.in_order.len() == REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.tasks.remove(&oldest);
        }
        self.in_order.push_back(task);
        self.tasks.insert(task);
    }
}

impl TaskTable {
    /// Of workers that do not work yet; each may give the identities in its range to tasks of its own.
    pub(super) fn new(alive: Arc<Alive>, own: impl IntoIterator<Item = Range<u32>>) -> TaskTable {
        let worker = |own| Worker {
            works: false,
            dead: false,
            tasks: 0,
            own,
            over: Over::default(),
        };
        TaskTable {
            alive,
            state: Mutex::new(State {
                tasks: HashMap::new(),
                workers: own.into_iter().map(worker).collect(),
                first_death: None,
            }),
        }
    }

    /// From now on this worker is given tasks, unless it is dead already.
    pub(super) fn works(&self, worker: usize) {
        let worker = &mut self.state().workers[worker];
        worker.works = !worker.dead;
    }

    /// Whether any worker works.
    pub(super) fn anybody(&self) -> bool {
        self.state().workers.iter().any(|worker| worker.works)
    }

    /// Gives a task that arrives to the worker that has the fewest; `None`: no worker is left.
    pub(super) fn place(&self, task: TaskId) -> Option<usize> {
        let presence = self.alive.enter();
        let mut state = self.state();
        let working = state.workers.iter().enumerate().filter(|(_, worker)| worker.works);
        let (worker, _) = working.min_by_key(|(_, worker)| worker.tasks)?;
        state.enter(task, worker, presence);
        Some(worker)
    }

    /// A task has come to be in this worker.
    ///
    /// # Errors
    /// If its identity is not one of those that the worker may give, or another task has it.
    pub(super) fn born(&self, worker: usize, task: TaskId) -> Result<(), String> {
        let presence = self.alive.enter();
        let mut state = self.state();
        if !state.workers[worker].own.contains(&task.get()) {
            return Err(format!(
                "gives a task the identity {}, which is not its to give",
                task.get()
            ));
        }
        if state.tasks.contains_key(&task) || state.workers[worker].over.tasks.contains(&task) {
            return Err(format!("gives the identity {} to two tasks", task.get()));
        }
        state.enter(task, worker, presence);
        Ok(())
    }

    /// Whether this worker may speak of this task.
    ///
    /// # Errors
    /// If the task is elsewhere, or nowhere.
    pub(super) fn check(&self, worker: usize, task: TaskId) -> Result<(), String> {
        let state = self.state();
        let may = match state.tasks.get(&task) {
            Some((at, _)) => *at == worker,
            // A task's last slice may be told a little after its end, when nobody knows any more where it was.
            None => state.workers[worker].over.tasks.contains(&task),
        };
        if may {
            return Ok(());
        }
        Err(format!("tells of task {}, which it does not have", task.get()))
    }

    /// Strikes out the tasks that these records end. To be called once the records are on their way: when the last task is gone,
    /// the run may be over.
    pub(super) fn ended(&self, records: &[(LaneId, Record)]) {
        let mut gone = Vec::new();
        let mut state = self.state();
        for (_, record) in records {
            if let Record::Ended(ended) = record {
                gone.extend(state.leave(ended.task));
            }
        }
        // Whoever hears that nobody is left may want to know more.
        drop(state);
    }

    /// Why nobody works, as far as somebody has worked before.
    pub(super) fn first_death(&self) -> Option<String> {
        self.state().first_death.clone()
    }

    /// This worker is no more, for this reason (a sentence without a subject); the tasks that it had, in order. They stay alive
    /// until their end is told.
    pub(super) fn buried(&self, worker: usize, why: &str) -> Vec<TaskId> {
        let mut state = self.state();
        state.first_death.get_or_insert_with(|| why.to_owned());
        state.workers[worker].works = false;
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

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic happens under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, task: TaskId, worker: usize, presence: Presence) {
        if self.tasks.insert(task, (worker, presence)).is_none() {
            self.workers[worker].tasks += 1;
        }
    }

    fn leave(&mut self, task: TaskId) -> Option<Presence> {
        let (worker, presence) = self.tasks.remove(&task)?;
        self.workers[worker].tasks -= 1;
        self.workers[worker].over.enter(task);
        Some(presence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Ended, Nanos, Outcome};

    fn roster() -> TaskTable {
        TaskTable::new(Arc::default(), [1_000..2_000, 2_000..3_000])
    }

    fn task(id: u32) -> TaskId {
        TaskId::new(id).unwrap()
    }

    fn end(roster: &TaskTable, id: u32) {
        let ended = Ended::heard(Nanos::ZERO, task(id), Outcome::Completed);
        roster.ended(&[(LaneId::NONE, Record::Ended(ended))]);
    }

    #[test]
    fn a_worker_may_speak_of_the_tasks_that_it_has_or_has_just_had() {
        let roster = roster();
        roster.works(1);
        assert_eq!(roster.place(task(7)), Some(1));
        roster.born(1, task(2_000)).unwrap();
        for id in [7, 2_000] {
            assert_eq!(roster.check(1, task(id)), Ok(()));
            assert!(roster.check(0, task(id)).is_err(), "it is the other's");
            end(&roster, id);
            assert_eq!(roster.check(1, task(id)), Ok(()));
            assert!(roster.check(0, task(id)).is_err(), "it was the other's");
        }
        assert!(roster.check(1, task(8)).is_err(), "it was never given");
        assert!(roster.check(1, task(2_001)).is_err(), "it was never born");
        assert!(roster.born(1, task(2_000)).is_err(), "it has lived");
        assert!(roster.born(1, task(1_000)).is_err(), "it is not its to give");
    }

    #[test]
    fn who_died_first_says_why_nobody_is_left() {
        let roster = roster();
        roster.works(0);
        assert!(roster.anybody());
        roster.place(task(7));
        assert_eq!(roster.buried(0, "has died (exit status: 3)"), [task(7)]);
        roster.buried(1, "says nothing");
        roster.works(1);
        assert!(!roster.anybody());
        assert_eq!(roster.first_death().as_deref(), Some("has died (exit status: 3)"));
    }
}
