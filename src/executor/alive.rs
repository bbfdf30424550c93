//! How a run learns that its last task has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the tasks that have not ended, and calls somebody when there are none.
pub struct Alive {
    count: AtomicUsize,
    none_left: Box<dyn Fn() + Send + Sync>,
}

impl Alive {
    /// Calls `none_left` each time the last task has ended, on that task's thread.
    pub fn new(none_left: impl Fn() + Send + Sync + 'static) -> Arc<Alive> {
        Arc::new(Alive {
            count: AtomicUsize::new(0),
            none_left: Box::new(none_left),
        })
    }

    /// How many have not ended.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// One more, until the guard is dropped.
    pub(super) fn enter(self: &Arc<Alive>) -> Presence {
        self.count.fetch_add(1, Ordering::Relaxed);
        Presence(self.clone())
    }
}

/// One task that has not ended.
pub(super) struct Presence(Arc<Alive>);

impl Drop for Presence {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            (self.0.none_left)();
        }
    }
}
