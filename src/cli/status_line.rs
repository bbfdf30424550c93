//! A progress line on standard error for long commands without a screen. Each update overwrites the
//! previous text.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// The minimum time between two updates.
const UPDATE_INTERVAL: Duration = Duration::from_millis(250);

/// The progress line. It writes nothing if standard error is not a terminal. It ignores write
/// errors, so that a lost terminal does not stop the command.
pub(super) struct StatusLine {
    width: Option<usize>,
    shown_at: Option<Instant>,
}

impl StatusLine {
    pub(super) fn new() -> StatusLine {
        let is_terminal = io::stderr().is_terminal();
        StatusLine {
            width: is_terminal.then(super::terminal_width),
            shown_at: None,
        }
    }

    /// Updates the line if at least `UPDATE_INTERVAL` has passed since the last update. `text` gets
    /// the maximum width in columns and returns the new text.
    pub(super) fn show(&mut self, text: impl FnOnce(usize) -> String) {
        let Some(width) = self.width else { return };
        if self.shown_at.is_some_and(|at| at.elapsed() < UPDATE_INTERVAL) {
            return;
        }
        self.shown_at = Some(Instant::now());
        // One column stays empty. A text of full width would wrap, and the carriage return would
        // then go to the start of the next row instead of the start of the text.
        let _ = write!(io::stderr(), "\r{}\x1b[K", text(width.saturating_sub(1)));
    }

    /// Erases the line, so that other output can take its place. The next update shows the line
    /// below that output.
    pub(super) fn clear(&mut self) {
        if self.shown_at.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        self.clear();
    }
}
