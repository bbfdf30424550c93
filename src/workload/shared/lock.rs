//! A mutex with two halves. One half is for tasks that are suspended during a wait. The other half
//! is for tasks that hold their thread during a wait.
//!
//! A thread that waits for an ordinary mutex cannot be interrupted. So two tasks in a deadlock
//! would still wait after the end of the run. Therefore threads wait for a condition variable,
//! which is notified when the lock becomes free and when the run stops. The lock is not fair: if a
//! thread arrives while the lock is free, it takes the lock, even if other threads have waited
//! longer.
//!
//! A guard may move between threads. So an async task can hold the lock across an await. A guard of
//! `parking_lot` may also move between threads, with the feature `send_guard`.

use super::Resource;
use crate::record::ResourceId;
use crate::workload::stop::{Close, Stopped};
use parking_lot::{Condvar, Mutex};

/// One lock of a scenario. All tasks of a run use the same half. The executor and the scenario's
/// `how` decide which half the tasks use.
#[derive(Debug)]
pub(in crate::workload) struct Lock {
    /// Records which task holds the lock, and which tasks wait for the lock.
    pub(in crate::workload) resource: Resource,
    /// The half for async tasks. A task that waits for this half is suspended.
    pub(in crate::workload) suspending: tokio::sync::Mutex<()>,
    /// The half for threads. A task that waits for this half holds its thread.
    blocking: Mutex<Blocking>,
    /// Notified when the half for threads becomes free or is closed.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Blocking {
    is_held: bool,
    /// Whether the run is over.
    is_closed: bool,
}

impl Lock {
    pub(super) fn new(id: ResourceId) -> Lock {
        Lock {
            resource: Resource::new(id),
            suspending: tokio::sync::Mutex::default(),
            blocking: Mutex::default(),
            changed: Condvar::default(),
        }
    }

    /// Takes the blocking half if it is free.
    pub(in crate::workload) fn try_block(&self) -> Option<LockGuard<'_>> {
        let mut blocking = self.blocking.lock();
        if blocking.is_held {
            return None;
        }
        blocking.is_held = true;
        Some(LockGuard(self))
    }

    /// Takes the blocking half. Blocks the thread until that half is free.
    ///
    /// # Errors
    /// Returns [`Stopped`] if the run ends before the blocking half is free.
    pub(in crate::workload) fn block(&self) -> Result<LockGuard<'_>, Stopped> {
        let mut blocking = self.blocking.lock();
        self.changed
            .wait_while(&mut blocking, |blocking| blocking.is_held && !blocking.is_closed);
        if blocking.is_closed {
            return Err(Stopped);
        }
        blocking.is_held = true;
        Ok(LockGuard(self))
    }
}

impl Close for Lock {
    fn close(&self) {
        self.blocking.lock().is_closed = true;
        self.changed.notify_all();
    }
}

/// Holds the blocking half until it is dropped.
pub(in crate::workload) struct LockGuard<'a>(&'a Lock);

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        self.0.blocking.lock().is_held = false;
        self.0.changed.notify_one();
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
        let (lock, inside, total) = (Lock::new(ResourceId(0)), AtomicU32::new(0), AtomicU32::new(0));
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
        let lock = Lock::new(ResourceId(0));
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
        let lock = Lock::new(ResourceId(0));
        let panics = catch_unwind(AssertUnwindSafe(|| {
            let _guard = lock.try_block();
            // Unlike `panic!`, this function calls no panic hook and prints nothing.
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(panics.is_err());
        assert!(lock.try_block().is_some());
        assert!(lock.block().is_ok());
    }
}
