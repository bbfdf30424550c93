//! Tasks on a tokio runtime: the future that stamps and takes wake-ups, and how the task gets its
//! id.
//!
//! tokio can stamp wake-ups itself (`track_task_schedule_latency`). tokio's stamps cost 132 ns per
//! poll and do not name the waking task. The probe's own waker, which is created once per task,
//! costs less and stamps both the instant and the waking task. But this waker does not record the
//! delay of tasks that a library spawns.

use super::TaskHandle;
use crate::probe::lane::{self, WakeCause};
use crate::probe::now;
use crate::probe::registry::{Group, RegisteredTask, Registry};
use crate::record::{Outcome, ProcessInstant, TaskId};
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
    /// The task that is being handed to the runtime, until the spawn hook assigns its id.
    static SPAWNING: RefCell<Option<TaskHandle>> = const { RefCell::new(None) };
}

/// Spawns a task of `group` on a runtime that [`install`](crate::probe::install) prepared. `body`
/// receives the task's handle and returns its future.
///
/// # Panics
/// Panics if tokio refuses the task. tokio 1.54 never refuses a task that has a name.
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
    // Only consoles use this name. The screen makes the name of a task itself.
    let name = format!("{}#{}", group.name(), handle.index());
    SPAWNING.set(Some(handle));
    let join = tokio::task::Builder::new().name(&name).spawn_on(future, runtime);
    SPAWNING.set(None);
    join.expect("tokio 1.54 never refuses a task that has a name")
}

/// Whether [`spawn`] spawned the task. `place` is where the task was spawned, as reported by tokio.
pub(in crate::probe) fn is_ours(place: &Location<'_>) -> bool {
    place.file() == file!()
}

/// Assigns an id of the runtime to the task that is being handed to the runtime. Returns `false` if
/// that task is not a task of tasklab.
pub(in crate::probe) fn name_spawned(id: TaskId) -> bool {
    let Some(task) = SPAWNING.take() else {
        return false;
    };
    // While a runtime shuts down, it drops the future first, and assigns the id afterwards.
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
            let at = now();
            let by = match lane::wake_cause() {
                WakeCause::Task(task) => Some(task),
                WakeCause::Park(parked) => {
                    self.note_end_of_park(parked, at);
                    None
                }
                WakeCause::Other => None,
            };
            self.stamps.wake(at, by);
        }
        if let Some(waker) = self.runtime_waker.get() {
            waker.wake_by_ref();
        }
    }
}

impl RegisteredTask {
    /// Moves the ready time of a timer from its tick to the instant at which the worker's park
    /// ended. Must be called by the worker that woke the task at `at` and has been parked since
    /// `parked`.
    fn note_end_of_park(&self, parked: ProcessInstant, at: ProcessInstant) {
        if let Some(tick) = self.stamps.timer().filter(|&tick| tick <= at) {
            let end = self.owner.ticks().end_of_park(tick, parked);
            self.stamps.set_timer(end.min(at));
        }
    }
}

pin_project! {
    /// A future that stamps and takes its task's wake-ups, and records how the task ended.
    struct Probed<F> {
        handle: TaskHandle,
        waker: Waker,
        #[pin]
        body: F,
    }

    impl<F> PinnedDrop for Probed<F> {
        fn drop(this: Pin<&mut Self>) {
            // The runtime drops the future of an aborted task within a slice. This slice then ends
            // the task's wait.
            let task = &this.handle.0;
            if !task.has_ended() {
                if lane::current_task().is_some_and(|current| Some(current) == task.id()) {
                    lane::take_wake(&task.stamps);
                }
                this.handle.end(Outcome::Cancelled);
            }
        }
    }
}

/// Records that the task panicked, if a panic unwinds through a poll.
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
            Poll::Pending => {
                let at = lane::end_slice_of(task);
                // If the task was woken during this slice, it does not count as queued before the
                // end of the slice.
                if task.stamps.is_woken() {
                    task.stamps.set_woken_at(at);
                }
            }
        }
        polled.map(|_| ())
    }
}
