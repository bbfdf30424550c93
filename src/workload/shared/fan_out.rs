//! Channels that give each item to every receiver: `tokio::sync::watch` and
//! `tokio::sync::broadcast`.
//!
//! ```text
//!   watch       sender ──► [ newest ] ──► each receiver: the newest item; it skips the items between
//!   broadcast   sender ──► [ ring of items ] ──► each receiver: all items, unless it lags so far
//!                                                behind that the ring has overwritten some of them
//! ```
//!
//! A sender never waits. Each task that receives has its own receiver, which is created when the
//! task is spawned. The receiver counts the items that the task has missed. The channel holds an
//! item until a newer item replaces it. A broadcast also drops an item when every receiver has
//! received it. So dropping an `Item` records that the item has left the channel.
//!
//! The channels are never closed, because the run has a sender until it ends.

use super::content::{Content, Items, MemoryLimitReached};
use super::resource::OpenWait;
use super::{Fill, Resource};
use crate::probe::{self, TaskHandle};
use crate::record::{ProcessInstant, Wanted};
use parking_lot::Mutex;
use std::future::pending;
use std::sync::Arc;
use std::thread;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

/// A `watch` or `broadcast` channel.
pub(in crate::workload) struct FanOut {
    /// Records which tasks wait for an item, which tasks send, and which tasks receive.
    resource: Arc<Resource>,
    items: Items,
    sender: Sender,
}

enum Sender {
    Watch {
        sender: watch::Sender<Option<Item>>,
        /// A receiver that no task uses. The receiver of each task is a clone of it, so the first
        /// item that a task receives is the newest item.
        original: watch::Receiver<Option<Item>>,
    },
    Broadcast {
        sender: broadcast::Sender<Arc<Item>>,
        capacity: u32,
    },
}

/// An item of a channel. Dropping the item records that the channel holds it no longer.
struct Item {
    /// The number of the item, from 1. Only used in a `watch` channel.
    number: u64,
    sent: ProcessInstant,
    /// The task that has sent the item.
    task: TaskHandle,
    resource: Arc<Resource>,
    _content: Option<Content>,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.resource.release(&self.task, Wanted::Message, None, self.sent);
    }
}

impl FanOut {
    pub(super) fn watch(resource: Resource, items: Items) -> FanOut {
        let (sender, original) = watch::channel(None);
        FanOut::new(resource, items, Sender::Watch { sender, original })
    }

    pub(super) fn broadcast(resource: Resource, capacity: u32, items: Items) -> FanOut {
        let capacity = broadcast_capacity(capacity);
        let sender = broadcast::Sender::new(capacity as usize);
        FanOut::new(resource, items, Sender::Broadcast { sender, capacity })
    }

    fn new(resource: Resource, items: Items, sender: Sender) -> FanOut {
        FanOut {
            resource: Arc::new(resource),
            items,
            sender,
        }
    }

    /// Sends an item. In a `watch` channel, the item replaces the newest item. In a full broadcast,
    /// the item replaces the oldest item. A broadcast without receivers drops the item at once.
    ///
    /// # Errors
    /// Returns an error if there is no memory left for the item.
    pub(in crate::workload) fn send(&self, task: &TaskHandle) -> Result<(), MemoryLimitReached> {
        let mut item = Item {
            number: 1,
            _content: self.items.content_of_limited()?,
            sent: probe::now(),
            task: task.clone(),
            resource: self.resource.clone(),
        };
        match &self.sender {
            Sender::Watch { sender, .. } => {
                let mut replaced = None;
                sender.send_modify(|newest| {
                    item.number = newest.as_ref().map_or(1, |newest| newest.number + 1);
                    replaced = newest.replace(item);
                });
            }
            Sender::Broadcast { sender, .. } => drop(sender.send(Arc::new(item))),
        }
        // The replaced item has already been dropped, so the records never count both items.
        self.resource.acquire(task, Wanted::Access, None);
        Ok(())
    }

    /// Adds a receiver of this channel to the receivers of a task. `channel` is the index of this
    /// channel.
    pub(super) fn add_receiver(&self, channel: usize, receivers: &Receivers) {
        receivers.put(channel, Receiver::new(&self.sender));
    }

    /// Prepares to receive an item as `task`. `channel` is the index of this channel. If another
    /// step of the task is using the task's receiver, the subscription has a receiver of its own,
    /// which gets the next item that is sent.
    pub(in crate::workload) fn subscribe<'a>(
        &'a self,
        channel: usize,
        receivers: &Receivers,
        task: &'a TaskHandle,
    ) -> Subscription<'a> {
        let of_task = receivers.take(channel, || Receiver::new(&self.sender));
        Subscription {
            fan_out: self,
            task,
            channel,
            receivers: of_task.is_some().then(|| receivers.clone()),
            receiver: Some(of_task.unwrap_or_else(|| Receiver::of_later_items(&self.sender))),
            wait: None,
        }
    }

    /// The number of items that a broadcast holds. `None` for a `watch` channel, because it is not
    /// a queue.
    pub(super) fn fill(&self) -> Option<Fill> {
        let Sender::Broadcast { capacity, .. } = self.sender else {
            return None;
        };
        Some(Fill {
            capacity: Some(capacity),
            ..self.items.fill(self.resource.level())
        })
    }
}

/// The number of items that a broadcast can hold. tokio rounds the capacity up to a power of two.
pub(super) fn broadcast_capacity(capacity: u32) -> u32 {
    capacity.next_power_of_two()
}

/// The receivers of one task. The branches of a task and the jobs that it hands to blocking threads
/// use the receivers of their task.
#[derive(Clone, Default)]
pub(in crate::workload) struct Receivers(Arc<Mutex<Vec<ReceiverOfTask>>>);

struct ReceiverOfTask {
    /// The index of the channel.
    channel: usize,
    /// `None` while a step is using the receiver.
    receiver: Option<Receiver>,
}

impl Receivers {
    /// Takes the task's receiver of this channel. If the task has no receiver yet, `create` makes
    /// it. Returns `None` if another step of the task is using the receiver.
    fn take(&self, channel: usize, create: impl FnOnce() -> Receiver) -> Option<Receiver> {
        let mut receivers = self.0.lock();
        match receivers.iter_mut().find(|known| known.channel == channel) {
            Some(known) => known.receiver.take(),
            None => {
                let receiver = None;
                receivers.push(ReceiverOfTask { channel, receiver });
                Some(create())
            }
        }
    }

    fn put(&self, channel: usize, receiver: Receiver) {
        let mut receivers = self.0.lock();
        let receiver = Some(receiver);
        match receivers.iter_mut().find(|known| known.channel == channel) {
            Some(known) => known.receiver = receiver,
            None => receivers.push(ReceiverOfTask { channel, receiver }),
        }
    }
}

/// A receiver of one channel.
struct Receiver {
    source: Source,
    /// The number of items that the task has missed since it received its last item.
    missed: u64,
}

enum Source {
    Watch {
        receiver: watch::Receiver<Option<Item>>,
        /// The number of the last item that was received. 0: no item has been received.
        last: u64,
    },
    Broadcast(broadcast::Receiver<Arc<Item>>),
}

/// An item that a task has received.
pub(in crate::workload) struct Reception {
    sent: ProcessInstant,
    /// The number of items that the task missed between its previous item and this item.
    missed: u64,
}

impl Receiver {
    fn new(sender: &Sender) -> Receiver {
        let source = match sender {
            Sender::Watch { original, .. } => Source::Watch {
                receiver: original.clone(),
                last: 0,
            },
            Sender::Broadcast { sender, .. } => Source::Broadcast(sender.subscribe()),
        };
        Receiver { source, missed: 0 }
    }

    /// A receiver that gets only items that are sent from now on.
    fn of_later_items(sender: &Sender) -> Receiver {
        let source = match sender {
            Sender::Watch { sender, .. } => Source::Watch {
                receiver: sender.subscribe(),
                last: 0,
            },
            Sender::Broadcast { sender, .. } => Source::Broadcast(sender.subscribe()),
        };
        Receiver { source, missed: 0 }
    }

    /// Whether the next item is there already.
    fn has_item(&self) -> bool {
        match &self.source {
            Source::Watch { receiver, .. } => receiver.has_changed().unwrap_or(false),
            Source::Broadcast(receiver) => !receiver.is_empty(),
        }
    }

    /// Waits for the next item. Dropping the future loses no item.
    async fn receive(&mut self) -> Reception {
        let sent = match &mut self.source {
            Source::Watch { receiver, last } => loop {
                if receiver.changed().await.is_err() {
                    return closed().await;
                }
                if let Some(newest) = &*receiver.borrow_and_update() {
                    // Items from before the creation of the receiver do not count as missed.
                    self.missed = if *last == 0 { 0 } else { newest.number - *last - 1 };
                    *last = newest.number;
                    break newest.sent;
                }
            },
            Source::Broadcast(receiver) => loop {
                match receiver.recv().await {
                    Ok(item) => break item.sent,
                    // The next call of `recv` returns the oldest item that the channel still has.
                    Err(RecvError::Lagged(missed)) => self.missed += missed,
                    Err(RecvError::Closed) => return closed().await,
                }
            },
        };
        Reception {
            sent,
            missed: std::mem::take(&mut self.missed),
        }
    }
}

/// Waits forever. A channel has no sender only after the end of the run, which cancels the wait.
async fn closed() -> Reception {
    pending().await
}

/// A receiver that a step of its task is using. Dropping the subscription gives the receiver back
/// to the task, or drops the receiver if it is not the receiver of the task.
pub(in crate::workload) struct Subscription<'a> {
    fan_out: &'a FanOut,
    task: &'a TaskHandle,
    channel: usize,
    /// `None` only after the drop.
    receiver: Option<Receiver>,
    /// The receivers to which the receiver belongs. `None` if it is not the receiver of the task.
    receivers: Option<Receivers>,
    /// The wait for an item, from its start until the task has received the item.
    wait: Option<OpenWait<'a>>,
}

impl Subscription<'_> {
    /// Whether the next item is there already.
    pub(in crate::workload) fn has_item(&self) -> bool {
        self.receiver.as_ref().is_some_and(Receiver::has_item)
    }

    /// Records that the task begins to wait. The wait begins before the receiver is registered at
    /// the channel. So an item that is sent after the start of the wait ends the wait. `limited`
    /// says whether a timeout can end the wait.
    pub(in crate::workload) fn begin_wait(&mut self, limited: bool) {
        self.wait = Some(self.fan_out.resource.begin_wait(self.task, Wanted::Message, limited));
    }

    /// Waits for the next item.
    pub(in crate::workload) async fn receive(&mut self) -> Reception {
        match &mut self.receiver {
            Some(receiver) => receiver.receive().await,
            None => closed().await,
        }
    }

    /// Records that the task has received an item.
    pub(in crate::workload) fn received(mut self, reception: &Reception) {
        let waited_since = self.wait.take().map(OpenWait::succeed);
        let Reception { sent, missed } = *reception;
        self.fan_out.resource.receive(self.task, waited_since, sent, missed);
    }
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        let Some(receiver) = self.receiver.take() else { return };
        if let Some(wait) = self.wait.take()
            && !thread::panicking()
            && receiver.has_item()
        {
            // The task was woken for an item, and is cancelled before it runs.
            wait.fail_after_handover();
        }
        if let Some(receivers) = &self.receivers {
            receivers.put(self.channel, receiver);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Memory, block_on, try_now};
    use super::*;
    use crate::probe::{Collector, Registry};
    use crate::record::{Label, Record, ResourceId};
    use std::pin::pin;

    struct Fixture {
        registry: Arc<Registry>,
        task: TaskHandle,
        memory: Arc<Memory>,
    }

    impl Fixture {
        fn new() -> Fixture {
            let registry = Registry::new();
            Fixture {
                task: TaskHandle::new(&registry, &registry.group_named("a")),
                registry,
                memory: Arc::default(),
            }
        }

        fn items(&self) -> Items {
            Items::new(Label(1), 100, &self.memory)
        }

        fn watch(&self) -> FanOut {
            FanOut::watch(Resource::new(ResourceId(0)), self.items())
        }

        fn broadcast(&self, capacity: u32) -> FanOut {
            FanOut::broadcast(Resource::new(ResourceId(0)), capacity, self.items())
        }

        fn send(&self, fan_out: &FanOut, items: usize) {
            for _ in 0..items {
                fan_out.send(&self.task).expect("memory is left");
            }
        }

        /// Receives all items that the channel has. Returns, for each received item, the number of
        /// missed items before it.
        fn receive_all(&self, fan_out: &FanOut, receivers: &Receivers) -> Vec<u64> {
            let mut missed = Vec::new();
            loop {
                let mut subscription = fan_out.subscribe(0, receivers, &self.task);
                if !subscription.has_item() {
                    return missed;
                }
                let reception = block_on(subscription.receive());
                missed.push(reception.missed);
                subscription.received(&reception);
            }
        }
    }

    #[test]
    fn a_receiver_of_a_watch_gets_the_newest_item_and_skips_the_others() {
        let fixture = Fixture::new();
        let (watch, early, late) = (fixture.watch(), Receivers::default(), Receivers::default());
        assert_eq!(fixture.receive_all(&watch, &early), [0; 0]);
        fixture.send(&watch, 1);
        assert_eq!(fixture.receive_all(&watch, &early), [0]);
        fixture.send(&watch, 4);
        assert_eq!(fixture.receive_all(&watch, &early), [3]);
        // A late receiver gets the newest item, and has missed nothing.
        assert_eq!(fixture.receive_all(&watch, &late), [0]);
        assert_eq!(
            (fixture.receive_all(&watch, &late).len(), watch.resource.level()),
            (0, 1)
        );
        assert!(
            (100..200).contains(&fixture.memory.held()),
            "only the newest item holds memory"
        );
    }

    #[test]
    fn a_slow_receiver_of_a_broadcast_loses_the_oldest_items() {
        let fixture = Fixture::new();
        let (news, fast, slow) = (fixture.broadcast(4), Receivers::default(), Receivers::default());
        fixture.send(&news, 3);
        assert_eq!(news.resource.level(), 0, "no task receives them");
        for receivers in [&fast, &slow] {
            assert_eq!(fixture.receive_all(&news, receivers), [0; 0]);
        }
        for _ in 0..2 {
            fixture.send(&news, 3);
            assert_eq!(fixture.receive_all(&news, &fast), [0, 0, 0]);
        }
        assert_eq!(news.fill().map(|fill| (fill.len, fill.capacity)), Some((4, Some(4))));
        assert_eq!(fixture.receive_all(&news, &slow), [2, 0, 0, 0]);
        assert_eq!((news.resource.level(), fixture.memory.held()), (0, 0));
        // A dropped receiver does not keep items in the channel.
        fixture.send(&news, 2);
        fixture.receive_all(&news, &fast);
        drop(slow);
        assert_eq!((news.resource.level(), fixture.memory.held()), (0, 0));
    }

    #[test]
    fn a_task_has_one_receiver_even_after_two_steps_have_received_at_once() {
        for fan_out in [Fixture::watch, |fixture: &Fixture| fixture.broadcast(4)] {
            let fixture = Fixture::new();
            let (channel, receivers) = (fan_out(&fixture), Receivers::default());
            fixture.receive_all(&channel, &receivers);
            fixture.send(&channel, 1);
            assert_eq!(fixture.receive_all(&channel, &receivers), [0]);
            for second_ends_first in [false, true] {
                let [mut first, mut second] = [(); 2].map(|()| channel.subscribe(0, &receivers, &fixture.task));
                assert!(!first.has_item() && !second.has_item(), "the old item is received");
                fixture.send(&channel, 1);
                assert!(first.has_item() && second.has_item(), "both steps get the next item");
                let receptions = [&mut first, &mut second].map(|step| block_on(step.receive()));
                let mut steps = [(first, &receptions[0]), (second, &receptions[1])];
                if second_ends_first {
                    steps.reverse();
                }
                steps.into_iter().for_each(|(step, reception)| step.received(reception));
                assert_eq!(fixture.receive_all(&channel, &receivers), [0; 0]);
                fixture.send(&channel, 1);
                assert_eq!(fixture.receive_all(&channel, &receivers), [0]);
            }
        }
    }

    #[test]
    fn an_item_that_was_sent_to_a_cancelled_task_is_not_lost_to_the_receiver() {
        for fan_out in [Fixture::watch, |fixture: &Fixture| fixture.broadcast(4)] {
            let fixture = Fixture::new();
            let (channel, receivers) = (fan_out(&fixture), Receivers::default());
            for is_sent in [false, true] {
                let mut subscription = channel.subscribe(0, &receivers, &fixture.task);
                subscription.begin_wait(true);
                {
                    let mut receive = pin!(subscription.receive());
                    assert!(try_now(receive.as_mut()).is_none());
                    fixture.send(&channel, usize::from(is_sent));
                }
                drop(subscription);
            }
            let records = Collector::new(fixture.registry.clone(), None).batch().records;
            let ends = records.iter().filter_map(|(_, record)| match record {
                Record::WaitEnded(ended) => Some(ended.handed_over),
                _ => None,
            });
            assert_eq!(ends.collect::<Vec<_>>(), [false, true]);
            assert_eq!(fixture.receive_all(&channel, &receivers), [0]);
        }
    }
}
