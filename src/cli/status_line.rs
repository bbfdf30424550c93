//! A line on standard error that is written over and over, for what takes long and has no screen.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Time between two lines.
const PACE: Duration = Duration::from_millis(250);

/// The line; nothing where standard error is no terminal. What it stands for goes on although nobody can read it.
pub struct StatusLine {
    width: Option<usize>,
    shown: Option<Instant>,
}

impl StatusLine {
    pub fn new() -> StatusLine {
        let terminal = io::stderr().is_terminal();
        StatusLine {
            width: terminal.then(super::terminal_width),
            shown: None,
        }
    }

    /// Writes what `text` says, within so many columns, over the line before, if it is time to.
    pub fn show(&mut self, text: impl FnOnce(usize) -> String) {
        let Some(width) = self.width else { return };
        if self.shown.is_some_and(|at| at.elapsed() < PACE) {
            return;
        }
        self.shown = Some(Instant::now());
        // One column stays free: a terminal that wraps would not take the line back.
        let _ = write!(io::stderr(), "\r{}\x1b[K", text(width.saturating_sub(1)));
    }

    /// Takes it away; something else is to stand there, and the line comes again below.
    pub fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        self.clear();
    }
}
