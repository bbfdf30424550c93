//! A bounded channel for any number of senders and receivers.
//!
//! What goes through it has no content, so it is only counted: the places that are free, and those that are taken. Two
//! semaphores do that. They are fair, and async tasks and threads can wait at them side by side.

use crate::record::Label;
use std::sync::Arc;
use tokio::sync::{AcquireError, Semaphore, TryAcquireError};

#[derive(Debug)]
pub(in crate::workload) struct Channel {
    label: Label,
    capacity: u32,
    free: Arc<Semaphore>,
    taken: Arc<Semaphore>,
}

impl Channel {
    pub(super) fn new(label: Label, capacity: u32) -> Channel {
        Channel {
            label,
            capacity,
            free: Arc::new(Semaphore::new(capacity as usize)),
            taken: Arc::new(Semaphore::new(0)),
        }
    }

    /// Puts something in, once there is room.
    ///
    /// # Errors
    /// When the channel is closed.
    pub(in crate::workload) async fn send(&self) -> Result<(), AcquireError> {
        self.free.acquire().await?.forget();
        self.taken.add_permits(1);
        Ok(())
    }

    /// Takes something out, once there is something.
    ///
    /// # Errors
    /// When the channel is closed.
    pub(in crate::workload) async fn recv(&self) -> Result<(), AcquireError> {
        self.taken.acquire().await?.forget();
        self.free.add_permits(1);
        Ok(())
    }

    /// Puts something in if there is room.
    pub(in crate::workload) fn try_send(&self) -> Result<(), TryAcquireError> {
        self.free.try_acquire()?.forget();
        self.taken.add_permits(1);
        Ok(())
    }

    /// Takes something out if there is something.
    pub(in crate::workload) fn try_recv(&self) -> Result<(), TryAcquireError> {
        self.taken.try_acquire()?.forget();
        self.free.add_permits(1);
        Ok(())
    }

    /// Its name.
    pub(in crate::workload) fn label(&self) -> Label {
        self.label
    }

    /// What is in it and waits for a receiver.
    pub(in crate::workload) fn len(&self) -> u32 {
        // Never more than the capacity, which is a u32.
        self.taken.available_permits() as u32
    }

    /// What fits.
    pub(in crate::workload) fn capacity(&self) -> u32 {
        self.capacity
    }

    pub(super) fn gates(&self) -> [Arc<Semaphore>; 2] {
        [self.free.clone(), self.taken.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::super::block_on;
    use super::*;

    #[test]
    fn no_more_is_in_it_than_fits_and_nothing_gets_lost() {
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
    fn a_closed_channel_lets_everybody_go() {
        let channel = Channel::new(Label(1), 1);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| block_on(channel.recv()));
            channel.gates().iter().for_each(|gate| gate.close());
            assert!(waits.join().unwrap().is_err());
        });
        assert!(block_on(channel.send()).is_err());
    }
}
