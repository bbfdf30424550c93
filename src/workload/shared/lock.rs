//! A mutex, for tasks that are suspended while they wait or for threads that are not.
//!
//! A thread that waits for a `std::sync::Mutex` cannot be called away from it: two tasks that hold what the other one wants would
//! outlive the run. So threads do not wait at the mutex itself, but beside it, for news: that it is free, or that the run ends.
//! Who comes while it is free takes it, also before those who wait, as at the mutex itself.

use crate::workload::stop::Stopped;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

/// One lock of a scenario. Where it runs and how the scenario wants it decides which half is used, for all who use it.
#[derive(Debug, Default)]
pub(in crate::workload) struct Lock {
    /// Who waits is suspended.
    pub(in crate::workload) suspending: tokio::sync::Mutex<()>,
    /// Who waits keeps the thread.
    blocking: Mutex<()>,
    /// Whether the run is over. Whoever is about to wait for news holds this, and whoever has news takes it.
    closed: Mutex<bool>,
    news: Condvar,
}

impl Lock {
    /// Takes the blocking half if it is free.
    pub(in crate::workload) fn try_block(&self) -> Option<LockGuard<'_>> {
        let guard = match self.blocking.try_lock() {
            Ok(guard) => guard,
            // A task that panicked under it left nothing half done: there is nothing inside.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(LockGuard {
            guard: Some(guard),
            lock: self,
        })
    }

    /// Takes the blocking half, and keeps the thread until it is free.
    ///
    /// # Errors
    /// When the run ends first.
    pub(in crate::workload) fn block(&self) -> Result<LockGuard<'_>, Stopped> {
        let mut closed = self.closed();
        loop {
            if *closed {
                return Err(Stopped);
            }
            if let Some(held) = self.try_block() {
                return Ok(held);
            }
            closed = self.news.wait(closed).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The run is over: nobody waits here any more.
    pub(in crate::workload) fn close(&self) {
        *self.closed() = true;
        self.news.notify_all();
    }

    fn closed(&self) -> MutexGuard<'_, bool> {
        // A flag is whole whenever the lock is free.
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The blocking half is taken, until this is dropped.
pub(in crate::workload) struct LockGuard<'a> {
    /// `None` only while it is dropped.
    guard: Option<MutexGuard<'a, ()>>,
    lock: &'a Lock,
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        self.guard = None;
        // LockGuard and let go, so that the news cannot fall between somebody's last try and their wait.
        drop(self.lock.closed());
        self.lock.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    #[test]
    fn one_at_a_time_holds_it_and_everybody_comes_to_it() {
        let (lock, inside, total) = (Lock::default(), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let _held = lock.block().unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                        total.fetch_add(1, Ordering::Relaxed);
                        inside.fetch_sub(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(total.into_inner(), 8_000);
    }

    #[test]
    fn who_waits_is_let_go_when_it_closes() {
        let lock = Lock::default();
        let held = lock.try_block().unwrap();
        assert!(lock.try_block().is_none());
        thread::scope(|scope| {
            let waits = scope.spawn(|| lock.block().is_err());
            lock.close();
            assert!(waits.join().unwrap());
        });
        drop(held);
    }

    #[test]
    fn a_panic_leaves_it_free() {
        let lock = Lock::default();
        let panics = catch_unwind(AssertUnwindSafe(|| {
            let _held = lock.try_block();
            // Without a hook's words.
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(panics.is_err());
        assert!(lock.try_block().is_some());
        assert!(lock.block().is_ok());
    }
}
