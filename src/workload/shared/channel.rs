//! A bounded channel for any number of senders and receivers.
//!
//! Messages have no content, so they are only counted. One semaphore counts the free slots, and the
//! other counts the filled slots. Both semaphores are fair, and async tasks and threads can wait
//! for them at the same time.

use crate::record::Label;
use std::sync::Arc;
use tokio::sync::{AcquireError, Semaphore, TryAcquireError};

#[derive(Debug)]
pub(in crate::workload) struct Channel {
    label: Label,
    capacity: u32,
    free: Arc<Semaphore>,
    filled: Arc<Semaphore>,
}

impl Channel {
    pub(super) fn new(label: Label, capacity: u32) -> Channel {
        Channel {
            label,
            capacity,
            free: Arc::new(Semaphore::new(capacity as usize)),
            filled: Arc::new(Semaphore::new(0)),
        }
    }

    /// Waits for a free slot and adds a message.
    ///
    /// # Errors
    /// Returns an error if the channel is closed.
    pub(in crate::workload) async fn send(&self) -> Result<(), AcquireError> {
        self.free.acquire().await?.forget();
        self.filled.add_permits(1);
        Ok(())
    }

    /// Waits for a message and takes it.
    ///
    /// # Errors
    /// Returns an error if the channel is closed.
    pub(in crate::workload) async fn recv(&self) -> Result<(), AcquireError> {
        self.filled.acquire().await?.forget();
        self.free.add_permits(1);
        Ok(())
    }

    /// Adds a message if there is a free slot.
    pub(in crate::workload) fn try_send(&self) -> Result<(), TryAcquireError> {
        self.free.try_acquire()?.forget();
        self.filled.add_permits(1);
        Ok(())
    }

    /// Takes a message if there is one.
    pub(in crate::workload) fn try_recv(&self) -> Result<(), TryAcquireError> {
        self.filled.try_acquire()?.forget();
        self.free.add_permits(1);
        Ok(())
    }

    /// The name of the channel.
    pub(in crate::workload) fn label(&self) -> Label {
        self.label
    }

    /// The number of messages in the channel.
    pub(in crate::workload) fn len(&self) -> u32 {
        // The number never exceeds the capacity, which is a `u32`.
        self.filled.available_permits() as u32
    }

    /// The maximum number of messages in the channel.
    pub(in crate::workload) fn capacity(&self) -> u32 {
        self.capacity
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

    #[test]
    fn a_channel_never_exceeds_its_capacity_and_loses_nothing() {
        let channel = Channel::new(Label(1), 3);
        let total = 2_000;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..total).for_each(|_| block_on(channel.send()).unwrap()));
                scope.spawn(|| {
                    for _ in 0..total {
                        assert!(channel.len() <= channel.capacity());
                        block_on(channel.recv()).unwrap();
                    }
                });
            }
        });
        assert_eq!(channel.len(), 0);
        assert_eq!(channel.free.available_permits(), 3);
    }

    #[test]
    fn closing_a_channel_ends_every_wait() {
        let channel = Channel::new(Label(1), 1);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| block_on(channel.recv()));
            channel.semaphores().iter().for_each(|semaphore| semaphore.close());
            assert!(waits.join().unwrap().is_err());
        });
        assert!(block_on(channel.send()).is_err());
    }
}
