//! Branches: parts of a task that the task polls itself, such as the futures of `tokio::join!`.
//!
//! The runtime does not know about branches. A branch runs only inside a poll of its task, so it
//! waits while the task polls another branch. To show this, each branch has its own identity: an
//! id, stamps of its wake-ups, and a slice for each poll of the branch. A wake-up of a branch wakes
//! its task too.

use super::TaskHandle;
use crate::probe::lane;
use crate::probe::now;
use crate::probe::registry::{Group, RegisteredTask};
use crate::probe::sync::{AtomicBool, SeqCst};
use crate::record::ProcessInstant;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

impl TaskHandle {
    /// Starts a branch of this task. The branch is queued from this moment.
    pub fn branch(&self, group: &Group) -> TaskHandle {
        let registry = self.registry().clone();
        let id = registry.next_task_id();
        let slot = RegisteredTask::branch_of(self.0.clone(), registry, group.id, group.next_index());
        let branch = TaskHandle(Arc::new(slot));
        branch.0.set_id(id);
        branch.record_start(now(), self.0.id(), true);
        branch
    }

    /// Runs a part of this branch on the thread that its task holds, and records a slice of the
    /// branch, even if `body` panics.
    pub fn run_branch<R>(&self, body: impl FnOnce() -> R) -> R {
        struct Slice<'a>(&'a RegisteredTask);
        impl Drop for Slice<'_> {
            fn drop(&mut self) {
                let at = lane::end_branch(self.0);
                // If the branch was woken during this slice, it does not count as queued before the
                // end of the slice.
                if self.0.stamps.is_woken() {
                    self.0.stamps.set_woken_at(at);
                }
            }
        }
        lane::begin_branch(self.id());
        let _slice = Slice(&self.0);
        lane::take_wake(&self.0.stamps);
        body()
    }

    /// Derives the ready time of this task from these branches. The task has just polled these
    /// branches. `limit` is the deadline of the task's timeout.
    pub fn ready_by_branches<'a>(&self, branches: impl Iterator<Item = &'a TaskHandle>, limit: Option<ProcessInstant>) {
        let branches = branches.map(|branch| &branch.0);
        self.0.set_ready_by_branches(branches, limit, now());
    }
}

/// The waker of a branch. Unlike the stamps of the branch, this flag misses no wake-up.
struct BranchWaker {
    branch: Arc<RegisteredTask>,
    /// Whether the branch was woken since its last poll began.
    needs_poll: AtomicBool,
}

impl Wake for BranchWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.needs_poll.store(true, SeqCst);
        self.branch.wake_by_ref();
    }
}

/// The future of a branch.
pub struct Branch<T> {
    handle: TaskHandle,
    wakeups: Arc<BranchWaker>,
    waker: Waker,
    body: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> Branch<T> {
    /// The branch `handle` with this future.
    pub fn new(handle: TaskHandle, body: Pin<Box<dyn Future<Output = T> + Send>>) -> Branch<T> {
        let wakeups = Arc::new(BranchWaker {
            branch: handle.0.clone(),
            needs_poll: AtomicBool::new(true),
        });
        Branch {
            waker: Waker::from(wakeups.clone()),
            wakeups,
            handle,
            body,
        }
    }

    /// The handle of the branch.
    pub fn handle(&self) -> &TaskHandle {
        &self.handle
    }

    /// Whether the branch was woken since its last poll, or was never polled.
    pub fn needs_poll(&self) -> bool {
        self.wakeups.needs_poll.load(SeqCst)
    }

    /// Polls the branch, as a part of the present poll of its task. `context` is the context of the
    /// task.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<T> {
        let slot = &self.handle.0;
        // The task has the same waker during its whole life.
        slot.runtime_waker.get_or_init(|| context.waker().clone());
        self.wakeups.needs_poll.store(false, SeqCst);
        let body = self.body.as_mut();
        self.handle
            .run_branch(|| body.poll(&mut Context::from_waker(&self.waker)))
    }
}

impl<T> Drop for Branch<T> {
    /// A branch that is dropped may have been ready since its last poll. The guards in its future
    /// clear the stamps, so the lateness of the branch is noted before the future is dropped.
    fn drop(&mut self) {
        let slot = &self.handle.0;
        if !slot.has_ended() {
            slot.note_drop(now());
        }
    }
}
