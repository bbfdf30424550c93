//! Reads the terminal's input on a thread of its own, so that the loop that draws never waits for
//! the terminal.
//!
//! crossterm's reader spins for ever on a terminal that has gone away: it takes a read of zero
//! bytes or `EIO` for "try again". The thread that must notice the hang-up and leave therefore
//! cannot be the thread that reads.

use super::key;
use crokey::KeyCombination;
use crossterm::event::{self, Event};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often the reading thread checks whether it must stop.
const STOP_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// What the user did to the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    /// Pressed a key.
    Key(KeyCombination),
    /// Changed the terminal's size.
    Resize,
}

/// Receives the input that the reading thread reads. Dropping it stops that thread.
pub(crate) struct InputReader {
    inputs: Receiver<Input>,
    stop: Arc<AtomicBool>,
}

impl InputReader {
    /// Starts the reading thread.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub(crate) fn start() -> io::Result<InputReader> {
        let (sender, inputs) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        thread::Builder::new().name("tasklab-keys".into()).spawn(move || {
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

    /// The next input. Waits for it at most as long as `timeout`.
    pub(crate) fn next(&self, timeout: Duration) -> Option<Input> {
        match self.inputs.recv_timeout(timeout) {
            Ok(input) => Some(input),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // The reading thread has ended. Without this sleep the loop that draws would spin.
                thread::sleep(timeout);
                None
            }
        }
    }
}

impl Drop for InputReader {
    fn drop(&mut self) {
        // The thread is not joined: after a hang-up it never ends.
        self.stop.store(true, Ordering::Relaxed);
    }
}
