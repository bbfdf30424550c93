//! The locks, semaphores and channels at which the tasks of a run wait for one another.
//!
//! An async task is suspended while it waits. A task on a thread blocks its thread, and an async
//! task that waits for a synchronous lock blocks its worker. A semaphore has one first-in,
//! first-out queue for both kinds of waiting tasks. A channel consists of two semaphores. A lock
//! has one half for each kind, and a run uses only one of the halves. When the run stops, all
//! locks, semaphores and channels are closed, which ends every wait.

mod channel;
mod lock;
mod park;

pub(super) use channel::Channel;
pub(super) use lock::{Lock, LockGuard};
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
    /// Creates the locks, semaphores and channels that the scenario lists. Each channel gets a
    /// label, so that samples of its fill level can name the channel.
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

    /// All locks and semaphores that must be closed when the run stops. Without this, a task could
    /// wait forever for a task that has been cancelled.
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
