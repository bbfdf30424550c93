//! The scratch folder: the only place where file steps read and write.
//!
//! Files to read are made before the run begins, one per size, so that no measured thread makes them; each task writes
//! over a file of its own.

use super::services::StartError;
use crate::record::TaskId;
use crate::scenario::{FileOp, Scenario, Step};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use tempfile::TempDir;

/// What is written, again and again until the size is reached.
static CHUNK: LazyLock<Vec<u8>> = LazyLock::new(|| (0..1 << 20).map(|i: u32| (i % 251) as u8).collect());

/// A folder that is removed with all that is in it.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Taken when it is removed.
    folder: Mutex<Option<TempDir>>,
}

impl Scratch {
    /// Makes the folder in the system's place for temporary files (`TMPDIR`), and the files that the scenario reads.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be made, or `cancelled`, which is asked before every MiB, says yes.
    pub fn new(scenario: &Scenario, cancelled: &dyn Fn() -> bool) -> Result<Scratch, StartError> {
        let folder = tempfile::Builder::new()
            .prefix("tasklab-")
            .tempdir()
            .map_err(|error| StartError::Scratch(std::env::temp_dir(), error))?;
        let scratch = Scratch {
            path: folder.path().to_owned(),
            folder: Mutex::new(Some(folder)),
        };
        let mut sizes = BTreeSet::new();
        for task in &scenario.tasks {
            sizes_to_read(&task.steps, &mut sizes);
        }
        for size in sizes {
            let path = scratch.to_read(size);
            let failed = |error| StartError::Scratch(path.clone(), error);
            let mut file = File::create(&path).map_err(failed)?;
            for chunk in chunks(size) {
                if cancelled() {
                    return Err(StartError::Cancelled);
                }
                file.write_all(chunk).map_err(failed)?;
            }
        }
        Ok(scratch)
    }

    /// Another process's, which made what is read and removes it all.
    pub(super) fn lent(path: PathBuf) -> Scratch {
        Scratch {
            path,
            folder: Mutex::new(None),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of this size that tasks read.
    pub(super) fn to_read(&self, size: u64) -> PathBuf {
        self.path.join(format!("read-{size}"))
    }

    /// The file that this task writes.
    pub(super) fn to_write(&self, task: TaskId) -> PathBuf {
        self.path.join(format!("written-by-{}", task.get()))
    }

    /// Removes the folder. A task that is still writing finds it gone; whoever else comes to remove it waits until it is.
    ///
    /// # Errors
    /// When something in it cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        let mut guard = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = guard.take() else {
            return Ok(());
        };
        // Who writes while the folder is emptied may make one more file in it.
        let removed = (0..10)
            .find_map(|_| std::fs::remove_dir_all(folder.path()).ok())
            .map_or_else(|| folder.close(), Ok);
        match removed {
            // Somebody was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// The sizes of all files that these steps read.
fn sizes_to_read(steps: &[Step], sizes: &mut BTreeSet<u64>) {
    for step in steps {
        step.visit(&mut |step| {
            if let Step::File {
                op: FileOp::Read, size, ..
            } = step
            {
                sizes.insert(*size);
            }
        });
    }
}

/// Cuts a size into what is written at a time.
pub(super) fn chunks(size: u64) -> impl Iterator<Item = &'static [u8]> {
    let mut left = size;
    std::iter::from_fn(move || {
        let n = left.min(CHUNK.len() as u64);
        left -= n;
        (n > 0).then(|| &CHUNK[..n as usize])
    })
}

/// Writes a whole file, and returns when it is on the disk.
pub(super) fn write_sync(path: &Path, size: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    chunks(size).try_for_each(|chunk| file.write_all(chunk))?;
    file.sync_all()
}

/// Reads a whole file; its length.
pub(super) fn read_sync(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; CHUNK.len().min(file.metadata()?.len() as usize + 1)];
    let mut length = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(length),
            n => length += std::hint::black_box(&buffer[..n]).len() as u64,
        }
    }
}

/// [`write_sync`] through tokio.
pub(super) async fn write_async(path: PathBuf, size: u64) -> io::Result<()> {
    use tokio::io::AsyncWriteExt;
    let mut file = tokio::fs::File::create(path).await?;
    for chunk in chunks(size) {
        file.write_all(chunk).await?;
    }
    file.sync_all().await
}

/// [`read_sync`] through tokio.
pub(super) async fn read_async(path: PathBuf) -> io::Result<u64> {
    let bytes = tokio::fs::read(path).await?;
    Ok(std::hint::black_box(bytes).len() as u64)
}
