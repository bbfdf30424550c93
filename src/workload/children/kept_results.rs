//! The results of children, if no task collects the results: a `JoinSet` that only grows.
//!
//! A child allocates its result when it completes. The result stays until the parent ends. On a
//! runtime, the parent then also cancels its children that still run, as a `JoinSet` does when it
//! is dropped. The parent also keeps the `JoinHandle` of each child: a finished task of the runtime
//! needs memory until its `JoinHandle` is dropped.

use crate::probe::TaskHandle;
use crate::record::{ProcessInstant, Wanted};
use crate::workload::Services;
use crate::workload::error_throttle::ErrorKind;
use crate::workload::shared::{Content, Results};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The results that one task keeps. All children of the task add their results here.
pub(in crate::workload) struct KeptResults {
    services: Arc<Services>,
    /// The index of the results in the list of the run.
    index: usize,
    parent: TaskHandle,
    /// Each result, with the instant at which it was added. `None` after the end of the parent.
    results: Mutex<Option<Vec<(ProcessInstant, Content)>>>,
}

impl KeptResults {
    fn shared(&self) -> &Results {
        &self.services.shared().results[self.index]
    }

    /// Makes the result of `child`, which is about to complete. Does nothing if the parent has
    /// ended. Logs an error if there is no memory left for the result.
    pub(in crate::workload) fn add(&self, child: &TaskHandle) {
        if self.results.lock().is_none() {
            return;
        }
        match self.shared().items.content() {
            Ok(content) => {
                // The parent may have ended while the content was allocated.
                if let Some(results) = &mut *self.results.lock() {
                    let since = self.shared().resource.acquire(child, Wanted::Access, None);
                    results.push((since, content));
                }
            }
            Err(error) => self.services.error_throttle().report(child, ErrorKind::Memory, error),
        }
    }

    /// Drops all results.
    fn close(&self) {
        // The lock is free during the loop, so no child waits for the parent.
        let results = self.results.lock().take();
        for (since, content) in results.into_iter().flatten() {
            self.shared()
                .resource
                .release(&self.parent, Wanted::Access, None, since);
            drop(content);
        }
    }
}

/// What the parent keeps: the results, and the handles of the children on the runtime.
pub(in crate::workload) struct JoinSet {
    results: Arc<KeptResults>,
    children: Vec<JoinHandle<()>>,
}

impl JoinSet {
    /// The set of the task `parent`. `index` is the index of its results in the list of the run.
    pub(in crate::workload) fn new(parent: &TaskHandle, services: &Arc<Services>, index: usize) -> JoinSet {
        JoinSet {
            results: Arc::new(KeptResults {
                services: services.clone(),
                index,
                parent: parent.clone(),
                results: Mutex::new(Some(Vec::new())),
            }),
            children: Vec::new(),
        }
    }

    /// Where the children put their results.
    pub(in crate::workload) fn results(&self) -> Arc<KeptResults> {
        self.results.clone()
    }

    /// Adds a child that runs on the runtime.
    pub(in crate::workload) fn push(&mut self, child: JoinHandle<()>) {
        self.children.push(child);
    }
}

impl Drop for JoinSet {
    fn drop(&mut self) {
        let running = self.children.iter().filter(|child| !child.is_finished()).count();
        if running > 0 && !self.results.services.stop().is_requested() {
            tracing::info!("the task that keeps the results has ended, so its children are cancelled: {running}");
        }
        for child in &self.children {
            child.abort();
        }
        self.results.close();
    }
}
