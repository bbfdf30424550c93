//! The locks, semaphores and channels at which the tasks of a run wait for one another.
//!
//! An async task is suspended while it waits. A task on a thread blocks its thread, and an async
//! task that waits for a synchronous lock blocks its worker. A semaphore has one first-in,
//! first-out queue for both kinds of waiting tasks. A channel consists of two semaphores. A lock
//! has one half for each kind, and a run uses only one of the halves. When the run stops, all
//! locks, semaphores and channels are closed, which ends every wait.

mod channel;
mod list;
mod lock;
mod park;
mod resource;

pub(super) use channel::Channel;
pub use channel::Fill;
pub use list::resources;
pub(super) use lock::{Lock, LockGuard};
pub(super) use park::block_on;
pub(super) use resource::{Hold, RecordedWait, Resource, WaitForChildren};

use super::labels::Labels;
use super::stop::Close;
use crate::record::ResourceId;
use crate::scenario::Scenario;
use std::sync::Arc;

/// A semaphore of a scenario.
#[derive(Debug)]
pub(super) struct Semaphore {
    /// Records which tasks hold permits and which tasks wait for one.
    pub(super) resource: Resource,
    pub(super) permits: Arc<tokio::sync::Semaphore>,
}

/// All locks, semaphores and channels, each kind in the order of the scenario's list.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) locks: Vec<Arc<Lock>>,
    pub(super) semaphores: Vec<Semaphore>,
    pub(super) channels: Vec<Channel>,
}

impl Shared {
    /// Creates the locks, semaphores and channels that the scenario lists. Their numbers are their
    /// indices in the list of [`resources`]. Each channel gets a label, so that samples of its fill
    /// level can name the channel.
    pub(super) fn new(scenario: &Scenario, labels: &mut Labels) -> Shared {
        let mut ids = (0..).map(ResourceId);
        let mut next_id = || ids.next().expect("a scenario has fewer than 65,535 resources");
        Shared {
            locks: scenario.locks.iter().map(|_| Arc::new(Lock::new(next_id()))).collect(),
            semaphores: scenario
                .semaphores
                .iter()
                .map(|spec| Semaphore {
                    resource: Resource::new(next_id()),
                    permits: Arc::new(tokio::sync::Semaphore::new(spec.permits as usize)),
                })
                .collect(),
            channels: scenario
                .channels
                .iter()
                .map(|spec| Channel::new(next_id(), labels.intern(&spec.name), spec.capacity))
                .collect(),
        }
    }

    /// All locks and semaphores that must be closed when the run stops. Without this, a task could
    /// wait forever for a task that has been cancelled.
    pub(super) fn wait_places(&self) -> Vec<Arc<dyn Close>> {
        let mut places: Vec<Arc<dyn Close>> = Vec::new();
        for semaphore in &self.semaphores {
            places.push(semaphore.permits.clone());
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

impl Close for tokio::sync::Semaphore {
    fn close(&self) {
        tokio::sync::Semaphore::close(self);
    }
}
