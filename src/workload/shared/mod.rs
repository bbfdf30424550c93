//! The locks, semaphores, channels, barriers and notifications at which the tasks of a run wait for
//! one another.
//!
//! An async task is suspended while it waits. A task on a thread blocks its thread while it waits.
//! An async task that waits for a synchronous lock blocks its worker. A semaphore has one first-in,
//! first-out queue for both kinds of waiting tasks. A queue consists of two semaphores. A lock
//! has one half for each kind of waiting task, and a run uses only one of the halves. When the run
//! stops, all locks, semaphores and channels are closed, which ends every wait.

mod barrier;
mod channel;
mod content;
mod fan_out;
mod list;
mod lock;
mod notify;
mod park;
mod queue;
mod resource;
mod results;

pub(super) use barrier::Barrier;
pub(super) use channel::Channel;
pub use channel::Fill;
pub(super) use content::{Content, Items, Memory, MemoryLimitReached};
pub(super) use fan_out::{FanOut, Receivers};
pub use list::resources;
pub(super) use lock::{Lock, LockGuard};
pub(super) use notify::Notify;
pub(super) use park::{block_on, try_now};
pub(super) use queue::Queue;
pub(super) use resource::{Hold, RecordedWait, Resource, WaitForChildren};
pub(super) use results::Results;

use super::labels::Labels;
use super::stop::{Close, Stopped};
use crate::record::ResourceId;
use crate::scenario::Scenario;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// A semaphore of a scenario.
#[derive(Debug)]
pub(super) struct Semaphore {
    /// Records which tasks hold permits and which tasks wait for a permit.
    pub(super) resource: Resource,
    pub(super) permits: Arc<tokio::sync::Semaphore>,
}

/// A read-write lock of a scenario.
#[derive(Debug)]
pub(super) struct RwLock {
    /// Records which tasks read or write and which tasks wait.
    pub(super) resource: Resource,
    pub(super) lock: tokio::sync::RwLock<()>,
}

/// All objects at which tasks wait for one another. The objects of each kind are in the order of
/// the scenario's list.
pub(super) struct Shared {
    pub(super) locks: Vec<Arc<Lock>>,
    pub(super) semaphores: Vec<Semaphore>,
    pub(super) channels: Vec<Channel>,
    pub(super) results: Vec<Results>,
    pub(super) barriers: Vec<Barrier>,
    pub(super) rwlocks: Vec<RwLock>,
    pub(super) notifies: Vec<Notify>,
    /// This semaphore has no permits, and is closed when the run stops.
    stop: Arc<tokio::sync::Semaphore>,
}

impl Shared {
    /// Creates everything that the scenario lists. The numbers of the resources are their indices
    /// in the list of [`resources`]. Channels and results get labels, so that samples of their
    /// length can name them.
    pub(super) fn new(scenario: &Scenario, labels: &mut Labels) -> Shared {
        let mut ids = (0..).map(ResourceId);
        let mut next_id = || ids.next().expect("a scenario has fewer than 65,535 resources");
        let memory = Arc::new(Memory::default());
        let mut items = |name: &str, size| Items::new(labels.intern(name), size, &memory);
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
                .map(|spec| {
                    let items = items(&spec.name, spec.item_bytes);
                    Channel::new(Resource::new(next_id()), spec.kind, items)
                })
                .collect(),
            barriers: (scenario.barriers.iter())
                .map(|spec| Barrier::new(next_id(), spec.tasks))
                .collect(),
            rwlocks: (scenario.rwlocks.iter())
                .map(|_| RwLock {
                    resource: Resource::new(next_id()),
                    lock: tokio::sync::RwLock::new(()),
                })
                .collect(),
            notifies: scenario.notifies.iter().map(|_| Notify::new(next_id())).collect(),
            results: scenario
                .results
                .iter()
                .map(|spec| Results {
                    items: items(&spec.name(), spec.item_bytes),
                    resource: Resource::new(next_id()),
                })
                .collect(),
            stop: Arc::new(tokio::sync::Semaphore::new(0)),
        }
    }

    /// The receivers of a new task. `channels` are the indices of the channels.
    pub(super) fn receivers(&self, channels: &[usize]) -> Receivers {
        let receivers = Receivers::default();
        for &index in channels {
            if let Channel::FanOut(fan_out) = &self.channels[index] {
                fan_out.add_receiver(index, &receivers);
            }
        }
        receivers
    }

    /// Waits for `future`, but not longer than the run. Some types of tokio cannot be closed: this
    /// function ends the waits for them when the run stops.
    ///
    /// # Errors
    /// Returns [`Stopped`] if the run stops first.
    pub(super) async fn until_stop<F: Future>(&self, future: F) -> Result<F::Output, Stopped> {
        let (mut future, mut stop) = (pin!(future), pin!(self.stop.acquire()));
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => stop.as_mut().poll(context).map(|_| Err(Stopped)),
        })
        .await
    }

    /// All locks and semaphores that must be closed when the run stops. If they were not closed, a
    /// task could wait forever for a task that has been cancelled.
    pub(super) fn wait_places(&self) -> Vec<Arc<dyn Close>> {
        let mut places: Vec<Arc<dyn Close>> = vec![self.stop.clone()];
        for semaphore in &self.semaphores {
            places.push(semaphore.permits.clone());
        }
        for channel in &self.channels {
            if let Channel::Queue(queue) = channel {
                places.extend(queue.semaphores().map(|semaphore| semaphore as Arc<dyn Close>));
            }
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
