//! How a run learns that its last task has ended.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Counts the tasks that have not ended, children included, and calls somebody when there are none.
#[derive(Default)]
pub struct Alive {
    count: AtomicUsize,
    none_left: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Alive {
    /// From now on calls `none_left` each time the last task has ended, on that task's thread. Only the first call of this
    /// counts: there is one run.
    pub fn when_none_left(&self, none_left: impl Fn() + Send + Sync + 'static) {
        let _ = self.none_left.set(Box::new(none_left));
    }

    /// How many have not ended.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// One more, until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Alive>) -> Presence {
        self.count.fetch_add(1, Ordering::Relaxed);
        Presence(self.clone())
    }
}

impl fmt::Debug for Alive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Alive").field(&self.count()).finish()
    }
}

/// One task that has not ended.
pub(crate) struct Presence(Arc<Alive>);

impl Drop for Presence {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(none_left) = self.0.none_left.get()
        {
            none_left();
        }
    }
}
