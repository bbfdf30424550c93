//! Counts the tasks that have not ended, so that a run without a duration knows when it is over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// The number of tasks that have not ended, including child tasks, and a callback for the end of
/// the last task.
#[derive(Default)]
pub struct LiveTasks {
    count: AtomicUsize,
    on_none_left: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl LiveTasks {
    /// Sets the callback. The callback is called each time the number of live tasks becomes zero.
    /// The callback runs on the thread that ended the last task. Only the first call of this method
    /// has an effect.
    pub fn on_none_left(&self, on_none_left: impl Fn() + Send + Sync + 'static) {
        let _ = self.on_none_left.set(Box::new(on_none_left));
    }

    /// The number of tasks that have not ended.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Counts one more task until the guard is dropped.
    pub(crate) fn track(self: &Arc<LiveTasks>) -> LiveTaskGuard {
        self.count.fetch_add(1, Ordering::Relaxed);
        LiveTaskGuard(self.clone())
    }
}

/// One task that has not ended.
pub(crate) struct LiveTaskGuard(Arc<LiveTasks>);

impl Drop for LiveTaskGuard {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(on_none_left) = self.0.on_none_left.get()
        {
            on_none_left();
        }
    }
}
