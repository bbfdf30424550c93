//! What a task keeps from one step to the next: the permits that it holds, its intervals, its
//! receivers, and its cleanups.

use super::Services;
use super::children::{JoinSet, KeptResults};
use super::program::{Program, Steps};
use super::shared::Receivers;
use super::ticks::Ticks;
use crate::probe::TaskHandle;
use crate::record::{Label, ProcessInstant, Wanted};
use rand_pcg::Pcg64Mcg;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// The state of one task. Most tasks need no state, so the memory for the state is allocated at its
/// first use.
#[derive(Default)]
pub(super) struct TaskState(Option<Box<Contents>>);

#[derive(Default)]
struct Contents {
    /// The permits, in the order in which they were acquired.
    permits: Vec<HeldPermit>,
    /// Each interval with the number of its step.
    intervals: Vec<(usize, Ticks)>,
    /// The task's receivers, for channels that give each item to every receiver.
    receivers: Option<Receivers>,
    /// The results that the task keeps.
    join_set: Option<JoinSet>,
    /// The object to which the task adds its own result. `None` if the parent of the task keeps no
    /// results.
    results_of_parent: Option<Arc<KeptResults>>,
    /// The cleanups that would run if the task were cancelled now. The order is the order in which
    /// the task reached the `cleanup` steps.
    cleanups: Vec<Cleanup>,
}

/// A permit that a task holds until this value is dropped.
pub(super) struct HeldPermit {
    services: Arc<Services>,
    /// The index of the semaphore.
    semaphore: usize,
    task: TaskHandle,
    since: ProcessInstant,
    _permit: OwnedSemaphorePermit,
}

impl HeldPermit {
    /// Records that the task has acquired the permit. `waited_since` is the start of the wait, if
    /// the task waited.
    pub(super) fn new(
        services: &Arc<Services>,
        semaphore: usize,
        task: &TaskHandle,
        (permit, waited_since): (OwnedSemaphorePermit, Option<ProcessInstant>),
    ) -> HeldPermit {
        let resource = &services.shared().semaphores[semaphore].resource;
        HeldPermit {
            since: resource.acquire(task, Wanted::Access, waited_since),
            services: services.clone(),
            semaphore,
            task: task.clone(),
            _permit: permit,
        }
    }
}

impl Drop for HeldPermit {
    fn drop(&mut self) {
        let resource = &self.services.shared().semaphores[self.semaphore].resource;
        resource.release(&self.task, Wanted::Access, None, self.since);
    }
}

/// The steps of a `cleanup` step. These steps run if the task is cancelled before it has done the
/// rest of the list that contains the `cleanup` step.
pub(super) struct Cleanup {
    pub(super) label: Label,
    pub(super) steps: Steps,
    pub(super) rng: Pcg64Mcg,
}

impl TaskState {
    fn contents(&mut self) -> &mut Contents {
        self.0.get_or_insert_default()
    }

    /// Keeps a permit.
    pub(super) fn hold(&mut self, permit: HeldPermit) {
        self.contents().permits.push(permit);
    }

    /// Releases the permit of this semaphore that was acquired last. Returns false if the task
    /// holds no permit of this semaphore.
    pub(super) fn release(&mut self, semaphore: usize) -> bool {
        let permits = &mut self.contents().permits;
        let last = permits.iter().rposition(|permit| permit.semaphore == semaphore);
        last.map(|index| permits.remove(index)).is_some()
    }

    /// Releases all permits.
    pub(super) fn release_all(&mut self) {
        if let Some(contents) = &mut self.0 {
            contents.permits.clear();
        }
    }

    /// The state of a new task with this program. The task becomes a receiver of the channels from
    /// which its steps receive.
    pub(super) fn of_task(program: &Program, services: &Services) -> TaskState {
        if program.receives.is_empty() {
            return TaskState::default();
        }
        TaskState::with_receivers(services.shared().receivers(&program.receives))
    }

    fn with_receivers(receivers: Receivers) -> TaskState {
        let contents = Contents {
            receivers: Some(receivers),
            ..Contents::default()
        };
        TaskState(Some(Box::new(contents)))
    }

    /// The state of a branch or a job of this task. The branch or job uses the receivers of this
    /// task.
    pub(super) fn of_part(&self) -> TaskState {
        let receivers = self.0.as_ref().and_then(|contents| contents.receivers.clone());
        receivers.map_or_else(TaskState::default, TaskState::with_receivers)
    }

    /// The receivers of the task.
    pub(super) fn receivers(&mut self) -> &Receivers {
        self.contents().receivers.get_or_insert_default()
    }

    /// The results that `task` keeps. `task` is the task that has this state, and `index` is the
    /// index of the results in the list of the run.
    pub(super) fn join_set(&mut self, task: &TaskHandle, services: &Arc<Services>, index: usize) -> &mut JoinSet {
        let join_set = &mut self.contents().join_set;
        join_set.get_or_insert_with(|| JoinSet::new(task, services, index))
    }

    /// Sets the object to which the task adds its own result.
    pub(super) fn set_results_of_parent(&mut self, results: Arc<KeptResults>) {
        self.contents().results_of_parent = Some(results);
    }

    /// Takes the object to which the task adds its own result. `None` if no parent keeps the
    /// result.
    pub(super) fn take_results_of_parent(&mut self) -> Option<Arc<KeptResults>> {
        self.0.as_mut()?.results_of_parent.take()
    }

    /// Drops all results that the task keeps.
    pub(super) fn drop_results(&mut self) {
        if let Some(contents) = &mut self.0 {
            contents.join_set = None;
        }
    }

    /// Adds a cleanup.
    pub(super) fn add_cleanup(&mut self, cleanup: Cleanup) {
        self.contents().cleanups.push(cleanup);
    }

    /// The number of cleanups. The interpreter stores this number when it begins a list of steps.
    pub(super) fn cleanups(&self) -> usize {
        self.0.as_ref().map_or(0, |contents| contents.cleanups.len())
    }

    /// Removes all cleanups except the first `outer`. Call this function when the list of steps
    /// that contains these cleanups has ended without a cancellation.
    pub(super) fn forget_cleanups(&mut self, outer: usize) {
        if let Some(contents) = &mut self.0 {
            contents.cleanups.truncate(outer);
        }
    }

    /// Removes the cleanup that was added last, unless that cleanup is among the first `outer`.
    pub(super) fn take_cleanup(&mut self, outer: usize) -> Option<Cleanup> {
        let cleanups = &mut self.0.as_mut()?.cleanups;
        if cleanups.len() > outer { cleanups.pop() } else { None }
    }

    /// The interval of this step. The first call starts the interval, and the first tick is due at
    /// `now`.
    pub(super) fn interval(&mut self, step: usize, now: ProcessInstant) -> &mut Ticks {
        let intervals = &mut self.contents().intervals;
        let index = intervals.iter().position(|(of, _)| *of == step);
        let index = index.unwrap_or_else(|| {
            intervals.push((step, Ticks::starting(now)));
            intervals.len() - 1
        });
        &mut intervals[index].1
    }
}
