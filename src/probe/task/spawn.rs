//! Tasks on a tokio runtime: the future that takes and stamps wake-ups, and how it gets its id.
//!
//! tokio can stamp wake-ups itself (`track_task_schedule_latency`), which costs 132 ns a poll and
//! does not say which task woke which. A waker of our own, made once per task, costs less and knows
//! both. The price: tasks that a library spawns have slices but no delay.

use super::TaskHandle;
use crate::probe::lane;
use crate::probe::now;
use crate::probe::registry::{Group, RegisteredTask, Registry};
use crate::record::{Outcome, TaskId};
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

thread_local! {
    /// The task that is being handed to the runtime, until the spawn hook gives it its id.
    static SPAWNING: RefCell<Option<TaskHandle>> = const { RefCell::new(None) };
}

/// Spawns a task of `group` on a runtime that [`install`](crate::probe::install) prepared. `body`
/// gets the task's handle and makes its future.
///
/// # Panics
/// Never with tokio 1.54, which refuses no task that has a name.
pub fn spawn<F>(
    runtime: &Handle,
    registry: &Arc<Registry>,
    group: &Group,
    body: impl FnOnce(TaskHandle) -> F,
) -> JoinHandle<()>
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let handle = TaskHandle::without_id(registry, group, group.next_index());
    let future = Probed {
        waker: Waker::from(handle.0.clone()),
        body: body(handle.clone()),
        handle: handle.clone(),
    };
    // The name is for consoles; the screen has its own.
    let name = format!("{}#{}", group.name(), handle.index());
    SPAWNING.set(Some(handle));
    let join = tokio::task::Builder::new().name(&name).spawn_on(future, runtime);
    SPAWNING.set(None);
    join.expect("tokio 1.54 never refuses a task that has a name")
}

/// Whether [`spawn`] spawned the task of which tokio says that it was spawned at `place`.
pub(in crate::probe) fn is_ours(place: &Location<'_>) -> bool {
    place.file() == file!()
}

/// The runtime gives this id to the task that is being handed to it. `false`: the task is not ours.
pub(in crate::probe) fn name_spawned(id: TaskId) -> bool {
    let Some(task) = SPAWNING.take() else {
        return false;
    };
    // A runtime that shuts down drops the future first and gives the id afterwards.
    if task.0.has_ended() {
        return true;
    }
    task.0.set_id(id);
    task.record_spawn(now(), lane::current_task());
    true
}

impl Wake for RegisteredTask {
    #[inline]
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        if !self.stamps.is_woken() {
            let by = lane::current_task();
            self.stamps.wake(now(), by);
        }
        if let Some(waker) = self.runtime_waker.get() {
            waker.wake_by_ref();
        }
    }
}

pin_project! {
    /// A future that takes and stamps its task's wake-ups and records how the task ended.
    struct Probed<F> {
        handle: TaskHandle,
        waker: Waker,
        #[pin]
        body: F,
    }

    impl<F> PinnedDrop for Probed<F> {
        fn drop(this: Pin<&mut Self>) {
            // Changes nothing if the task has ended already.
            this.handle.end(Outcome::Cancelled);
        }
    }
}

/// Records a panic that passes through a poll.
struct PanicGuard<'a>(&'a TaskHandle);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        self.0.end(Outcome::Panicked);
    }
}

impl<F: Future<Output = Outcome>> Future for Probed<F> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let task = &this.handle.0;
        lane::take_wake(&task.stamps);
        task.runtime_waker.get_or_init(|| context.waker().clone());
        let guard = PanicGuard(this.handle);
        let polled = this.body.poll(&mut Context::from_waker(this.waker));
        std::mem::forget(guard);
        match polled {
            Poll::Ready(outcome) => {
                this.handle.end(outcome);
            }
            // A task that was woken during this slice is queued from its end on, not before.
            Poll::Pending if task.stamps.is_woken() => task.stamps.set_woken_at(now()),
            Poll::Pending => {}
        }
        polled.map(|_| ())
    }
}
