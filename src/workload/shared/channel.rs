//! A bounded channel for any number of senders and receivers.
//!
//! Messages have no content, so a channel contains only the instants at which the messages were
//! sent. One semaphore counts the free slots, and the other counts the filled slots. Both
//! semaphores are fair, and async tasks and threads can wait for them at the same time.

use super::Resource;
use crate::probe::TaskHandle;
use crate::record::{Label, ProcessInstant, ResourceId, Wanted};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

#[derive(Debug)]
pub(in crate::workload) struct Channel {
    /// Records which tasks wait for the channel, which tasks send, and which tasks receive.
    pub(in crate::workload) resource: Resource,
    label: Label,
    capacity: u32,
    free: Arc<Semaphore>,
    filled: Arc<Semaphore>,
    /// The instants at which the messages were sent, the oldest first.
    messages: Mutex<VecDeque<ProcessInstant>>,
}

/// How full a channel is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
    /// The label that names the channel.
    pub label: Label,
    /// The number of messages in the channel.
    pub len: u32,
    /// The maximum number of messages in the channel.
    pub capacity: u32,
    /// When the oldest message was sent. `None` if the channel is empty.
    pub oldest: Option<ProcessInstant>,
}

impl Channel {
    pub(super) fn new(id: ResourceId, label: Label, capacity: u32) -> Channel {
        Channel {
            resource: Resource::new(id),
            label,
            capacity,
            free: Arc::new(Semaphore::new(capacity as usize)),
            filled: Arc::new(Semaphore::new(0)),
            messages: Mutex::default(),
        }
    }

    /// The semaphore that counts the free slots, or the semaphore that counts the messages. A task
    /// passes the permit that it acquires to [`put`](Channel::put) or to [`take`](Channel::take).
    /// The semaphore is closed when the run stops.
    pub(in crate::workload) fn available(&self, wanted: Wanted) -> &Semaphore {
        match wanted {
            Wanted::Message => &self.filled,
            Wanted::Access | Wanted::Read | Wanted::Children => &self.free,
        }
    }

    /// Puts a message into a free slot. `waited_since` is the start of the wait for the slot.
    pub(in crate::workload) fn put(
        &self,
        slot: SemaphorePermit<'_>,
        task: &TaskHandle,
        waited_since: Option<ProcessInstant>,
    ) {
        slot.forget();
        let sent = self.resource.acquire(task, Wanted::Access, waited_since);
        self.messages.lock().push_back(sent);
        self.filled.add_permits(1);
    }

    /// Takes the oldest message. `waited_since` is the start of the wait for a message.
    pub(in crate::workload) fn take(
        &self,
        message: SemaphorePermit<'_>,
        task: &TaskHandle,
        waited_since: Option<ProcessInstant>,
    ) {
        message.forget();
        let sent = self.messages.lock().pop_front();
        let sent = sent.expect("each permit for a message has an instant");
        self.resource.release(task, Wanted::Message, waited_since, sent);
        self.free.add_permits(1);
    }

    /// How full the channel is.
    pub(in crate::workload) fn fill(&self) -> Fill {
        let messages = self.messages.lock();
        Fill {
            label: self.label,
            // The number never exceeds the capacity, which is a `u32`.
            len: messages.len() as u32,
            capacity: self.capacity,
            oldest: messages.front().copied(),
        }
    }

    /// The two semaphores at which tasks wait.
    pub(super) fn semaphores(&self) -> [Arc<Semaphore>; 2] {
        [self.free.clone(), self.filled.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::super::block_on;
    use super::*;
    use crate::probe::Registry;

    fn task() -> TaskHandle {
        let registry = Registry::new();
        TaskHandle::new(&registry, &registry.group_named("a"))
    }

    #[test]
    fn a_channel_never_exceeds_its_capacity_and_loses_nothing() {
        let channel = Channel::new(ResourceId(0), Label(1), 3);
        let task = task();
        let total = 2_000;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..total {
                        let slot = block_on(channel.available(Wanted::Access).acquire()).unwrap();
                        channel.put(slot, &task, None);
                    }
                });
                scope.spawn(|| {
                    for _ in 0..total {
                        assert!(channel.fill().len <= 3);
                        let message = block_on(channel.available(Wanted::Message).acquire()).unwrap();
                        channel.take(message, &task, None);
                    }
                });
            }
        });
        assert_eq!((channel.fill().len, channel.fill().oldest), (0, None));
        assert_eq!(channel.free.available_permits(), 3);
    }

    #[test]
    fn closing_a_channel_ends_every_wait() {
        let channel = Channel::new(ResourceId(0), Label(1), 1);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| block_on(channel.available(Wanted::Message).acquire()).is_err());
            channel.semaphores().iter().for_each(|semaphore| semaphore.close());
            assert!(waits.join().unwrap());
        });
        assert!(block_on(channel.available(Wanted::Access).acquire()).is_err());
    }
}
