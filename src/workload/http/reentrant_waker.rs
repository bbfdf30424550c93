//! A waker that distinguishes two kinds of wake-ups: those from outside a task, and those that the
//! task causes itself.
//!
//! A hyper connection and its request are two futures that wake each other. Here, both futures
//! belong to one task. With the task's own waker, each such wake-up would make the runtime poll the
//! task once more without need. Every timeline would show polls that are not in the scenario.
//! Therefore both futures get this waker. A future may call the waker during its poll, on the same
//! thread. Then both futures are polled again immediately. Only a call from outside the poll
//! reaches the task's own waker.

use parking_lot::Mutex;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

/// The maximum number of rounds of polling within one poll of the task. After these rounds, the
/// task yields to the other tasks of its worker.
const MAX_ROUNDS: usize = 8;

#[derive(Default)]
pub(super) struct ReentrantWaker(Mutex<State>);

#[derive(Default)]
struct State {
    /// The task's own waker.
    task: Option<Waker>,
    /// The thread that is polling the inner futures now, if any.
    polling: Option<ThreadId>,
    /// Whether the inner futures were woken during this poll.
    is_woken: bool,
}

impl ReentrantWaker {
    /// Polls `inner` until it is ready, or until a poll causes no wake-up from inside. `waker` is
    /// this object as a [`Waker`]. `outer` is the context of the task.
    pub(super) fn poll<T>(
        &self,
        waker: &Waker,
        outer: &mut Context<'_>,
        mut inner: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        for _ in 0..MAX_ROUNDS {
            self.begin_poll(outer.waker());
            let polled = inner(&mut Context::from_waker(waker));
            let is_woken = self.end_poll();
            if polled.is_ready() || !is_woken {
                return polled;
            }
        }
        outer.waker().wake_by_ref();
        Poll::Pending
    }

    fn begin_poll(&self, task: &Waker) {
        let mut state = self.0.lock();
        state.polling = Some(thread::current().id());
        state.is_woken = false;
        match &mut state.task {
            Some(known) => known.clone_from(task),
            none => *none = Some(task.clone()),
        }
    }

    /// Ends the poll, and returns whether the inner futures were woken during the poll.
    fn end_poll(&self) -> bool {
        let mut state = self.0.lock();
        state.polling = None;
        state.is_woken
    }
}

impl Wake for ReentrantWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.0.lock();
        if state.polling == Some(thread::current().id()) {
            state.is_woken = true;
            return;
        }
        let task = state.task.clone();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// Counts the wake-ups that reach the task.
    #[derive(Default)]
    struct WakeCount(AtomicUsize);

    impl Wake for WakeCount {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    fn set_up() -> (Arc<WakeCount>, Waker, Arc<ReentrantWaker>, Waker) {
        let count = Arc::new(WakeCount::default());
        let reentrant = Arc::new(ReentrantWaker::default());
        (
            count.clone(),
            Waker::from(count),
            reentrant.clone(),
            Waker::from(reentrant),
        )
    }

    #[test]
    fn a_wake_up_from_inside_causes_another_round() {
        let (woken, task, reentrant, waker) = set_up();
        let mut rounds = 0;
        let polled = reentrant.poll(&waker, &mut Context::from_waker(&task), |inner| {
            rounds += 1;
            if rounds < 3 {
                inner.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        });
        assert!(polled.is_pending());
        assert_eq!((rounds, woken.0.load(Relaxed)), (3, 0));
    }

    #[test]
    fn a_wake_up_from_outside_wakes_the_task() {
        let (woken, task, reentrant, waker) = set_up();
        let polled = reentrant.poll(&waker, &mut Context::from_waker(&task), |inner| {
            let kept = inner.waker().clone();
            thread::spawn(move || kept.wake()).join().unwrap();
            Poll::<()>::Pending
        });
        assert!(polled.is_pending());
        assert_eq!(woken.0.load(Relaxed), 1);
        waker.wake_by_ref();
        assert_eq!(woken.0.load(Relaxed), 2);
    }

    #[test]
    fn futures_that_wake_each_other_without_end_yield_after_some_rounds() {
        let (woken, task, reentrant, waker) = set_up();
        let mut rounds = 0;
        let polled = reentrant.poll(&waker, &mut Context::from_waker(&task), |inner| {
            rounds += 1;
            inner.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        assert!(polled.is_pending());
        assert_eq!((rounds, woken.0.load(Relaxed)), (MAX_ROUNDS, 1));
    }
}
