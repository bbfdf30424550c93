//! Locks, semaphores and channels, for tasks that keep their thread while they wait.

use super::{Inline, StepError};
use crate::probe::{self, lane};
use crate::record::Label;
use crate::workload::program::Instruction;
use crate::workload::shared::block_on;
use std::future::Future;
use tokio::sync::{AcquireError, TryAcquireError};

impl Inline<'_> {
    /// Does steps under the lock number `lock`.
    pub(super) fn lock(&mut self, label: Label, lock: usize, steps: &[Instruction]) -> Result<(), StepError> {
        let lock = &self.services.shared().locks[lock];
        self.spanning(label, |this| {
            let _guard = match lock.try_block() {
                Some(guard) => guard,
                None => lane::blocking(label, || lock.block())?,
            };
            this.run(steps)
        })
    }

    /// Does steps with a permit of the semaphore number `semaphore`.
    pub(super) fn semaphore(&mut self, label: Label, semaphore: usize, steps: &[Instruction]) -> Result<(), StepError> {
        let semaphore = &self.services.shared().semaphores[semaphore];
        self.spanning(label, |this| {
            let _permit = match semaphore.try_acquire() {
                Ok(permit) => permit,
                // Closed only when the run stops, which the wait tells at once.
                Err(_) => lane::blocking(label, || block_on(semaphore.acquire())).map_err(|_| StepError::Stopped)?,
            };
            this.run(steps)
        })
    }

    /// Waits until something has gone into a channel, or come out of it, unless that could be done at once.
    pub(super) fn pass(
        &self,
        label: Label,
        tried: Result<(), TryAcquireError>,
        passing: impl Future<Output = Result<(), AcquireError>>,
    ) -> Result<(), StepError> {
        match tried {
            Ok(()) => {
                lane::step(self.task, label, probe::now());
                Ok(())
            }
            Err(_) => lane::blocking(label, || block_on(passing)).map_err(|_| StepError::Stopped),
        }
    }
}
