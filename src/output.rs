//! Writes to a terminal or a pipe on a separate thread, so that no other thread waits for the
//! reader of the output.
//!
//! A terminal that nobody reads (a stalled connection, a stopped multiplexer) and a full pipe make
//! a write wait for ever. The thread that follows a run must not wait: it drains the rings, and it
//! ends the run when a signal arrives.

use parking_lot::{Condvar, Mutex};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The maximum number of bytes that one system call writes.
const CHUNK: usize = 4096;
/// How long a write waits for the reader before the thread checks whether the bytes are still
/// needed.
const WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};
/// How often [`Output::wait`] asks whether to give up.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// A stream with its own writing thread. When the stream is dropped, the thread writes the queued
/// bytes and ends.
pub struct Output {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: Vec<u8>,
    /// Whether the thread is writing bytes that are no longer in the queue.
    writing: bool,
    /// How often the queue was discarded.
    discarded: usize,
    /// The first error of a write. After an error, nothing more is written.
    error: Option<io::ErrorKind>,
    closed: bool,
}

impl Output {
    /// Starts the thread that writes to `stream`, such as [`io::stdout`].
    ///
    /// # Errors
    /// Returns an error if no thread or descriptor is left.
    pub fn to(stream: &impl AsFd) -> io::Result<Output> {
        let file = open_again(stream.as_fd())?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let written = shared.clone();
        thread::Builder::new()
            .name("tasklab-output".into())
            .spawn(move || written.write_to(file))?;
        Ok(Output { shared })
    }

    /// Queues bytes, and returns at once.
    ///
    /// # Errors
    /// Returns the error of an earlier write.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.shared.state.lock();
        if let Some(error) = state.error {
            return Err(error.into());
        }
        state.queue.extend_from_slice(bytes);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// The number of queued bytes. The bytes that are just being written are not counted.
    pub fn queued(&self) -> usize {
        self.shared.state.lock().queue.len()
    }

    /// Whether everything has been written.
    pub fn is_idle(&self) -> bool {
        self.shared.state.lock().is_idle()
    }

    /// Drops everything that has not been written yet.
    pub fn discard(&self) {
        let mut state = self.shared.state.lock();
        state.queue.clear();
        state.discarded += 1;
    }

    /// Waits until everything has been written, or until `gives_up` returns true. Returns whether
    /// everything has been written.
    ///
    /// # Errors
    /// Returns the error of a write.
    pub fn wait(&self, mut gives_up: impl FnMut() -> bool) -> io::Result<bool> {
        let mut state = self.shared.state.lock();
        loop {
            if let Some(error) = state.error {
                return Err(error.into());
            }
            if state.is_idle() {
                return Ok(true);
            }
            if gives_up() {
                return Ok(false);
            }
            self.shared.changed.wait_for(&mut state, CHECK_INTERVAL);
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.shared.state.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.writing
    }
}

impl Shared {
    /// Writes until the output is dropped.
    fn write_to(&self, mut file: File) {
        let mut state = self.state.lock();
        loop {
            if state.queue.is_empty() {
                if state.closed {
                    return;
                }
                self.changed.wait(&mut state);
                continue;
            }
            let bytes = std::mem::take(&mut state.queue);
            let discarded = state.discarded;
            state.writing = true;
            let mut rest = &bytes[..];
            while !rest.is_empty() && state.error.is_none() && state.discarded == discarded {
                drop(state);
                let written = write_some(&mut file, rest);
                state = self.state.lock();
                match written {
                    Ok(written) => rest = &rest[written..],
                    Err(error) => {
                        state.error = Some(error.kind());
                        state.queue.clear();
                    }
                }
            }
            state.writing = false;
            self.changed.notify_all();
        }
    }
}

/// Opens the stream a second time, so that writes do not wait for locks of the standard library.
///
/// No other thread can end a write to a terminal that nobody reads. So the terminal is opened again
/// in non-blocking mode, and no write waits. The mode of the terminal stays the same for other
/// programs.
fn open_again(stream: BorrowedFd<'_>) -> io::Result<File> {
    if stream.is_terminal() {
        let path = format!("/proc/self/fd/{}", stream.as_raw_fd());
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = File::options().write(true).custom_flags(flags.bits() as i32).open(path);
        if let Ok(file) = opened {
            return Ok(file);
        }
    }
    Ok(File::from(stream.try_clone_to_owned()?))
}

/// Writes some bytes from the start of `bytes`, and returns the number of written bytes. Returns 0
/// if the stream accepts no bytes within [`WAIT`].
fn write_some(file: &mut File, bytes: &[u8]) -> io::Result<usize> {
    match file.write(&bytes[..bytes.len().min(CHUNK)]) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            poll(&mut [PollFd::new(file, PollFlags::OUT)], Some(&WAIT))?;
            Ok(0)
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, pipe};
    use std::time::Instant;

    const DEADLINE: Duration = Duration::from_secs(60);

    fn after(deadline: Duration) -> impl FnMut() -> bool {
        let start = Instant::now();
        move || start.elapsed() > deadline
    }

    #[test]
    fn a_full_pipe_does_not_stop_the_caller() {
        let (mut reader, writer) = pipe().unwrap();
        let output = Output::to(&writer).unwrap();
        drop(writer);
        let text = vec![b'x'; 1 << 20];
        output.write(&text).unwrap();
        assert!(!output.wait(after(Duration::from_millis(50))).unwrap());
        let reading = thread::spawn(move || {
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            read.len()
        });
        assert!(output.wait(after(DEADLINE)).unwrap(), "everything is written");
        drop(output);
        assert_eq!(reading.join().unwrap(), text.len());
    }

    #[test]
    fn discarded_bytes_are_not_written_but_later_bytes_are_written() {
        let (mut reader, writer) = pipe().unwrap();
        let output = Output::to(&writer).unwrap();
        drop(writer);
        output.write(&vec![b'x'; 1 << 20]).unwrap();
        while output.queued() > 0 {
            thread::yield_now();
        }
        output.discard();
        output.write(b"the end").unwrap();
        drop(output);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert!(read.len() < 1 << 20, "{} bytes were written", read.len());
        assert!(read.ends_with(b"xthe end"));
    }

    #[test]
    fn a_later_write_returns_the_error_of_an_earlier_write() {
        let (reader, writer) = pipe().unwrap();
        let output = Output::to(&writer).unwrap();
        drop((reader, writer));
        output.write(b"x").unwrap();
        let error = output.wait(after(DEADLINE)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert!(output.write(b"x").is_err());
    }
}
