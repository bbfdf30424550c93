//! The marks with which services record the instant at which a task's wait was over.
//!
//! The loopback service knows the instant at which it sends a reply, and an offloaded job knows the
//! instant at which it ends. The waiting task may be woken later, for example because no worker
//! polls the I/O driver. tasklab calls the time between these two instants *unnoticed*.
//!
//! A mark may come too late: the wait has timed out, and the task now waits for something else. So
//! every wait has a number, and a mark for a wait that is over is ignored.

use crate::probe::{self, TaskHandle};
use crate::record::ProcessInstant;
use parking_lot::Mutex;
use std::sync::Arc;

/// The waits of one task. The task shares this object with the services that it uses.
///
/// Two threads compete for the lock only if a mark arrives exactly when the task stops waiting.
pub(super) struct Readiness {
    handle: TaskHandle,
    waits: Mutex<Waits>,
}

#[derive(Default)]
struct Waits {
    /// The number of waits so far. It is also the number of the current or latest wait.
    count: u64,
    is_open: bool,
}

impl Readiness {
    pub(super) fn new(handle: TaskHandle) -> Arc<Readiness> {
        Arc::new(Readiness {
            handle,
            waits: Mutex::default(),
        })
    }

    /// Begins a wait, which ends when the returned guard is dropped. `limit` is the deadline of the
    /// task's timeout. The task is ready at this instant, unless a service marks the wait as ready
    /// earlier.
    pub(super) fn begin_wait(self: &Arc<Self>, limit: Option<ProcessInstant>) -> Wait {
        let mut waits = self.waits.lock();
        waits.count += 1;
        waits.is_open = true;
        match limit {
            Some(at) => self.handle.ready_at(at),
            None => self.handle.clear_ready(),
        }
        Wait(ReadyToken {
            wait: waits.count,
            readiness: self.clone(),
        })
    }

    /// The token for the wait with this number, for a service that knows only the number.
    pub(super) fn token(self: &Arc<Self>, wait: u64) -> ReadyToken {
        ReadyToken {
            wait,
            readiness: self.clone(),
        }
    }
}

/// A wait of a task. The wait ends when this guard is dropped.
pub(super) struct Wait(ReadyToken);

impl Wait {
    /// The number of the wait, for a service that gets a request over the network.
    pub(super) fn number(&self) -> u64 {
        self.0.wait
    }

    /// The token for this wait, for a service in this process.
    pub(super) fn token(&self) -> ReadyToken {
        self.0.clone()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = self.0.readiness.waits.lock();
        waits.is_open = false;
        self.0.readiness.handle.clear_ready();
    }
}

/// A token with which a service marks one wait as ready.
#[derive(Clone)]
pub(super) struct ReadyToken {
    /// The number of the wait.
    wait: u64,
    readiness: Arc<Readiness>,
}

impl ReadyToken {
    /// Marks the wait as ready now. Does nothing if the wait is over.
    pub(super) fn ready(&self) {
        let waits = self.readiness.waits.lock();
        if waits.is_open && waits.count == self.wait {
            self.readiness.handle.ready_at(probe::now());
        }
    }
}

/// Sets the instant at which a task will be ready, if it is known in advance. Clears this instant
/// on drop.
pub(super) struct DeadlineGuard<'a>(&'a TaskHandle);

impl<'a> DeadlineGuard<'a> {
    /// Sets the earlier of two instants: `own`, the end of the task's wait, and `limit`, the
    /// deadline of its timeout.
    pub(super) fn new(
        handle: &'a TaskHandle,
        own: Option<ProcessInstant>,
        limit: Option<ProcessInstant>,
    ) -> DeadlineGuard<'a> {
        if let Some(at) = own.into_iter().chain(limit).min() {
            handle.ready_at(at);
        }
        DeadlineGuard(handle)
    }
}

impl Drop for DeadlineGuard<'_> {
    fn drop(&mut self) {
        self.0.clear_ready();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Collector, Registry};

    #[test]
    fn a_token_marks_only_its_own_wait_and_only_during_the_wait() {
        let registry = Registry::new();
        let handle = TaskHandle::new(&registry, &registry.group_named("api"));
        let mut collector = Collector::new(registry, None);
        let mut ready = || collector.batch().live.waiting.iter().find_map(|task| task.ready);
        let readiness = Readiness::new(handle);

        let first = readiness.begin_wait(None);
        let late = first.token();
        assert_eq!(ready(), None);
        first.token().ready();
        assert!(ready().is_some());
        drop(first);
        assert_eq!(ready(), None);
        late.ready();
        assert_eq!(ready(), None, "the task does not wait");

        let second = readiness.begin_wait(None);
        late.ready();
        assert_eq!(ready(), None, "the task waits for something else");
        readiness.token(second.number()).ready();
        assert!(ready().is_some());
        let third = readiness.begin_wait(Some(ProcessInstant::MAX));
        assert_eq!(ready(), None, "the deadline is ahead");
        drop(third);
    }
}
