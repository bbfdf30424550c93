//! A mutex with two halves: one for tasks that are suspended while they wait, one for tasks that
//! keep their thread.
//!
//! A thread that waits at a mutex cannot be interrupted: two tasks that each hold the lock that the
//! other one wants would outlive the run. So threads do not wait at the mutex itself. They wait at
//! a condition variable beside it, which is notified when the mutex is free and when the run stops.
//! As at the mutex itself, a thread that comes while it is free takes it, even before threads that
//! have waited longer.

use crate::workload::stop::{Close, Stopped};
use parking_lot::{Condvar, Mutex, MutexGuard};

/// One lock of a scenario. The executor and the scenario's `how` decide which half all tasks of a
/// run use.
#[derive(Debug, Default)]
pub(in crate::workload) struct Lock {
    /// A task that waits here is suspended.
    pub(in crate::workload) suspending: tokio::sync::Mutex<()>,
    /// A task that waits for this one keeps its thread.
    blocking: Mutex<()>,
    /// Whether the run is over. A thread holds this from its last attempt to lock `blocking` until
    /// it waits at `changed`, and takes it before it notifies `changed`: so no notification falls
    /// between the attempt and the wait.
    closed: Mutex<bool>,
    /// Notified when `blocking` is free again or `closed` is set.
    changed: Condvar,
}

impl Lock {
    /// Takes the blocking half if it is free.
    pub(in crate::workload) fn try_block(&self) -> Option<LockGuard<'_>> {
        let guard = self.blocking.try_lock()?;
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
        let mut closed = self.closed.lock();
        loop {
            if *closed {
                return Err(Stopped);
            }
            if let Some(guard) = self.try_block() {
                return Ok(guard);
            }
            self.changed.wait(&mut closed);
        }
    }
}

impl Close for Lock {
    fn close(&self) {
        *self.closed.lock() = true;
        self.changed.notify_all();
    }
}

/// Holds the blocking half until it is dropped.
pub(in crate::workload) struct LockGuard<'a> {
    /// `None` only while this is dropped.
    guard: Option<MutexGuard<'a, ()>>,
    lock: &'a Lock,
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        self.guard = None;
        // Waits until a thread whose last attempt came too early has begun to wait: see
        // `Lock::closed`.
        drop(self.lock.closed.lock());
        self.lock.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    #[test]
    fn one_thread_at_a_time_holds_the_lock_and_every_thread_gets_it() {
        let (lock, inside, total) = (Lock::default(), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let _guard = lock.block().unwrap();
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
    fn closing_ends_a_wait() {
        let lock = Lock::default();
        let guard = lock.try_block().unwrap();
        assert!(lock.try_block().is_none());
        thread::scope(|scope| {
            let waits = scope.spawn(|| lock.block().is_err());
            lock.close();
            assert!(waits.join().unwrap());
        });
        drop(guard);
    }

    #[test]
    fn a_panic_frees_the_lock() {
        let lock = Lock::default();
        let panics = catch_unwind(AssertUnwindSafe(|| {
            let _guard = lock.try_block();
            // Unlike `panic!`, this calls no panic hook and prints nothing.
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(panics.is_err());
        assert!(lock.try_block().is_some());
        assert!(lock.block().is_ok());
    }
}
