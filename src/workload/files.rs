//! The scratch folder: the only place where file steps read and write.
//!
//! The files that steps read are created before the run starts, one file for each size. So no
//! measured thread creates such a file. A write step reserves a file and overwrites the file's
//! contents. So there are never more written files than the maximum number of simultaneous writes.

use super::services_error::{Cancelled, ServicesError};
use crate::scenario::steps::Service;
use crate::scenario::{Scenario, Step};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// One MiB of data. A file contains this data again and again, up to the size of the file.
static CHUNK: LazyLock<Vec<u8>> = LazyLock::new(|| (0..1 << 20).map(|i: u32| (i % 251) as u8).collect());

/// A folder that is removed with all its contents.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// `None` after the folder has been removed, or if the folder belongs to another process.
    folder: Mutex<Option<TempDir>>,
    outputs: Mutex<OutputNumbers>,
}

/// The numbers of the files that steps write.
#[derive(Debug, Default)]
struct OutputNumbers {
    free: Vec<u32>,
    count: u32,
}

impl Scratch {
    /// Creates the folder in the system's folder for temporary files (`TMPDIR`), and the files that
    /// the scenario reads. Calls `cancelled` before it writes each MiB.
    ///
    /// # Errors
    /// Returns an error if the folder or a file in it cannot be created, or if `cancelled` returns
    /// true.
    pub fn new(scenario: &Scenario, cancelled: &dyn Fn() -> bool) -> Result<Scratch, ServicesError> {
        let folder = tempfile::Builder::new()
            .prefix("tasklab-")
            .tempdir()
            .map_err(|error| ServicesError::Scratch {
                folder: std::env::temp_dir(),
                source: without_path(&error),
            })?;
        let scratch = Scratch {
            path: folder.path().to_owned(),
            folder: Mutex::new(Some(folder)),
            outputs: Mutex::default(),
        };
        let mut sizes = BTreeSet::new();
        for task in &scenario.tasks {
            sizes_to_read(&task.steps, &mut sizes);
        }
        for size in sizes {
            scratch.create_input(size, cancelled)?;
        }
        Ok(scratch)
    }

    fn create_input(&self, size: u64, cancelled: &dyn Fn() -> bool) -> Result<(), ServicesError> {
        let failed = |source| ServicesError::Scratch {
            folder: self.path.clone(),
            source,
        };
        let mut file = File::create(self.input_path(size)).map_err(failed)?;
        for chunk in chunks(size) {
            if cancelled() {
                return Err(Cancelled.into());
            }
            file.write_all(chunk).map_err(failed)?;
        }
        Ok(())
    }

    /// The scratch folder of another process. The other process creates the files that steps read,
    /// and removes all files.
    pub(super) fn borrowed(path: PathBuf) -> Scratch {
        Scratch {
            path,
            folder: Mutex::new(None),
            outputs: Mutex::default(),
        }
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the file that tasks read. `size` is the file's size in bytes.
    pub(super) fn input_path(&self, size: u64) -> PathBuf {
        self.path.join(format!("read-{size}"))
    }

    /// Reserves a file for a step that writes. No other step gets the file until the guard is
    /// dropped.
    ///
    /// A cancelled write may still be in progress when the next step reserves the same file. Then
    /// both writes use the same file, which does no harm.
    pub(super) fn reserve_output(&self) -> OutputFile<'_> {
        let mut outputs = self.outputs.lock();
        let number = outputs.free.pop().unwrap_or_else(|| {
            outputs.count += 1;
            outputs.count - 1
        });
        OutputFile { scratch: self, number }
    }

    /// Removes the folder, unless it belongs to another process. A write that is still in progress
    /// fails. A second caller waits until the first call has removed the folder.
    ///
    /// # Errors
    /// Returns an error if something in the folder cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        let mut guard = self.folder.lock();
        let Some(folder) = guard.take() else {
            return Ok(());
        };
        // A task may create another file while the folder is being emptied. So this code tries
        // several times.
        let removed = (0..10)
            .find_map(|_| std::fs::remove_dir_all(folder.path()).ok())
            .map_or_else(|| folder.close(), Ok);
        match removed {
            // Another process has already removed the folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// Removes the path from an error of `tempfile`. This path names a folder that could not be created
/// and therefore does not exist.
///
/// `tempfile` hides the error of the system. The message of `tempfile` contains the text of the
/// system's error, followed by the path.
fn without_path(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let reason = text.split_once(" at path ").map_or(text.as_str(), |(reason, _)| reason);
    io::Error::new(error.kind(), reason)
}

/// A file that is reserved for one step to write.
pub(super) struct OutputFile<'a> {
    scratch: &'a Scratch,
    number: u32,
}

impl OutputFile<'_> {
    /// The path of the file. The path contains the process id, because several processes may share
    /// the folder.
    pub(super) fn path(&self) -> PathBuf {
        let name = format!("written-{}-{}", std::process::id(), self.number);
        self.scratch.path.join(name)
    }
}

impl Drop for OutputFile<'_> {
    fn drop(&mut self) {
        self.scratch.outputs.lock().free.push(self.number);
    }
}

/// Adds the sizes, in bytes, of all files that these steps read.
fn sizes_to_read(steps: &[Step], sizes: &mut BTreeSet<u64>) {
    for step in steps {
        step.visit(&mut |step| {
            if let Some(Service::FileToRead(size)) = step.service() {
                sizes.insert(size);
            }
        });
    }
}

/// The contents of a file of `size` bytes, in chunks of at most one MiB.
pub(super) fn chunks(size: u64) -> impl Iterator<Item = &'static [u8]> {
    let mut left = size;
    std::iter::from_fn(move || {
        let length = left.min(CHUNK.len() as u64);
        left -= length;
        (length > 0).then(|| &CHUNK[..length as usize])
    })
}

/// Writes a file of `size` bytes, and returns when the file is on the disk.
pub(super) fn write_sync(path: &Path, size: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    chunks(size).try_for_each(|chunk| file.write_all(chunk))?;
    file.sync_all()
}

/// Reads a whole file, and returns its length in bytes.
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
