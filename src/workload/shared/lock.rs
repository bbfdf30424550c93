//! A mutex with two halves: one half for tasks that are suspended while they wait, and one half for
//! tasks that hold their thread.
//!
//! A thread that waits for an ordinary mutex cannot be interrupted. So two tasks in a deadlock,
//! each with the lock that the other task needs, would still wait after the end of the run.
//! Therefore threads do not wait for the mutex itself. They wait for a condition variable, which is
//! notified when the mutex becomes free and when the run stops. The lock is not fair: a thread that
//! arrives while the mutex is free takes the mutex, even if other threads have waited longer.

use crate::workload::stop::{Close, Stopped};
use parking_lot::{Condvar, Mutex, MutexGuard};

/// One lock of a scenario. All tasks of a run use the same half. The executor and the scenario's
/// `how` decide which half.
#[derive(Debug, Default)]
pub(in crate::workload) struct Lock {
    /// The half for async tasks. A task that waits for it is suspended.
    pub(in crate::workload) suspending: tokio::sync::Mutex<()>,
    /// The half for threads. A task that waits for it holds its thread.
    blocking: Mutex<()>,
    /// Whether the run is over. A waiting thread holds this mutex from its attempt to lock
    /// `blocking` until its wait for `changed` begins. A notifying thread locks this mutex before
    /// it notifies `changed`. So no notification is lost between the attempt and the wait.
    closed: Mutex<bool>,
    /// Notified when `blocking` becomes free or `closed` is set.
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

    /// Takes the blocking half. Blocks the thread until that half is free.
    ///
    /// # Errors
    /// Returns [`Stopped`] if the run ends before the blocking half is free.
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
    /// `None` only during `drop`.
    guard: Option<MutexGuard<'a, ()>>,
    lock: &'a Lock,
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        self.guard = None;
        // Another thread may have failed to take the lock, but may not wait for `changed` yet. This
        // line delays the notification until that thread waits: see `Lock::closed`.
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
    fn closing_a_lock_ends_a_wait() {
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
