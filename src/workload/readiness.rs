//! Marks that say when a task's wait was over. Services set these marks.
//!
//! The loopback service knows the instant at which it sends a reply, and an offloaded job knows the
//! instant at which it ends. The waiting task may be woken later, for example because no worker
//! polls the I/O driver. tasklab calls the time between these two instants *unnoticed*.
//!
//! A mark may come too late: the wait has already timed out, and the task waits for something else.
//! So every wait has a number, and a mark for a wait that is over is ignored.

use crate::probe::{self, TaskHandle};
use crate::record::ProcessInstant;
use parking_lot::Mutex;
use std::future::{Future, poll_fn};
use std::pin::Pin;
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
    /// The number of waits so far. The number of the latest wait is the same.
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

    /// Begins a wait, which ends when the returned guard is dropped. `limit` is the tick of the
    /// task's timeout. The task is ready at this tick, unless a service marks the wait as ready
    /// earlier.
    pub(super) fn begin_wait(self: &Arc<Self>, limit: Option<ProcessInstant>) -> Wait {
        let mut waits = self.waits.lock();
        waits.count += 1;
        waits.is_open = true;
        set_limit_tick(&self.handle, limit);
        Wait {
            limit,
            token: ReadyToken {
                wait: waits.count,
                readiness: self.clone(),
            },
        }
    }

    /// The token for the wait with this number. A service that knows only the number uses this
    /// method.
    pub(super) fn token(self: &Arc<Self>, wait: u64) -> ReadyToken {
        ReadyToken {
            wait,
            readiness: self.clone(),
        }
    }
}

/// Sets the tick of a task's timeout. At this tick, the task is ready even if no service marks it.
fn set_limit_tick(task: &TaskHandle, limit: Option<ProcessInstant>) {
    match limit {
        Some(tick) => task.ready_at_tick(tick),
        None => task.clear_ready(),
    }
}

/// A wait of a task. The wait ends when this guard is dropped.
pub(super) struct Wait {
    /// The tick of the task's timeout.
    limit: Option<ProcessInstant>,
    token: ReadyToken,
}

impl Wait {
    /// The number of the wait. A service that gets a request over the network gets this number.
    pub(super) fn number(&self) -> u64 {
        self.token.wait
    }

    /// The token for this wait. A service in this process gets this token.
    pub(super) fn token(&self) -> ReadyToken {
        self.token.clone()
    }

    /// Polls a future that becomes ready in several parts, such as a reply. If a poll returns
    /// `Pending`, the task then waits for the next part.
    pub(super) async fn in_parts<F: Future>(&self, mut future: Pin<&mut F>) -> F::Output {
        poll_fn(|context| {
            let start = probe::now();
            let polled = future.as_mut().poll(context);
            if polled.is_pending() {
                self.begin_next_part(start);
            }
            polled
        })
        .await
    }

    /// Clears a mark from before `seen`, because the task has seen the part to which this mark
    /// belongs. A later mark stays, because the task may not have seen the part to which that mark
    /// belongs.
    fn begin_next_part(&self, seen: ProcessInstant) {
        let readiness = &self.token.readiness;
        // While this function holds the lock, no service can mark the wait between the check and
        // the change.
        let _waits = readiness.waits.lock();
        if readiness.handle.ready().is_some_and(|at| at < seen) {
            set_limit_tick(&readiness.handle, self.limit);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let readiness = &self.token.readiness;
        let mut waits = readiness.waits.lock();
        waits.is_open = false;
        readiness.handle.clear_ready();
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
    /// Marks the wait as ready now. Does nothing if the wait is over, or if the task is ready
    /// already.
    pub(super) fn ready(&self) {
        let waits = self.readiness.waits.lock();
        let (handle, now) = (&self.readiness.handle, probe::now());
        let is_ready = || handle.ready().is_some_and(|at| at <= now);
        if waits.is_open && waits.count == self.wait && !is_ready() {
            handle.ready_at(now);
        }
    }
}

/// Sets the tick of the timer that a task waits for. Clears the tick when this guard is dropped.
pub(super) struct TimerGuard<'a>(&'a TaskHandle);

impl<'a> TimerGuard<'a> {
    /// Sets the earlier of the ticks `own` and `limit`. `own` is the end of the task's wait, and
    /// `limit` is the tick of the task's timeout.
    pub(super) fn new(
        handle: &'a TaskHandle,
        own: Option<ProcessInstant>,
        limit: Option<ProcessInstant>,
    ) -> TimerGuard<'a> {
        if let Some(tick) = own.into_iter().chain(limit).min() {
            handle.ready_at_tick(tick);
        }
        TimerGuard(handle)
    }
}

impl Drop for TimerGuard<'_> {
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
        let before = probe::now();
        third.token().ready();
        let first_part = ready();
        assert!(first_part.is_some());
        third.token().ready();
        assert_eq!(
            ready(),
            first_part,
            "the first mark decides since when the task is ready"
        );
        third.begin_next_part(before);
        assert_eq!(ready(), first_part, "the task may not have seen this part");
        third.begin_next_part(probe::now());
        assert_eq!(ready(), None, "the task waits for the next part");
        third.token().ready();
        assert!(ready() > first_part);
        drop(third);
    }
}
