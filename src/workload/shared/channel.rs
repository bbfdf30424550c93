//! A channel of a scenario. In a queue, one task receives each message. A fan-out channel gives
//! each item to every receiver.

use super::{FanOut, Items, Queue, Resource};
use crate::record::{Label, ProcessInstant};
use crate::scenario::ChannelKind;

pub(in crate::workload) enum Channel {
    Queue(Queue),
    FanOut(FanOut),
}

/// How full a channel is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
    /// The label that names the channel.
    pub label: Label,
    /// The number of messages in the channel.
    pub len: u32,
    /// The size of each message, in bytes. 0 if messages have no content.
    pub item_bytes: u64,
    /// The maximum number of messages in the channel. `None` if the channel is unbounded.
    pub capacity: Option<u32>,
    /// When the oldest message was sent. `None` if the channel is empty, or if this is not known.
    pub oldest: Option<ProcessInstant>,
}

impl Channel {
    pub(super) fn new(resource: Resource, kind: ChannelKind, items: Items) -> Channel {
        match kind {
            ChannelKind::Queue { capacity } => Channel::Queue(Queue::new(resource, capacity, items)),
            ChannelKind::Watch => Channel::FanOut(FanOut::watch(resource, items)),
            ChannelKind::Broadcast { capacity } => Channel::FanOut(FanOut::broadcast(resource, capacity, items)),
        }
    }

    /// How full the channel is. `None` if the channel has no queue.
    pub(in crate::workload) fn fill(&self) -> Option<Fill> {
        match self {
            Channel::Queue(queue) => Some(queue.fill()),
            Channel::FanOut(fan_out) => fan_out.fill(),
        }
    }
}
