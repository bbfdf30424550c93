//! Logs the deadlocks that the model finds.

use crate::model::Model;

/// Logs each deadlock once.
#[derive(Default)]
pub struct DeadlockLog {
    /// The number of deadlocks that have been logged.
    logged: usize,
}

impl DeadlockLog {
    /// Logs the deadlocks that were found since the last call. Call this after each batch.
    pub fn log_new(&mut self, model: &Model) {
        for deadlock in &model.deadlocks()[self.logged..] {
            tracing::error!("{}", deadlock.sentence);
        }
        self.logged = model.deadlocks().len();
    }
}
