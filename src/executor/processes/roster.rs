//! Which task is in which worker process.

use crate::probe::IDS_ELSEWHERE;
use crate::record::{LaneId, Record, TaskId};
use crate::workload::{Alive, Presence};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The tasks that have not ended and where each of them is; a task counts as alive as long as it is in here.
pub(super) struct Roster {
    alive: Arc<Alive>,
    state: Mutex<State>,
}

struct State {
    tasks: HashMap<TaskId, (usize, Presence)>,
    workers: Vec<Worker>,
}

struct Worker {
    works: bool,
    dead: bool,
    /// How many tasks it has.
    tasks: usize,
    /// The identities of the tasks that come to be in it.
    own: Range<u32>,
}

impl Roster {
    /// Of workers that do not work yet; each may give the identities in its range to tasks of its own.
    pub(super) fn new(alive: Arc<Alive>, own: impl IntoIterator<Item = Range<u32>>) -> Roster {
        let worker = |own| Worker {
            works: false,
            dead: false,
            tasks: 0,
            own,
        };
        Roster {
            alive,
            state: Mutex::new(State {
                tasks: HashMap::new(),
                workers: own.into_iter().map(worker).collect(),
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
    /// If its identity is not one of those that the worker may give.
    pub(super) fn born(&self, worker: usize, task: TaskId) -> Result<(), String> {
        let presence = self.alive.enter();
        let mut state = self.state();
        if !state.workers[worker].own.contains(&task.get()) {
            return Err(format!(
                "gives a task the identity {}, which is not its to give",
                task.get()
            ));
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
            None => task.get() < IDS_ELSEWHERE || state.workers[worker].own.contains(&task.get()),
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

    /// This worker is no more; the tasks that it had. They stay alive until their end is told.
    pub(super) fn buried(&self, worker: usize) -> Vec<TaskId> {
        let mut state = self.state();
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
        Some(presence)
    }
}
