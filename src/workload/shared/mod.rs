//! What the tasks of a run share and wait for one another at: locks, semaphores, channels.
//!
//! Async tasks are suspended while they wait; threads, and async tasks that hold a synchronous lock, keep their thread. Both
//! kinds of waiters stand in one queue, in the order in which they came, except at a lock's two halves, of which a run uses one.
//! When the run stops, all of it is closed, and nobody waits any more.

mod channel;
mod lock;
mod park;

pub(super) use channel::Channel;
pub(super) use lock::Lock;
pub(super) use park::block_on;

use super::label::Labels;
use crate::scenario::Scenario;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// All of them, each kind in the order of the scenario's list.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) locks: Vec<Arc<Lock>>,
    pub(super) semaphores: Vec<Arc<Semaphore>>,
    pub(super) channels: Vec<Channel>,
}

impl Shared {
    /// As the scenario lists them. Channels have labels, for samples of how full they are.
    pub(super) fn new(scenario: &Scenario, labels: &mut Labels) -> Shared {
        let permits = |count: u32| Arc::new(Semaphore::new(count as usize));
        Shared {
            locks: scenario.locks.iter().map(|_| Arc::default()).collect(),
            semaphores: scenario.semaphores.iter().map(|spec| permits(spec.permits)).collect(),
            channels: scenario
                .channels
                .iter()
                .map(|spec| Channel::new(labels.intern(&spec.name), spec.capacity))
                .collect(),
        }
    }

    /// What is closed when the run ends, so that nobody waits for somebody who comes no more.
    pub(super) fn gates(&self) -> Vec<Gate> {
        let channels = self.channels.iter().flat_map(Channel::gates);
        let semaphores = self.semaphores.iter().cloned().chain(channels);
        let locks = self.locks.iter().cloned().map(Gate::Lock);
        semaphores.map(Gate::Semaphore).chain(locks).collect()
    }
}

/// Where tasks wait for one another.
#[derive(Debug)]
pub(super) enum Gate {
    /// One of its own, or half a channel.
    Semaphore(Arc<Semaphore>),
    Lock(Arc<Lock>),
}

impl Gate {
    /// Ends all waits here, for good.
    pub(super) fn close(&self) {
        match self {
            Gate::Semaphore(semaphore) => semaphore.close(),
            Gate::Lock(lock) => lock.close(),
        }
    }
}
