//! Reads keys on a thread of its own, so that the loop that draws never waits for the terminal.
//!
//! crossterm's reader spins for ever on a terminal that has gone away (a read of zero bytes or `EIO` is taken for "try
//! again"), so the thread that must notice the hang-up and leave cannot be the one that reads.

use super::key::Key;
use crossterm::event::{self, Event};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How soon the reader notices that nobody listens any more.
const PATIENCE: Duration = Duration::from_millis(50);

/// What a person did to the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// Struck a key.
    Key(Key),
    /// Changed its size.
    Resized,
}

/// Where input arrives.
pub struct Keys {
    inputs: Receiver<Input>,
    done: Arc<AtomicBool>,
}

impl Keys {
    /// Starts to read.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn listen() -> io::Result<Keys> {
        let (sender, inputs) = mpsc::channel();
        let done = Arc::new(AtomicBool::new(false));
        let stop = done.clone();
        thread::Builder::new().name("tasklab-keys".into()).spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                match event::poll(PATIENCE) {
                    Ok(false) => continue,
                    Ok(true) => {}
                    Err(_) => return,
                }
                let input = match event::read() {
                    Ok(Event::Key(struck)) => Key::of(struck).map(Input::Key),
                    Ok(Event::Resize(..)) => Some(Input::Resized),
                    Ok(_) => None,
                    Err(_) => return,
                };
                if input.is_some_and(|i| sender.send(i).is_err()) {
                    return;
                }
            }
        })?;
        Ok(Keys { inputs, done })
    }

    /// The next input, waiting at most so long.
    pub fn next(&self, wait: Duration) -> Option<Input> {
        match self.inputs.recv_timeout(wait) {
            Ok(input) => Some(input),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // The reader gave up; keep the loop's pace, or it would spin.
                thread::sleep(wait);
                None
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // Not joined: after a hang-up the reader never comes back.
        self.done.store(true, Ordering::Relaxed);
    }
}
