//! Reports the ends of a step's children to their parent.

use crate::probe;
use crate::record::{Outcome, ProcessInstant};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// How and when a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::workload) struct ChildEnd {
    /// The index of the child in the order in which the step spawned its children.
    pub(super) child: usize,
    pub(super) outcome: Outcome,
    pub(super) at: ProcessInstant,
}

/// The ends of a step's children, in the order in which the children reported them. A parent that
/// has continued no longer reads the ends.
#[derive(Debug, Default)]
pub(in crate::workload) struct ChildCompletions {
    state: Mutex<State>,
    /// Notified when a child has ended.
    added: Condvar,
}

#[derive(Debug, Default)]
struct State {
    ends: Vec<ChildEnd>,
    /// The waker of the parent, if the parent is async and waits.
    waker: Option<Waker>,
}

impl ChildCompletions {
    /// Polls for the next end. `observed` is the number of ends that the parent has already
    /// observed.
    pub(in crate::workload) fn poll(&self, observed: usize, context: &mut Context<'_>) -> Poll<ChildEnd> {
        let mut state = self.state.lock();
        match state.ends.get(observed) {
            Some(&end) => Poll::Ready(end),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Waits for the next end, and blocks the calling thread. `observed` is the number of ends that
    /// the parent has already observed.
    pub(in crate::workload) fn wait(&self, observed: usize) -> ChildEnd {
        self.wait_for(|ends| ends.get(observed).copied())
    }

    /// Returns the end of the child with this index. The child must have ended, but its report may
    /// not have arrived yet. Blocks the calling thread until the report arrives.
    pub(super) fn wait_for_child(&self, child: usize) -> ChildEnd {
        self.wait_for(|ends| ends.iter().find(|end| end.child == child).copied())
    }

    fn wait_for(&self, find: impl Fn(&[ChildEnd]) -> Option<ChildEnd>) -> ChildEnd {
        let mut state = self.state.lock();
        loop {
            if let Some(end) = find(&state.ends) {
                return end;
            }
            self.added.wait(&mut state);
        }
    }

    /// All ends after the first `observed` ends.
    pub(super) fn since(&self, observed: usize) -> Vec<ChildEnd> {
        self.state.lock().ends[observed..].to_vec()
    }
}

/// Lets a child report its end to its parent.
pub(in crate::workload) struct CompletionReporter {
    pub(super) completions: Arc<ChildCompletions>,
    /// The index of the child.
    pub(super) child: usize,
}

impl CompletionReporter {
    /// Reports that the child has ended. Call this only after the end has been recorded.
    pub(in crate::workload) fn report(&self, outcome: Outcome) {
        let end = ChildEnd {
            child: self.child,
            outcome,
            at: probe::now(),
        };
        let waker = {
            let mut state = self.completions.state.lock();
            state.ends.push(end);
            state.waker.take()
        };
        self.completions.added.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
