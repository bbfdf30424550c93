//! Why a run cannot start.

use crate::executor;
use crate::workload::ServicesError;

/// Why a run cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The services cannot start.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// The executor cannot start.
    #[error(transparent)]
    Executor(#[from] executor::StartError),
}

impl RunError {
    /// Whether the start was cancelled. A cancelled start is not a fault.
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            RunError::Services(ServicesError::Cancelled(_)) | RunError::Executor(executor::StartError::Cancelled(_))
        )
    }
}
