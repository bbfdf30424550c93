//! A waker that tells wake-ups from outside a task from those that the task gives itself.
//!
//! A hyper connection and the request on it are two futures that wake each other. Both live in one task here, so each such
//! wake-up would have the runtime poll the task once more, for nothing: polls that the scenario does not contain, on
//! everybody's timeline. So the two get this waker: a knock from inside (from the thread that polls them, while it does)
//! is answered by another round on the spot, and only one from outside reaches the task's own waker.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

/// Rounds after which those inside are told to queue like everybody else.
const ROUNDS: usize = 8;

#[derive(Default)]
pub(super) struct ReentrantWaker(Mutex<State>);

#[derive(Default)]
struct State {
    /// The task's own waker.
    task: Option<Waker>,
    /// Who polls at this moment.
    inside: Option<ThreadId>,
    /// There was a knock from inside.
    knocked: bool,
}

impl ReentrantWaker {
    /// Polls what is behind the door until it is ready or nothing moves inside. `waker` is this door's own.
    pub(super) fn poll<T>(
        &self,
        waker: &Waker,
        outer: &mut Context<'_>,
        mut inner: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        for _ in 0..ROUNDS {
            self.enter(outer.waker());
            let polled = inner(&mut Context::from_waker(waker));
            let knocked = self.leave();
            if polled.is_ready() || !knocked {
                return polled;
            }
        }
        outer.waker().wake_by_ref();
        Poll::Pending
    }

    fn enter(&self, task: &Waker) {
        let mut state = self.state();
        state.inside = Some(thread::current().id());
        state.knocked = false;
        match &mut state.task {
            Some(known) => known.clone_from(task),
            none => *none = Some(task.clone()),
        }
    }

    fn leave(&self) -> bool {
        let mut state = self.state();
        state.inside = None;
        state.knocked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whole at every moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for ReentrantWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.state();
        if state.inside == Some(thread::current().id()) {
            state.knocked = true;
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

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    fn set_up() -> (Arc<Count>, Waker, Arc<ReentrantWaker>, Waker) {
        let count = Arc::new(Count::default());
        let door = Arc::new(ReentrantWaker::default());
        (count.clone(), Waker::from(count), door.clone(), Waker::from(door))
    }

    #[test]
    fn a_knock_from_inside_is_another_round() {
        let (woken, task, door, waker) = set_up();
        let mut rounds = 0;
        let polled = door.poll(&waker, &mut Context::from_waker(&task), |inner| {
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
    fn a_knock_from_outside_wakes_the_task() {
        let (woken, task, door, waker) = set_up();
        let polled = door.poll(&waker, &mut Context::from_waker(&task), |inner| {
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
    fn those_who_never_rest_take_their_turn() {
        let (woken, task, door, waker) = set_up();
        let mut rounds = 0;
        let polled = door.poll(&waker, &mut Context::from_waker(&task), |inner| {
            rounds += 1;
            inner.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        assert!(polled.is_pending());
        assert_eq!((rounds, woken.0.load(Relaxed)), (ROUNDS, 1));
    }
}
