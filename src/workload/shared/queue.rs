//! A channel in which one task receives each message.
//!
//! One semaphore counts the free slots, and the other counts the filled slots. Both semaphores are
//! fair, and async tasks and threads can wait for them at the same time. An unbounded channel has
//! no semaphore for free slots: as in tokio, a task that sends to such a channel never waits, and
//! never uses up the budget of its poll.

use super::content::{Content, Items, MemoryLimitReached};
use super::{Fill, Resource};
use crate::probe::TaskHandle;
use crate::record::{ProcessInstant, Wanted};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

#[derive(Debug)]
pub(in crate::workload) struct Queue {
    /// Records which tasks wait for the channel, which tasks send, and which tasks receive.
    pub(in crate::workload) resource: Resource,
    items: Items,
    /// The semaphore of the free slots, and the capacity of the channel. `None` if the channel is
    /// unbounded.
    free: Option<(Arc<Semaphore>, u32)>,
    filled: Arc<Semaphore>,
    /// The messages, the oldest first.
    messages: Mutex<VecDeque<Message>>,
}

#[derive(Debug)]
struct Message {
    sent: ProcessInstant,
    /// The content is dropped when the message is received.
    _content: Option<Content>,
}

impl Queue {
    pub(super) fn new(resource: Resource, capacity: Option<u32>, items: Items) -> Queue {
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        Queue {
            resource,
            items,
            free: capacity.map(|capacity| (semaphore(capacity), capacity)),
            filled: semaphore(0),
            messages: Mutex::default(),
        }
    }

    /// Makes the content of a message. `None` if messages have no content and the number of
    /// messages is limited.
    ///
    /// # Errors
    /// Returns an error if there is no memory left for the message.
    pub(in crate::workload) fn content(&self) -> Result<Option<Content>, MemoryLimitReached> {
        match self.free {
            Some(_) => self.items.content_of_limited(),
            None => self.items.content().map(Some),
        }
    }

    /// The semaphore of the free slots. A task passes the permit that it acquires to
    /// [`put`](Queue::put). `None` if the channel is unbounded. The semaphore is closed when the
    /// run stops.
    pub(in crate::workload) fn free(&self) -> Option<&Semaphore> {
        self.free.as_ref().map(|(free, _)| &**free)
    }

    /// The semaphore of the messages that can be received. A task passes the permit that it
    /// acquires to [`take`](Queue::take). The semaphore is closed when the run stops.
    pub(in crate::workload) fn filled(&self) -> &Semaphore {
        &self.filled
    }

    /// Puts a message into a free slot. `waited_since` is the start of the wait for the slot.
    pub(in crate::workload) fn put(
        &self,
        content: Option<Content>,
        slot: Option<SemaphorePermit<'_>>,
        task: &TaskHandle,
        waited_since: Option<ProcessInstant>,
    ) {
        if let Some(slot) = slot {
            slot.forget();
        }
        let sent = self.resource.acquire(task, Wanted::Access, waited_since);
        self.messages.lock().push_back(Message {
            sent,
            _content: content,
        });
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
        let message = self.messages.lock().pop_front();
        let message = message.expect("each permit belongs to a message");
        self.resource.release(task, Wanted::Message, waited_since, message.sent);
        if let Some((free, _)) = &self.free {
            free.add_permits(1);
        }
    }

    /// How full the channel is.
    pub(in crate::workload) fn fill(&self) -> Fill {
        let messages = self.messages.lock();
        Fill {
            capacity: self.free.as_ref().map(|(_, capacity)| *capacity),
            oldest: messages.front().map(|message| message.sent),
            // The number never exceeds the capacity, which is a `u32`, or the memory of the run.
            ..self.items.fill(messages.len() as u32)
        }
    }

    /// The semaphores at which tasks wait.
    pub(super) fn semaphores(&self) -> impl Iterator<Item = Arc<Semaphore>> {
        let free = self.free.iter().map(|(free, _)| free.clone());
        free.chain([self.filled.clone()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Memory, block_on};
    use super::*;
    use crate::probe::Registry;
    use crate::record::{Label, ResourceId};

    fn task() -> TaskHandle {
        let registry = Registry::new();
        TaskHandle::new(&registry, &registry.group_named("a"))
    }

    fn channel(capacity: Option<u32>, item_bytes: u64, memory: &Arc<Memory>) -> Queue {
        let items = Items::new(Label(1), item_bytes, memory);
        Queue::new(Resource::new(ResourceId(0)), capacity, items)
    }

    #[test]
    fn a_channel_never_exceeds_its_capacity_and_loses_nothing() {
        let channel = channel(Some(3), 0, &Arc::default());
        let task = task();
        let total = 2_000;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..total {
                        let slot = block_on(channel.free().unwrap().acquire()).unwrap();
                        channel.put(channel.content().unwrap(), Some(slot), &task, None);
                    }
                });
                scope.spawn(|| {
                    for _ in 0..total {
                        assert!(channel.fill().len <= 3);
                        let message = block_on(channel.filled().acquire()).unwrap();
                        channel.take(message, &task, None);
                    }
                });
            }
        });
        assert_eq!((channel.fill().len, channel.fill().oldest), (0, None));
        assert_eq!(channel.free().unwrap().available_permits(), 3);
    }

    #[test]
    fn closing_a_channel_ends_every_wait() {
        let channel = channel(Some(1), 0, &Arc::default());
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| block_on(channel.filled().acquire()).is_err());
            channel.semaphores().for_each(|semaphore| semaphore.close());
            assert!(waits.join().unwrap());
        });
        assert!(block_on(channel.free().unwrap().acquire()).is_err());
    }

    #[test]
    fn an_unbounded_channel_holds_the_memory_of_its_messages_until_they_are_received() {
        let memory = Arc::default();
        let (channel, task) = (channel(None, 1000, &memory), task());
        assert!(channel.free().is_none());
        for _ in 0..3 {
            channel.put(channel.content().unwrap(), None, &task, None);
        }
        let held = memory.held();
        assert!(held >= 3000, "{held}");
        let fill = |channel: &Queue| (channel.fill().len, channel.fill().item_bytes, channel.fill().capacity);
        assert_eq!(fill(&channel), (3, 1000, None));
        channel.take(channel.filled().try_acquire().unwrap(), &task, None);
        assert_eq!(fill(&channel), (2, 1000, None));
        assert_eq!(memory.held(), held / 3 * 2);
    }
}
