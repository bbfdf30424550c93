//! Where the tasks of a run wait for one another: locks, semaphores, channels.
//!
//! An async task is suspended while it waits. A thread keeps waiting on the spot, and so does an
//! async task at a synchronous lock. Both kinds of waiters stand in one queue, in the order in
//! which they came. The exception is a lock: it has one half for each kind, and a run uses one of
//! the two. When the run stops, all places are closed, which ends every wait.

mod channel;
mod lock;
mod park;

pub(super) use channel::Channel;
pub(super) use lock::Lock;
pub(super) use park::block_on;

use super::labels::Labels;
use super::stop::Close;
use crate::scenario::Scenario;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// All locks, semaphores and channels, each kind in the order of the scenario's list.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) locks: Vec<Arc<Lock>>,
    pub(super) semaphores: Vec<Arc<Semaphore>>,
    pub(super) channels: Vec<Channel>,
}

impl Shared {
    /// What the scenario lists. Channels get labels, for samples of how full they are.
    pub(super) fn new(scenario: &Scenario, labels: &mut Labels) -> Shared {
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        Shared {
            locks: scenario.locks.iter().map(|_| Arc::default()).collect(),
            semaphores: scenario.semaphores.iter().map(|spec| semaphore(spec.permits)).collect(),
            channels: scenario
                .channels
                .iter()
                .map(|spec| Channel::new(labels.intern(&spec.name), spec.capacity))
                .collect(),
        }
    }

    /// All places that must be closed when the run stops, so that no task waits for a task that no
    /// longer comes.
    pub(super) fn wait_places(&self) -> Vec<Arc<dyn Close>> {
        let mut places: Vec<Arc<dyn Close>> = Vec::new();
        for semaphore in &self.semaphores {
            places.push(semaphore.clone());
        }
        for semaphore in self.channels.iter().flat_map(Channel::semaphores) {
            places.push(semaphore);
        }
        for lock in &self.locks {
            places.push(lock.clone());
        }
        places
    }
}

impl Close for Semaphore {
    fn close(&self) {
        Semaphore::close(self);
    }
}
