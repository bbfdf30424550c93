//! Reads the terminal's input on a separate thread. So the thread that draws never waits for the
//! terminal.
//!
//! When the terminal is closed, crossterm's reader loops forever: it treats a read of zero bytes or
//! `EIO` as "try again". The thread that draws must notice that the terminal was closed. So another
//! thread reads the input.

use super::key;
use crokey::KeyCombination;
use crossterm::event::{self, Event};
use nix::sys::signal::{SigSet, Signal};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often the reading thread checks whether it must stop.
const STOP_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// An input event from the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    /// The user pressed a key.
    Key(KeyCombination),
    /// The size of the terminal changed.
    Resize,
}

/// Receives the input from the reading thread. Dropping the `InputReader` stops that thread.
pub(crate) struct InputReader {
    inputs: Receiver<Input>,
    stop: Arc<AtomicBool>,
}

impl InputReader {
    /// Starts the reading thread.
    ///
    /// # Errors
    /// Returns an error if the system cannot create a thread.
    pub(crate) fn start() -> io::Result<InputReader> {
        let (sender, inputs) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        thread::Builder::new().name("tasklab-keys".into()).spawn(move || {
            // Without this call, a read in the background would stop the process, even after a
            // signal that should end the process.
            let _ = SigSet::from(Signal::SIGTTIN).thread_block();
            while !stopped.load(Ordering::Relaxed) {
                match event::poll(STOP_CHECK_INTERVAL) {
                    Ok(false) => continue,
                    Ok(true) => {}
                    Err(_) => return,
                }
                let input = match event::read() {
                    Ok(Event::Key(event)) => key::from_event(event).map(Input::Key),
                    Ok(Event::Resize(..)) => Some(Input::Resize),
                    Ok(_) => None,
                    Err(_) => return,
                };
                if input.is_some_and(|input| sender.send(input).is_err()) {
                    return;
                }
            }
        })?;
        Ok(InputReader { inputs, stop })
    }

    /// Waits for the next input, but at most for the duration `timeout`.
    pub(crate) fn next(&self, timeout: Duration) -> Option<Input> {
        match self.inputs.recv_timeout(timeout) {
            Ok(input) => Some(input),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // The reading thread has ended. Without this sleep, the loop that draws would use a
                // whole core.
                thread::sleep(timeout);
                None
            }
        }
    }
}

impl Drop for InputReader {
    fn drop(&mut self) {
        // The thread is not joined, because it never ends if the terminal has been closed.
        self.stop.store(true, Ordering::Relaxed);
    }
}
