//! Why a run cannot start, as far as the services of its tasks are concerned.

use std::io;
use std::path::PathBuf;

/// The caller no longer wants the run that is starting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the run was cancelled before it started")]
pub struct Cancelled;

/// Why [`Services`](super::Services) cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The scratch folder, or a file in it, cannot be created.
    #[error("cannot create scratch files in {} (set TMPDIR to use another folder)", folder.display())]
    Scratch {
        /// The scratch folder, or the folder in which it should be.
        folder: PathBuf,
        /// What the system or the database says.
        source: io::Error,
    },
    /// The loopback HTTP service cannot listen.
    #[error("the loopback HTTP service cannot listen on 127.0.0.1")]
    Http(#[source] io::Error),
    /// The caller cancelled the start.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
