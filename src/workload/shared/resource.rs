//! Records which tasks wait for a resource and which tasks hold the resource.
//!
//! Everything that tasks share has a [`Resource`], which counts the waits and the holds. The two
//! guards [`OpenWait`] and [`Hold`] record the end of each wait and each hold, even if a step
//! panics or the step's future is dropped.

use crate::probe::TaskHandle;
use crate::record::{ProcessInstant, ResourceId, Wanted};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::thread;
use tokio::task::unconstrained;

/// The counters of one resource.
#[derive(Debug)]
pub(in crate::workload) struct Resource {
    id: ResourceId,
    /// The number of tasks that wait to acquire the resource.
    waiting_for_access: AtomicU32,
    /// The number of tasks that wait for a message, or to read.
    waiting_for_other: AtomicU32,
    /// The number of permits that are held, or the number of slots that contain a message. If a
    /// message is received before its sender has counted it, the number is negative for a moment.
    level: AtomicI32,
}

impl Resource {
    pub(super) fn new(id: ResourceId) -> Resource {
        Resource {
            id,
            waiting_for_access: AtomicU32::new(0),
            waiting_for_other: AtomicU32::new(0),
            level: AtomicI32::new(0),
        }
    }

    /// Begins a wait, and records it. `limited` says whether a timeout can end the wait.
    pub(in crate::workload) fn begin_wait<'a>(
        &'a self,
        task: &'a TaskHandle,
        wanted: Wanted,
        limited: bool,
    ) -> OpenWait<'a> {
        self.open_wait(task, wanted, None, limited)
    }

    /// Begins the wait of a task that has arrived at a barrier as number `arrival`, and records it.
    pub(super) fn begin_wait_at_barrier<'a>(
        &'a self,
        task: &'a TaskHandle,
        arrival: u32,
        limited: bool,
    ) -> OpenWait<'a> {
        self.open_wait(task, Wanted::Access, Some(arrival), limited)
    }

    fn open_wait<'a>(
        &'a self,
        task: &'a TaskHandle,
        wanted: Wanted,
        arrival: Option<u32>,
        limited: bool,
    ) -> OpenWait<'a> {
        let waiting = self.waiting(wanted).fetch_add(1, Relaxed) + 1;
        OpenWait {
            resource: self,
            task,
            wanted,
            since: task.record_wait_began(self.id, wanted, arrival.unwrap_or(waiting), limited),
        }
    }

    /// Records that the task has passed a barrier or received a notification. The task then holds
    /// nothing. `level` is the number of the arrival at a barrier.
    pub(super) fn pass(&self, task: &TaskHandle, waited_since: Option<ProcessInstant>, level: u32) {
        task.record_acquired(self.id, Wanted::Access, waited_since, level);
    }

    /// Records that the task has sent a notification.
    pub(super) fn notified(&self, task: &TaskHandle, woken: u32, stored: bool, passed_on: bool) {
        task.record_notification(self.id, woken, stored, passed_on);
    }

    /// Records that the task has acquired the resource. The task holds the resource until the guard
    /// is dropped. The guard must be dropped before the lock or permit is released. `waited_since`
    /// is the start of the wait, if the task waited.
    pub(in crate::workload) fn hold(
        &self,
        task: &TaskHandle,
        wanted: Wanted,
        waited_since: Option<ProcessInstant>,
    ) -> Hold<'_> {
        Hold {
            since: self.acquire(task, wanted, waited_since),
            resource: self,
            task: task.clone(),
            wanted,
        }
    }

    /// Records that the task has acquired the resource. Returns the present instant.
    pub(in crate::workload) fn acquire(
        &self,
        task: &TaskHandle,
        wanted: Wanted,
        waited_since: Option<ProcessInstant>,
    ) -> ProcessInstant {
        let level = self.level.fetch_add(1, Relaxed) + 1;
        task.record_acquired(self.id, wanted, waited_since, level.max(0) as u32)
    }

    /// Records that the task is about to release the resource, which has been held since
    /// `acquired`. `waited_since` is the start of the wait for a message, if the task waited.
    pub(in crate::workload) fn release(
        &self,
        task: &TaskHandle,
        wanted: Wanted,
        waited_since: Option<ProcessInstant>,
        acquired: ProcessInstant,
    ) {
        task.record_released(self.id, wanted, waited_since, acquired);
        self.level.fetch_sub(1, Relaxed);
    }

    /// Records that the task has received an item. The item was sent at `sent`. Before this item,
    /// the task missed `missed` items. `waited_since` is the start of the wait, if the task waited.
    pub(super) fn receive(
        &self,
        task: &TaskHandle,
        waited_since: Option<ProcessInstant>,
        sent: ProcessInstant,
        missed: u64,
    ) {
        task.record_received(self.id, waited_since, sent, missed);
    }

    /// The number of permits that are held, or of slots that contain a message.
    pub(super) fn level(&self) -> u32 {
        self.level.load(Relaxed).max(0) as u32
    }

    fn waiting(&self, wanted: Wanted) -> &AtomicU32 {
        match wanted {
            Wanted::Message | Wanted::Read => &self.waiting_for_other,
            Wanted::Access | Wanted::Children => &self.waiting_for_access,
        }
    }
}

/// A wait that has not ended. If this guard is dropped, the task does not get the resource.
pub(in crate::workload) struct OpenWait<'a> {
    resource: &'a Resource,
    task: &'a TaskHandle,
    wanted: Wanted,
    since: ProcessInstant,
}

impl OpenWait<'_> {
    /// Ends the wait: the task has what it waited for. Returns the start of the wait.
    pub(in crate::workload) fn succeed(self) -> ProcessInstant {
        self.resource.waiting(self.wanted).fetch_sub(1, Relaxed);
        let since = self.since;
        std::mem::forget(self);
        since
    }

    /// Ends the wait of a task that was cancelled after it had been given the resource, but before
    /// it ran.
    pub(super) fn fail_after_handover(self) {
        self.end(true);
        std::mem::forget(self);
    }

    fn end(&self, handed_over: bool) {
        self.resource.waiting(self.wanted).fetch_sub(1, Relaxed);
        self.task
            .record_wait_ended(self.resource.id, self.wanted, self.since, handed_over);
    }
}

impl Drop for OpenWait<'_> {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// A guard for the time during which a task holds a lock or a permit.
pub(in crate::workload) struct Hold<'a> {
    resource: &'a Resource,
    task: TaskHandle,
    since: ProcessInstant,
    wanted: Wanted,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.resource.release(&self.task, self.wanted, None, self.since);
    }
}

/// A wait for children that has not ended. Dropping this guard records the end of the wait.
pub(in crate::workload) struct WaitForChildren {
    task: TaskHandle,
    since: ProcessInstant,
}

impl WaitForChildren {
    /// Begins the wait. `limited` says whether a timeout can end the wait for children.
    pub(in crate::workload) fn begin(task: &TaskHandle, limited: bool) -> WaitForChildren {
        WaitForChildren {
            since: task.record_wait_began(ResourceId::NONE, Wanted::Children, 0, limited),
            task: task.clone(),
        }
    }
}

impl Drop for WaitForChildren {
    fn drop(&mut self) {
        self.task
            .record_wait_ended(ResourceId::NONE, Wanted::Children, self.since, false);
    }
}

pin_project! {
    /// A future that acquires a resource. The wait is recorded from the first poll that finds
    /// nothing free. The result also contains the start of the wait, if the task waited.
    ///
    /// The future may be dropped after it was given the resource, but before the next poll of the
    /// future. In this case, the future gives the resource back, and records that the task had been
    /// given the resource.
    pub(in crate::workload) struct RecordedWait<'a, F> {
        #[pin]
        acquire: F,
        // Whether the future has been given what it waits for. The function is a field, so that the
        // struct needs no bound on the output of the future. With such a bound, the compiler cannot
        // prove that tasks are `Send`.
        is_given: fn(Pin<&mut F>) -> bool,
        resource: &'a Resource,
        task: &'a TaskHandle,
        wanted: Wanted,
        limited: bool,
        open: Option<OpenWait<'a>>,
    }

    impl<F> PinnedDrop for RecordedWait<'_, F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let Some(open) = this.open.take() else { return };
            if !thread::panicking() && (this.is_given)(this.acquire) {
                open.fail_after_handover();
            }
        }
    }
}

impl<'a, F> RecordedWait<'a, F> {
    /// The wait of `task`. Dropping the output of `acquire` must give the resource back. `limited`
    /// says whether a timeout can end the wait.
    pub(in crate::workload) fn new<T, E>(
        acquire: F,
        resource: &'a Resource,
        task: &'a TaskHandle,
        wanted: Wanted,
        limited: bool,
    ) -> Self
    where
        F: Future<Output = Result<T, E>>,
    {
        RecordedWait {
            acquire,
            is_given: is_given::<T, E, F>,
            resource,
            task,
            wanted,
            limited,
            open: None,
        }
    }
}

/// Whether a waiting future has been given what it waits for. Only a poll shows whether the future
/// is ready. tokio's budget could make a ready future return `Pending`, so this poll is not limited
/// by the budget.
fn is_given<T, E, F>(acquire: Pin<&mut F>) -> bool
where
    F: Future<Output = Result<T, E>>,
{
    let mut context = Context::from_waker(Waker::noop());
    matches!(pin!(unconstrained(acquire)).poll(&mut context), Poll::Ready(Ok(_)))
}

impl<T, E, F> Future for RecordedWait<'_, F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<(T, Option<ProcessInstant>), E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.acquire.poll(context) {
            Poll::Pending => {
                let (resource, task) = (*this.resource, *this.task);
                this.open
                    .get_or_insert_with(|| resource.begin_wait(task, *this.wanted, *this.limited));
                Poll::Pending
            }
            Poll::Ready(Ok(acquired)) => Poll::Ready(Ok((acquired, this.open.take().map(OpenWait::succeed)))),
            Poll::Ready(Err(error)) => {
                drop(this.open.take());
                Poll::Ready(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Collector, Registry};
    use crate::record::Record;
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    /// Polls a wait for a permit once, calls `end` with the semaphore and the wait, and returns the
    /// records of the wait.
    fn records(end: impl FnOnce(&Semaphore, Pin<&mut dyn Future<Output = bool>>)) -> Vec<Record> {
        let registry = Registry::new();
        let task = TaskHandle::new(&registry, &registry.group_named("a"));
        let (resource, semaphore) = (Resource::new(ResourceId(3)), Semaphore::new(0));
        {
            let wait = RecordedWait::new(semaphore.acquire(), &resource, &task, Wanted::Access, true);
            let mut wait = pin!(async { wait.await.is_ok() });
            let mut context = Context::from_waker(Waker::noop());
            assert!(wait.as_mut().poll(&mut context).is_pending());
            assert_eq!(resource.waiting_for_access.load(Relaxed), 1);
            end(&semaphore, wait);
        }
        assert_eq!(resource.waiting_for_access.load(Relaxed), 0);
        let batch = Collector::new(Arc::clone(&registry), None).batch();
        batch.records.into_iter().map(|(_, record)| record).collect()
    }

    fn handed_over(records: &[Record]) -> Vec<bool> {
        let ends = records.iter().filter_map(|record| match record {
            Record::WaitEnded(ended) => Some(ended.handed_over),
            _ => None,
        });
        ends.collect()
    }

    #[test]
    fn a_permit_given_to_a_cancelled_task_is_recorded_and_given_back() {
        let given = records(|semaphore, _| semaphore.add_permits(1));
        assert_eq!(handed_over(&given), [true]);
        let not_given = records(|_, _| ());
        assert_eq!(handed_over(&not_given), [false]);
        let closed = records(|semaphore, _| semaphore.close());
        assert_eq!(handed_over(&closed), [false]);
        let taken = records(|semaphore, wait| {
            semaphore.add_permits(1);
            assert_eq!(wait.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(true));
        });
        assert_eq!(handed_over(&taken), [false; 0]);
        let began = taken
            .iter()
            .filter(|record| matches!(record, Record::WaitBegan(began) if began.limited));
        assert_eq!(began.count(), 1);
    }
}
