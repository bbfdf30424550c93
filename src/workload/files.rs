//! The scratch folder: the only place where file steps read and write.
//!
//! Files to read are made before the run begins, one per size, so that no measured thread makes them. Who writes borrows a
//! file for as long as it takes, and writes over what was there: there are never more files than tasks that write at once.

use super::services::StartError;
use crate::scenario::{FileOp, Scenario, Step};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// What is written, again and again until the size is reached.
static CHUNK: LazyLock<Vec<u8>> = LazyLock::new(|| (0..1 << 20).map(|i: u32| (i % 251) as u8).collect());

/// A folder that is removed with all that is in it.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Taken when it is removed.
    folder: Mutex<Option<TempDir>>,
    written: Mutex<Written>,
}

/// The files that are written, by number.
#[derive(Debug, Default)]
struct Written {
    free: Vec<u32>,
    count: u32,
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
            .map_err(|error| StartError::Scratch(std::env::temp_dir(), in_the_systems_words(&error)))?;
        let scratch = Scratch {
            path: folder.path().to_owned(),
            folder: Mutex::new(Some(folder)),
            written: Mutex::default(),
        };
        let mut sizes = BTreeSet::new();
        for task in &scenario.tasks {
            sizes_to_read(&task.steps, &mut sizes);
        }
        for size in sizes {
            let path = scratch.to_read(size);
            let failed = |error| StartError::Scratch(scratch.path.clone(), error);
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
            written: Mutex::default(),
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

    /// A file to write that nobody else writes meanwhile. A write that was cancelled may still be going on: it and the next
    /// one then write the same file, which harms neither.
    pub(super) fn to_write(&self) -> ToWrite<'_> {
        let mut written = self.written();
        let number = written.free.pop().unwrap_or_else(|| {
            written.count += 1;
            written.count - 1
        });
        ToWrite { scratch: self, number }
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        // A list of numbers is whole whenever the lock is free.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Why tempfile could not make a folder. It adds the path of a folder that has never been, and keeps the system's error to itself:
/// only its words are left, before the path.
fn in_the_systems_words(error: &io::Error) -> io::Error {
    let told = error.to_string();
    let words = told.split_once(" at path ").map_or(told.as_str(), |(words, _)| words);
    io::Error::new(error.kind(), words)
}

/// A file that is borrowed to be written.
pub(super) struct ToWrite<'a> {
    scratch: &'a Scratch,
    number: u32,
}

impl ToWrite<'_> {
    /// Where it is. Several processes may share the folder.
    pub(super) fn path(&self) -> PathBuf {
        let name = format!("written-{}-{}", std::process::id(), self.number);
        self.scratch.path.join(name)
    }
}

impl Drop for ToWrite<'_> {
    fn drop(&mut self) {
        self.scratch.written().free.push(self.number);
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
    // tokio writes in the background, and a failure of the last write is told by `flush` alone.
    file.flush().await?;
    file.sync_all().await
}

/// [`read_sync`] through tokio.
pub(super) async fn read_async(path: PathBuf) -> io::Result<u64> {
    let bytes = tokio::fs::read(path).await?;
    Ok(std::hint::black_box(bytes).len() as u64)
}
