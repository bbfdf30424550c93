//! How those who serve a task tell when what it waits for was ready.
//!
//! The loopback service knows when a reply left, and an offloaded job when it was done; the waiting task learns of it only
//! when somebody polls the driver and then runs the task. The difference is what tasklab calls *unnoticed*.
//!
//! A note may come late: the task's timeout has passed, it has gone on, and now waits for something else. So every wait
//! has a number, and a note for a wait that is over is dropped.

use crate::probe::{self, TaskHandle};
use crate::record::Nanos;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The waits of one task, shared with those who serve it.
///
/// The lock is contended only when a note arrives at the very moment at which the task gives up.
pub(super) struct Readiness {
    handle: TaskHandle,
    waits: Mutex<Waits>,
}

#[derive(Default)]
struct Waits {
    /// How many there have been; the present one's number.
    count: u64,
    open: bool,
}

impl Readiness {
    pub(super) fn new(handle: TaskHandle) -> Arc<Readiness> {
        Arc::new(Readiness {
            handle,
            waits: Mutex::default(),
        })
    }

    /// Opens a wait that ends with the guard. If nobody notes anything, it is ready at `limit`: the timeout's deadline.
    pub(super) fn open(self: &Arc<Self>, limit: Option<Nanos>) -> Wait {
        let mut waits = self.waits();
        waits.count += 1;
        waits.open = true;
        match limit {
            Some(at) => self.handle.ready_at(at),
            None => self.handle.clear_ready(),
        }
        Wait(ReadyToken {
            number: waits.count,
            readiness: self.clone(),
        })
    }

    /// For who knows a wait by its number only.
    pub(super) fn note(self: &Arc<Self>, number: u64) -> ReadyToken {
        ReadyToken {
            number,
            readiness: self.clone(),
        }
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        // A counter and a flag are whole whenever the lock is free.
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait of a task's, until it is dropped.
pub(super) struct Wait(ReadyToken);

impl Wait {
    /// Its number, for who serves it by wire.
    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// What to hand to who serves it.
    pub(super) fn to_note(&self) -> ReadyToken {
        self.0.clone()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = self.0.readiness.waits();
        waits.open = false;
        self.0.readiness.handle.clear_ready();
    }
}

/// The right to say that what a wait is for is ready.
#[derive(Clone)]
pub(super) struct ReadyToken {
    number: u64,
    readiness: Arc<Readiness>,
}

impl ReadyToken {
    /// It is ready now. Does nothing once the wait is over.
    pub(super) fn ready(&self) {
        let waits = self.readiness.waits();
        if waits.open && waits.count == self.number {
            self.readiness.handle.ready_at(probe::now());
        }
    }
}

/// Sets a task's deadline, and takes it back when dropped.
pub(super) struct Due<'a>(&'a TaskHandle);

impl<'a> Due<'a> {
    /// The earlier of what it waits for and its timeout's deadline.
    pub(super) fn new(handle: &'a TaskHandle, own: Option<Nanos>, limit: Option<Nanos>) -> Due<'a> {
        if let Some(at) = own.into_iter().chain(limit).min() {
            handle.ready_at(at);
        }
        Due(handle)
    }
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        self.0.clear_ready();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Collector, Registry};

    #[test]
    fn a_note_counts_while_its_wait_is_open() {
        let registry = Registry::new();
        let handle = TaskHandle::new(&registry, &registry.group_named("api"));
        let mut collector = Collector::new(registry, None);
        let mut ready = || collector.batch().live.waiting.iter().find_map(|task| task.ready);
        let readiness = Readiness::new(handle);

        let first = readiness.open(None);
        let late = first.to_note();
        assert_eq!(ready(), None);
        first.to_note().ready();
        assert!(ready().is_some());
        drop(first);
        assert_eq!(ready(), None);
        late.ready();
        assert_eq!(ready(), None, "nobody waits");

        let second = readiness.open(None);
        late.ready();
        assert_eq!(ready(), None, "somebody waits for something else");
        readiness.note(second.number()).ready();
        assert!(ready().is_some());
        let third = readiness.open(Some(Nanos::MAX));
        assert_eq!(ready(), None, "a deadline is ahead");
        drop(third);
    }
}
