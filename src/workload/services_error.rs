//! The reasons why the services of a run cannot start.

use std::io;
use std::path::PathBuf;

/// The caller cancelled the run before it started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the run was cancelled before it started")]
pub struct Cancelled;

/// Why [`Services`](super::Services) cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The scratch folder, or a file in it, cannot be created.
    #[error("cannot create scratch files in {} (set TMPDIR to use another folder)", folder.display())]
    Scratch {
        /// The scratch folder, or its parent folder if the scratch folder itself cannot be created.
        folder: PathBuf,
        /// The error of the system or of the database.
        source: io::Error,
    },
    /// The loopback HTTP service cannot listen.
    #[error("the loopback HTTP service cannot listen on 127.0.0.1")]
    Http(#[source] io::Error),
    /// The caller cancelled the start.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
