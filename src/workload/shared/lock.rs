//! A mutex, for tasks that are suspended while they wait or for threads that are not.

use std::sync::{MutexGuard, PoisonError, TryLockError};

/// One lock of a scenario. Where it runs and how the scenario wants it decides which half is used, for all who use it.
#[derive(Debug, Default)]
pub(in crate::workload) struct Lock {
    /// Who waits is suspended.
    pub(in crate::workload) suspending: tokio::sync::Mutex<()>,
    /// Who waits keeps the thread.
    blocking: std::sync::Mutex<()>,
}

impl Lock {
    /// Takes the blocking half if it is free.
    pub(in crate::workload) fn try_block(&self) -> Option<MutexGuard<'_, ()>> {
        match self.blocking.try_lock() {
            Ok(guard) => Some(guard),
            // A task that panicked under it left nothing half done: there is nothing inside.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Takes the blocking half, and keeps the thread until it is free.
    pub(in crate::workload) fn block(&self) -> MutexGuard<'_, ()> {
        self.blocking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
