//! Where the children of one step report their ends, and their parent hears of them.

use crate::probe;
use crate::record::{Nanos, Outcome};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How a child ended, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::workload) struct End {
    /// Which, in the order of the call.
    pub(super) place: usize,
    pub(super) outcome: Outcome,
    pub(super) at: Nanos,
}

/// The ends of a step's children, in the order in which they came. A parent that has gone on simply does not look any more.
#[derive(Debug, Default)]
pub(in crate::workload) struct ChildCompletions {
    state: Mutex<State>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct State {
    ends: Vec<End>,
    /// Of an async parent that waits.
    waker: Option<Waker>,
}

impl ChildCompletions {
    /// The end number `heard`, once there are so many.
    pub(in crate::workload) fn poll(&self, heard: usize, context: &mut Context<'_>) -> Poll<End> {
        let mut state = self.state();
        match state.ends.get(heard) {
            Some(&end) => Poll::Ready(end),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The same, and keeps the thread meanwhile.
    pub(in crate::workload) fn wait(&self, heard: usize) -> End {
        let mut state = self.state();
        loop {
            if let Some(&end) = state.ends.get(heard) {
                return end;
            }
            state = self.told.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The end of the child at this place, which has ended and tells so at once.
    pub(super) fn wait_for(&self, place: usize) -> End {
        let mut state = self.state();
        loop {
            if let Some(&end) = state.ends.iter().find(|end| end.place == place) {
                return end;
            }
            state = self.told.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The ends from number `heard` on, as far as there are any.
    pub(super) fn rest(&self, heard: usize) -> Vec<End> {
        self.state().ends[heard..].to_vec()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A list that only grows is whole whenever the lock is free.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A child's place in its family.
pub(in crate::workload) struct Place {
    pub(super) family: Arc<ChildCompletions>,
    pub(super) place: usize,
}

impl Place {
    /// The child has ended, which is recorded already.
    pub(in crate::workload) fn report(&self, outcome: Outcome) {
        let end = End {
            place: self.place,
            outcome,
            at: probe::now(),
        };
        let waker = {
            let mut state = self.family.state();
            state.ends.push(end);
            state.waker.take()
        };
        self.family.told.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
